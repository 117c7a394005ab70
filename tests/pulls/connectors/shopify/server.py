"""A shop of Shopify's on the loopback interface: its GraphQL Admin API, as far as it is asked, and what it does.

Queries are read, checked and answered by a GraphQL engine over a schema in Shopify's terms, so that a field that is not
in it is an error as it is there. Time is the server's own: whoever waits moves it.
"""

import base64
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from graphql import GraphQLError, GraphQLSchema, build_schema, execute, parse, validate

TOKEN = "shpat_Qz7needle00token"
SECRET = "shpss_Qz7needle00secret"
SCOPES = ("read_customers", "read_orders", "read_all_orders", "read_products")

SCHEMA = """
scalar DateTime
scalar Decimal
enum CustomerSortKeys { ID UPDATED_AT }
enum OrderSortKeys { ID UPDATED_AT }
enum ProductSortKeys { ID UPDATED_AT }
enum CountPrecision { EXACT AT_LEAST }
type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }
type Count { count: Int! precision: CountPrecision! }
type MoneyV2 { amount: Decimal! currencyCode: String! }
type MoneyBag { shopMoney: MoneyV2! presentmentMoney: MoneyV2! }
type AccessScope { handle: String! }
type AppInstallation { accessScopes: [AccessScope!]! }
type Shop { id: ID! name: String! }
type MailingAddress { id: ID! firstName: String lastName: String phone: String address1: String city: String zip: String
  countryCodeV2: String }
type CustomerEmailAddress { emailAddress: String! marketingState: String! marketingOptInLevel: String
  marketingUpdatedAt: DateTime }
type CustomerPhoneNumber { phoneNumber: String! marketingState: String! marketingOptInLevel: String
  marketingUpdatedAt: DateTime }
type Customer { id: ID! firstName: String lastName: String createdAt: DateTime! updatedAt: DateTime!
  defaultEmailAddress: CustomerEmailAddress defaultPhoneNumber: CustomerPhoneNumber defaultAddress: MailingAddress }
type CustomerEdge { node: Customer! }
type CustomerConnection { edges: [CustomerEdge!]! nodes: [Customer!]! pageInfo: PageInfo! }
type ProductPriceRangeV2 { minVariantPrice: MoneyV2! }
type Product { id: ID! title: String! productType: String! vendor: String! status: String! createdAt: DateTime!
  updatedAt: DateTime! priceRangeV2: ProductPriceRangeV2! }
type ProductEdge { node: Product! }
type ProductConnection { edges: [ProductEdge!]! nodes: [Product!]! pageInfo: PageInfo! }
type ProductVariant { id: ID! }
type LineItem { id: ID! name: String! sku: String quantity: Int! isGiftCard: Boolean! taxable: Boolean!
  originalUnitPriceSet: MoneyBag! totalDiscountSet: MoneyBag! product: Product variant: ProductVariant }
type LineItemEdge { node: LineItem! }
type LineItemConnection { edges: [LineItemEdge!]! nodes: [LineItem!]! pageInfo: PageInfo! }
type RefundLineItem { id: ID quantity: Int! restockType: String! lineItem: LineItem! subtotalSet: MoneyBag!
  totalTaxSet: MoneyBag! }
type RefundLineItemConnection { nodes: [RefundLineItem!]! pageInfo: PageInfo! }
type OrderTransaction { id: ID! kind: String! status: String! test: Boolean! createdAt: DateTime amountSet: MoneyBag! }
type OrderTransactionConnection { nodes: [OrderTransaction!]! pageInfo: PageInfo! }
type Refund { id: ID! createdAt: DateTime note: String
  refundLineItems(first: Int, after: String): RefundLineItemConnection!
  transactions(first: Int, after: String): OrderTransactionConnection! }
type Order { id: ID! name: String! email: String phone: String createdAt: DateTime! updatedAt: DateTime!
  cancelledAt: DateTime sourceName: String test: Boolean! taxesIncluded: Boolean! currencyCode: String!
  displayFinancialStatus: String displayFulfillmentStatus: String! subtotalLineItemsQuantity: Int!
  subtotalPriceSet: MoneyBag totalTaxSet: MoneyBag totalPriceSet: MoneyBag! totalDiscountsSet: MoneyBag
  totalTipReceivedSet: MoneyBag customer: Customer billingAddress: MailingAddress shippingAddress: MailingAddress
  lineItems(first: Int, after: String): LineItemConnection! refunds(first: Int): [Refund!]! }
type OrderEdge { node: Order! }
type OrderConnection { edges: [OrderEdge!]! nodes: [Order!]! pageInfo: PageInfo! }
type Query {
  shop: Shop! currentAppInstallation: AppInstallation!
  customers(first: Int, after: String, query: String, sortKey: CustomerSortKeys): CustomerConnection!
  orders(first: Int, after: String, query: String, sortKey: OrderSortKeys): OrderConnection!
  products(first: Int, after: String, query: String, sortKey: ProductSortKeys): ProductConnection!
  customersCount(limit: Int = 10000, query: String): Count
  ordersCount(limit: Int = 10000, query: String): Count
  productsCount(limit: Int = 10000, query: String): Count
  order(id: ID!): Order
  refund(id: ID!): Refund
  node(id: ID!): Node
}
interface Node { id: ID! }
scalar UnsignedInt64
scalar URL
enum BulkOperationStatus { CREATED RUNNING COMPLETED FAILED CANCELED EXPIRED }
type BulkOperation implements Node { id: ID! status: BulkOperationStatus! errorCode: String objectCount: UnsignedInt64!
  rootObjectCount: UnsignedInt64! fileSize: UnsignedInt64 url: URL partialDataUrl: URL }
type UserError { field: [String!] message: String! }
type BulkOperationRunQueryPayload { bulkOperation: BulkOperation userErrors: [UserError!]! }
type Mutation { bulkOperationRunQuery(query: String!, groupObjects: Boolean = false): BulkOperationRunQueryPayload }
"""

Row = dict[str, Any]


@dataclass
class ShopifyServer:
    """``on_page`` is called with the root and number of each page, before it is sent. Faults are fields to be set."""

    port: int = 0
    now: datetime = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
    customers: dict[int, Row] = field(default_factory=dict)
    orders: dict[int, Row] = field(default_factory=dict)
    products: dict[int, Row] = field(default_factory=dict)
    token: str = TOKEN
    granted: int = 0
    scopes: tuple[str, ...] = SCOPES
    most_rows: int = 250  # A page never has more, whatever is asked.
    points: float = 2_000
    most_points: float = 2_000
    restored: float = 100
    throttled: int = 0
    most_cost: float = 1_000
    waited: list[float] = field(default_factory=list)
    asked: list[Row] = field(default_factory=list)
    faults: list[Callable[[BaseHTTPRequestHandler], bool]] = field(default_factory=list)
    precision: str = "EXACT"
    empty_pages: set[tuple[str, int]] = field(default_factory=set)
    is_repeating: bool = False
    is_short: set[str] = field(default_factory=set)
    is_short_of_ids: bool = False
    hidden: set[tuple[str, int]] = field(default_factory=set)  # Of the index by which what changed is found.
    on_page: Callable[[str, int], object] = lambda _root, _number: None
    schema: GraphQLSchema = field(default_factory=lambda: build_schema(SCHEMA))
    pages: dict[str, int] = field(default_factory=dict)
    operations: list[Row] = field(default_factory=list)
    files: list[bytes] = field(default_factory=list)
    bulk_status: str = "COMPLETED"
    bulk_lines_lost: int = 0
    is_bulk_busy: bool = False

    def change_schema(self, before: str, after: str) -> None:
        assert before in SCHEMA
        self.schema = build_schema(SCHEMA.replace(before, after))

    def sleep(self, seconds: float) -> None:
        """What takes the place of waiting."""
        self.waited.append(seconds)
        self.now += timedelta(seconds=seconds)
        self.points = min(self.most_points, self.points + self.restored * seconds)

    @property
    def at(self) -> str:
        return _write(self.now)

    def add_customer(self, number: int, **more: Any) -> None:
        email = more.pop("email", f"qzneedle{number}@example.com")
        self.customers[number] = {
            "id": f"gid://shopify/Customer/{number}",
            "firstName": "Qzneedle",
            "lastName": f"Doe{number}",
            "createdAt": self.at,
            "updatedAt": self.at,
            "defaultEmailAddress": email
            and {
                "emailAddress": email,
                "marketingState": more.pop("state", "SUBSCRIBED"),
                "marketingOptInLevel": "CONFIRMED_OPT_IN",
                "marketingUpdatedAt": self.at,
            },
            "defaultPhoneNumber": None,
            "defaultAddress": {
                "id": f"gid://shopify/MailingAddress/{number}9?model_name=CustomerAddress",
                "address1": "1 rue Qzneedle",
                "city": "Lyon",
                "zip": "69001",
                "countryCodeV2": "FR",
            },
            **more,
        }

    def add_order(self, number: int, lines: int = 1, price: str = "10.00", **more: Any) -> None:
        """``lines`` of one unit at ``price`` each, paid for by the customer of the same number."""
        listed = more.pop("listed", None) or [self.make_line(number * 1_000 + n, price) for n in range(lines)]
        costs = [Decimal(line["originalUnitPriceSet"]["shopMoney"]["amount"]) * line["quantity"] for line in listed]
        total = f"{sum(costs):.2f}"
        self.orders[number] = {
            "id": f"gid://shopify/Order/{number}",
            "name": f"#{number}",
            "email": "qzneedle@example.com",
            "createdAt": self.at,
            "updatedAt": self.at,
            "sourceName": "web",
            "test": False,
            "taxesIncluded": True,
            "currencyCode": "EUR",
            "displayFinancialStatus": "PAID",
            "displayFulfillmentStatus": "FULFILLED",
            "subtotalLineItemsQuantity": sum(line["quantity"] for line in listed),
            "subtotalPriceSet": money(total),
            "totalTaxSet": money("0.00"),
            "totalPriceSet": money(total),
            "totalDiscountsSet": money("0.00"),
            "totalTipReceivedSet": money("0.00"),
            "customer": {"id": f"gid://shopify/Customer/{number}"},
            "lines": listed,
            "refunds": [],
            **more,
        }

    def make_line(self, number: int, price: str = "10.00") -> Row:
        return {
            "id": f"gid://shopify/LineItem/{number}",
            "name": "Shirt - M",
            "sku": "SHIRT-M",
            "quantity": 1,
            "isGiftCard": False,
            "taxable": True,
            "originalUnitPriceSet": money(price),
            "totalDiscountSet": money("0.00"),
            "product": {"id": "gid://shopify/Product/7"},
            "variant": {"id": "gid://shopify/ProductVariant/70"},
        }

    def add_refund(self, order: int, number: int, lines: int = 1, amount: str = "10.00") -> None:
        sold = self.orders[order]["lines"]
        self.touch_order(order)
        self.orders[order]["refunds"].append(
            {
                "id": f"gid://shopify/Refund/{number}",
                "createdAt": self.at,
                "note": "too small",
                "lines": [
                    {
                        "id": f"gid://shopify/RefundLineItem/{number * 1_000 + n}",
                        "quantity": 1,
                        "restockType": "RETURN",
                        "lineItem": sold[n % len(sold)],
                        "subtotalSet": money(amount),
                        "totalTaxSet": money("0.00"),
                    }
                    for n in range(lines)
                ],
                "paid": [
                    {
                        "id": f"gid://shopify/OrderTransaction/{number * 1_000 + n}",
                        "kind": "REFUND",
                        "status": "SUCCESS",
                        "test": False,
                        "createdAt": self.at,
                        "amountSet": money(amount),
                    }
                    for n in range(lines)
                ],
            }
        )

    def add_product(self, number: int, **more: Any) -> None:
        self.products[number] = {
            "id": f"gid://shopify/Product/{number}",
            "title": "Shirt",
            "productType": "Shirts",
            "vendor": "Acme",
            "status": "ACTIVE",
            "createdAt": self.at,
            "updatedAt": self.at,
            "priceRangeV2": {"minVariantPrice": {"amount": "10.0", "currencyCode": "EUR"}},
            **more,
        }

    def touch_order(self, number: int, **more: Any) -> None:
        self.orders[number].update(updatedAt=self.at, **more)

    def touch_customer(self, number: int, **more: Any) -> None:
        self.customers[number].update(updatedAt=self.at, **more)

    def answer(self, document: Row) -> Row:
        """What the API answers to a query: a document with `data` or `errors`, and the cost of both."""
        query, variables = parse(document["query"]), document.get("variables") or {}
        cost = 2.0 * (variables.get("first") or 10)
        extensions: Row = {"cost": {"requestedQueryCost": cost, "actualQueryCost": cost}}
        if cost > self.most_cost:
            return _fail("MAX_COST_EXCEEDED", "Query cost is too high")
        if cost > self.points:
            self.throttled += 1
            answer = _fail("THROTTLED", "Throttled")
        else:
            self.points -= cost
            answer = self._execute(query, variables)
        extensions["cost"]["throttleStatus"] = {
            "maximumAvailable": self.most_points,
            "currentlyAvailable": self.points,
            "restoreRate": self.restored,
        }
        return {**answer, "extensions": extensions}

    def _execute(self, query: Any, variables: Row) -> Row:
        refused = validate(self.schema, query)
        if refused:
            return {"errors": [_tell_unknown(error) for error in refused]}
        found = execute(self.schema, query, self, variable_values=variables, field_resolver=_resolve)
        if found.errors:
            raise AssertionError(found.errors)
        return {"data": found.data}

    # Fields of `Query`, which the engine looks for by these names.

    def shop(self, _: Any) -> Row:
        return {"id": "gid://shopify/Shop/1", "name": "Ada"}

    def currentAppInstallation(self, _: Any) -> Row:  # noqa: N802
        return {"accessScopes": [{"handle": scope} for scope in self.scopes]}

    def list(self, root: str, **asked: Any) -> Row:
        number = self.pages[root] = self.pages.get(root, 0) + 1
        self.on_page(root, number)
        rows: dict[int, Row] = getattr(self, root)
        found = [rows[key] for key in self.search(root, asked.get("query"))]
        nodes, info = _cut(found, min(asked["first"], self.most_rows), asked.get("after"))
        if (root, number) in self.empty_pages:
            # Rows that were there when the cursor was made, and are no more: the page has none, and is not the last.
            return {"nodes": [], "pageInfo": {"hasNextPage": True, "endCursor": _cursor({"id": "gid://shopify/X/0"})}}
        of_ids = self.asked[-1]["query"].rstrip().endswith("nodes { id } }\n}")
        if (root in self.is_short or (of_ids and self.is_short_of_ids)) and len(found) > len(nodes):
            info = {"hasNextPage": False, "endCursor": None}
        if self.is_repeating and asked.get("after"):
            before = [row for row in found if _number(row) <= _position(asked["after"])]
            nodes = [*reversed(nodes), *before[-1:]]
        return {"nodes": nodes, "pageInfo": info}

    def count(self, root: str, **asked: Any) -> Row:
        return {"count": len(list(self.search(root, asked.get("query")))), "precision": self.precision}

    def order(self, _: Any, id: str) -> Row | None:
        return self.orders.get(_number({"id": id}))

    def refund(self, _: Any, id: str) -> Row | None:
        refunds = [each for order in self.orders.values() for each in order["refunds"] if each["id"] == id]
        return refunds[0] if refunds else None

    def bulkOperationRunQuery(self, _: Any, query: str, groupObjects: bool) -> Row:  # noqa: N802, N803
        if self.is_bulk_busy:
            return {"bulkOperation": None, "userErrors": [{"message": "already in progress: Qzneedle"}]}
        assert groupObjects
        found = self._execute(parse(query), {})
        [connection] = found["data"].values()
        objects: list[Row] = []
        for edge in connection["edges"]:
            parts = edge["node"].pop("lineItems", {"edges": []})
            parent = {"__parentId": edge["node"]["id"]}
            objects += [edge["node"], *({**part["node"], **parent} for part in parts["edges"])]
        kept = objects[: len(objects) - self.bulk_lines_lost]
        self.files.append("".join(json.dumps(each) + "\n" for each in kept).encode())
        operation = {
            "__typename": "BulkOperation",
            "id": f"gid://shopify/BulkOperation/{len(self.files)}",
            "status": "RUNNING",
            "objectCount": str(len(objects)),
            "rootObjectCount": str(len(connection["edges"])),
            "fileSize": str(len(self.files[-1])),
            "url": f"http://127.0.0.1:{self.port}/files/{len(self.files) - 1}?signature=Qzneedle",
        }
        self.operations.append(operation)
        return {"bulkOperation": dict(operation), "userErrors": []}

    def node(self, _: Any, id: str) -> Row:
        [operation] = [each for each in self.operations if each["id"] == id]
        told = dict(operation)
        operation["status"] = self.bulk_status
        return told

    def search(self, root: str, query: str | None) -> Iterator[int]:
        rows: dict[int, Row] = getattr(self, root)
        terms = re.findall(r"(\w+):(<=|>=|<|>)'([^']*)'", query or "")
        assert query is None or query == " AND ".join(f"{name}:{sign}'{value}'" for name, sign, value in terms)
        is_by_change = any(name == "updated_at" for name, _, _ in terms)
        for key in sorted(rows):
            if is_by_change and (root, key) in self.hidden:
                continue
            if all(_holds(rows[key], *term) for term in terms):
                yield key


def _fail(code: str, message: str) -> Row:
    return {"errors": [{"message": message, "extensions": {"code": code}}]}


def _tell_unknown(error: GraphQLError) -> Row:
    found = re.search(r"Cannot query field '(\w+)' on type '(\w+)'", error.message)
    assert found, error.message
    return {
        "message": f"Field '{found[1]}' doesn't exist on type '{found[2]}'",
        "extensions": {"code": "undefinedField", "typeName": found[2], "fieldName": found[1]},
    }


PARTS = {"lineItems": "lines", "refundLineItems": "lines", "transactions": "paid"}


def _resolve(source: Any, info: Any, **asked: Any) -> Any:
    name = info.field_name
    if isinstance(source, ShopifyServer):
        if name.endswith("Count"):
            return source.count(name.removesuffix("Count"), **asked)
        if name in ("customers", "orders", "products"):
            if "first" not in asked:  # In a bulk operation.
                return {"edges": [{"node": getattr(source, name)[key]} for key in source.search(name, asked["query"])]}
            return source.list(name, **asked)
        return getattr(source, name)(info, **asked)
    if name in PARTS:
        if "first" not in asked:
            return {"edges": [{"node": each} for each in source[PARTS[name]]]}
        nodes, page = _cut(source[PARTS[name]], asked["first"], asked.get("after"))
        return {"nodes": nodes, "pageInfo": page}
    return source.get(name)


def _cut(rows: list[Row], first: int, after: str | None) -> tuple[list[Row], Row]:
    rest = [row for row in rows if after is None or _number(row) > _position(after)]
    nodes = rest[:first]
    return nodes, {"hasNextPage": len(rest) > len(nodes), "endCursor": _cursor(nodes[-1]) if nodes else None}


def _number(row: Row) -> int:
    return int(re.findall(r"\d+", row["id"].partition("?")[0])[-1])


def _cursor(row: Row) -> str:
    return base64.b64encode(json.dumps({"last_id": _number(row)}).encode()).decode()


def _position(cursor: str) -> int:
    return int(json.loads(base64.b64decode(cursor))["last_id"])


def _holds(row: Row, name: str, sign: str, value: str) -> bool:
    have = row[{"created_at": "createdAt", "updated_at": "updatedAt"}[name]]
    return {"<=": have <= value, ">=": have >= value, "<": have < value, ">": have > value}[sign]


def _write(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def money(amount: str) -> Row:
    """In the shop's currency, and what the customer saw in another."""
    return {
        "shopMoney": {"amount": amount, "currencyCode": "EUR"},
        "presentmentMoney": {"amount": f"{float(amount) * 1.1:.2f}", "currencyCode": "USD"},
    }


def refuse(status: int, **headers: str) -> Callable[[BaseHTTPRequestHandler], bool]:
    """A fault: an answer of this ``status``, and no other."""

    def answer(handler: BaseHTTPRequestHandler) -> bool:
        body = b"<html>Qzneedle haystack</html>"
        handler.send_response(status)
        # Said, so that no further request is sent over it: that one would find it gone, which is another fault.
        for name, value in {"Content-Length": str(len(body)), "Connection": "close", **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)
        return True

    return answer


def be_slow(handler: BaseHTTPRequestHandler) -> bool:
    """A fault: nothing comes for longer than anybody waits."""
    time.sleep(1)
    return True


def break_off(handler: BaseHTTPRequestHandler) -> bool:
    """A fault: the connection ends in the middle of an answer."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.wfile.write(b'{"data": {"customers": {"nodes": [')
    with suppress(OSError):
        handler.connection.shutdown(socket.SHUT_RDWR)
    return True


class Handler(BaseHTTPRequestHandler):
    """Answers for the shop that its server serves."""

    protocol_version = "HTTP/1.1"

    @property
    def shop(self) -> ShopifyServer:
        assert isinstance(self.server, _Listening)
        return self.server.shop

    def date_time_string(self, timestamp: float | None = None) -> str:  # noqa: ARG002
        return format_datetime(self.shop.now, usegmt=True)

    def log_message(self, *_: Any) -> None:
        pass

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.shop.faults and self.shop.faults.pop(0)(self):
            self.close_connection = True
        elif self.path == "/admin/oauth/access_token":
            self._grant(parse_qs(body))
        elif self.headers.get("X-Shopify-Access-Token") != self.shop.token:
            self._answer(401, {"errors": "[API] Invalid API key or access token"})
        elif not re.fullmatch(r"/admin/api/20\d\d-\d\d/graphql\.json", self.path):
            self._answer(404, {"errors": "Not Found"})
        else:
            document = json.loads(body)
            self.shop.asked.append(document)
            self._answer(200, self.shop.answer(document))

    def do_GET(self) -> None:
        assert "X-Shopify-Access-Token" not in self.headers  # Files lie elsewhere, behind an address that is signed.
        body = self.shop.files[int(self.path.partition("?")[0].rpartition("/")[2])]
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _grant(self, form: dict[str, list[str]]) -> None:
        if form.get("grant_type") != ["client_credentials"] or form.get("client_secret") != [SECRET]:
            self._answer(400, {"error": "invalid_client", "error_description": "Qzneedle"})
            return
        self.shop.granted += 1
        self.shop.token = f"{TOKEN}-{self.shop.granted}"
        self._answer(200, {"access_token": self.shop.token, "scope": "read_orders", "expires_in": 86_399})

    def _answer(self, status: int, document: Row) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(body)


class _Listening(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, shop: ShopifyServer) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.shop = shop


@contextmanager
def serve(server: ShopifyServer) -> Iterator[ShopifyServer]:
    """Answers on a free port until the block ends."""
    listening = _Listening(server)
    server.port = listening.server_address[1]
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listening.shutdown()
        listening.server_close()
        thread.join()

"""What is asked of the Admin API: shopify.dev/docs/api/admin-graphql has every field.

Amounts are those in the currency of the shop (`shopMoney`). Parts of an order come with it, further ones in pages of
their own.
"""

_MONEY = "{ shopMoney { amount } }"
_ADDRESS = "{ firstName lastName phone address1 city zip countryCodeV2 }"
_PAGE = "pageInfo { hasNextPage endCursor }"

SHOP = "query { shop { id } currentAppInstallation { accessScopes { handle } } }"

_LINE = f"""
    id name sku quantity isGiftCard taxable
    originalUnitPriceSet {_MONEY} totalDiscountSet {_MONEY}
    product {{ id }} variant {{ id }}
"""
_REFUND_LINE = f"""
    id quantity restockType lineItem {{ id }}
    subtotalSet {_MONEY} totalTaxSet {_MONEY}
"""
_TRANSACTION = f"id kind status test createdAt amountSet {_MONEY}"

ORDERS = f"""
query ($first: Int!, $after: String, $filter: String) {{
  orders(first: $first, after: $after, query: $filter, sortKey: ID) {{
    {_PAGE}
    nodes {{
      id name email phone createdAt updatedAt cancelledAt sourceName test taxesIncluded currencyCode
      displayFinancialStatus displayFulfillmentStatus subtotalLineItemsQuantity
      subtotalPriceSet {_MONEY} totalTaxSet {_MONEY} totalPriceSet {_MONEY} totalDiscountsSet {_MONEY}
      totalTipReceivedSet {_MONEY}
      customer {{ id }}
      billingAddress {_ADDRESS} shippingAddress {_ADDRESS}
      lineItems(first: 25) {{ {_PAGE} nodes {{ {_LINE} }} }}
      refunds {{
        id createdAt note
        refundLineItems(first: 10) {{ {_PAGE} nodes {{ {_REFUND_LINE} }} }}
        transactions(first: 5) {{ {_PAGE} nodes {{ {_TRANSACTION} }} }}
      }}
    }}
  }}
}}"""

LINES_OF_ORDER = f"""
query ($id: ID!, $first: Int!, $after: String) {{
  order(id: $id) {{ lineItems(first: $first, after: $after) {{ {_PAGE} nodes {{ {_LINE} }} }} }}
}}"""
LINES_OF_REFUND = f"""
query ($id: ID!, $first: Int!, $after: String) {{
  refund(id: $id) {{ refundLineItems(first: $first, after: $after) {{ {_PAGE} nodes {{ {_REFUND_LINE} }} }} }}
}}"""
TRANSACTIONS_OF_REFUND = f"""
query ($id: ID!, $first: Int!, $after: String) {{
  refund(id: $id) {{ transactions(first: $first, after: $after) {{ {_PAGE} nodes {{ {_TRANSACTION} }} }} }}
}}"""

CUSTOMERS = f"""
query ($first: Int!, $after: String, $filter: String) {{
  customers(first: $first, after: $after, query: $filter, sortKey: ID) {{
    {_PAGE}
    nodes {{
      id firstName lastName createdAt updatedAt
      defaultEmailAddress {{ emailAddress marketingState marketingOptInLevel marketingUpdatedAt }}
      defaultPhoneNumber {{ phoneNumber marketingState marketingOptInLevel marketingUpdatedAt }}
      defaultAddress {{ id address1 city zip countryCodeV2 phone }}
    }}
  }}
}}"""

PRODUCTS = f"""
query ($first: Int!, $after: String, $filter: String) {{
  products(first: $first, after: $after, query: $filter, sortKey: ID) {{
    {_PAGE}
    nodes {{
      id title productType vendor status createdAt updatedAt
      priceRangeV2 {{ minVariantPrice {{ amount }} }}
    }}
  }}
}}"""


def list_ids(root: str) -> str:
    """All rows of ``root``, ids alone."""
    return f"""
query ($first: Int!, $after: String, $filter: String) {{
  {root}(first: $first, after: $after, query: $filter, sortKey: ID) {{ {_PAGE} nodes {{ id }} }}
}}"""


def count_by(field: str, filters: list[str]) -> str:
    """How many there are by each of ``filters``, which hold no quotes but those of the search; as c0, c1, c2."""
    counted = " ".join(
        f'c{number}: {field}(limit: null, query: "{each}") {{ count precision }}' for number, each in enumerate(filters)
    )
    return f"query {{ {counted} }}"

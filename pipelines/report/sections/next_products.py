"""What to offer next: to how many, on what ground, and whether that beats the best sellers."""

from collections.abc import Sequence

from pipelines.report.figures import Bar, Bars, Legend, Segment, Tone, percent_of
from pipelines.report.published_marts import Marts, Row
from pipelines.report.section_contract import Section, say_empty, say_few, share, tell_day
from pipelines.report.small_groups import About, has_numbers, is_few, smallest_side
from pipelines.report.tables import label_columns, tabulate
from pipelines.texts.texts import Texts

MARTS = ("customer_360", "next_best_products", "next_best_product_back_test")
NEEDS = (("ecommerce/order_lines", "pos/ticket_lines"),)
MOST = 10
"""Products drawn; what is offered to fewer customers is in the table, as far as they are not a few."""

LISTED = 25
WORTH_TELLING = 0.1
"""Share of the customers with the very same list from which on it is no coincidence of similar baskets."""

BASES: dict[str, Tone] = {"affinity": "blue", "popularity": "grey"}
BY_BASIS = """
select
    coalesce(next_best_basis, 'nothing') as name,
    count(*) as customers,
    -- Of those with nothing but best sellers, how many are offered the same ones in the same order.
    (
        select max(customers)
        from (
            select count(*) as customers
            from marts.customer_360
            where next_best_basis = 'popularity'
            group by next_best_products
        ) as lists
    ) as customers_of_one_list

from marts.customer_360
group by coalesce(next_best_basis, 'nothing')
order by name
"""
ABOUT_BASES = About("customers", free=("customers_of_one_list",))
BY_PRODUCT = f"""
select
    product_id,
    any_value(product_name order by product_name) as product_name,
    any_value(category order by category) as category,
    count(*) as customers,
    count(*) filter (where basis = 'affinity') as by_affinity,
    count(*) filter (where basis = 'popularity') as by_popularity,
    {smallest_side("count(*) filter (where basis = 'affinity')", "count(*)")} as least_by_basis

from marts.next_best_products
group by product_id
order by count(*) desc, product_id
limit {LISTED}
"""
# A customer is offered several products, so that those of all do not add up to anything.
ABOUT_PRODUCTS = About(
    "customers", apart={"by_affinity": "least_by_basis", "by_popularity": "least_by_basis"}, wholes=()
)
BACK_TEST = f"""
select
    method as name,
    held_out_from,
    held_out_until,
    customer_count as customers,
    customers_hit,
    {smallest_side("customers_hit", "customer_count")} as least_hit

from marts.next_best_product_back_test
order by method
"""
ABOUT_BACK_TEST = About("customers", apart={"customers_hit": "least_hit"}, wholes=())


def draw(marts: Marts, texts: Texts) -> Section:
    bases = {row["name"]: row for row in marts.ask(BY_BASIS, ABOUT_BASES)}
    products = marts.ask(BY_PRODUCT, ABOUT_PRODUCTS)
    if not products or not bases:
        return say_empty("next_products", MARTS, texts, NEEDS)
    if not has_numbers(products, "customers"):
        return say_few("next_products", MARTS, texts)
    everybody = marts.ask("select count(*) as customers from marts.customer_360", About("customers"))[0]["customers"]
    grounds = [
        {
            "name": name,
            "basis": texts.name("basis", name),
            "customers": bases[name]["customers"],
            "share": share(bases[name]["customers"], everybody),
        }
        for name in (*BASES, "nothing")
        if name in bases
    ]
    products = [row | {"product": row["product_name"] or row["product_id"]} for row in products]
    back_test = [
        row | {"method": texts.name("basis", row["name"]), "hit_rate": share(row["customers_hit"], row["customers"])}
        for row in marts.ask(BACK_TEST, ABOUT_BACK_TEST)
    ]
    return Section(
        "next_products",
        _title(grounds, texts),
        lead=[
            texts.say("next_products.lead"),
            *_tell_one_list(bases, everybody, texts),
            _tell_back_test(back_test, texts),
        ],
        figures=[_draw_grounds(grounds, texts), _draw_products(products[:MOST], texts)],
        tables=[
            tabulate(
                "next_products_bases",
                texts.say("next_products.bases"),
                label_columns(texts, basis="text", customers="count", share="share"),
                grounds,
                texts,
            ),
            tabulate(
                "next_products",
                texts.say("next_products.products"),
                label_columns(
                    texts,
                    product="text",
                    category="text",
                    customers="count",
                    by_affinity="count",
                    by_popularity="count",
                ),
                products,
                texts,
            ),
            tabulate(
                "next_products_back_test",
                texts.say("next_products.back_test"),
                label_columns(texts, method="text", customers="count", customers_hit="count", hit_rate="share"),
                back_test,
                texts,
            ),
        ],
        marts=MARTS,
        nav=texts.say("next_products.nav"),
        scope=tell_day(marts, texts),
        terms=("back_test",),
    )


def _title(grounds: Sequence[Row], texts: Texts) -> str:
    shares = {row["name"]: row["share"] for row in grounds}
    own, popular = shares.get("affinity", 0.0), shares.get("popularity", 0.0)
    if own is None or popular is None:
        return texts.say("next_products.title_plain")
    if not popular:
        return texts.say("next_products.title_own", own=texts.write("percent", own))
    return texts.say("next_products.title", own=texts.write("percent", own), popular=texts.write("percent", popular))


def _tell_one_list(bases: dict[str, Row], everybody: int | None, texts: Texts) -> list[str]:
    """How many are offered the very same products, where those are many."""
    repeated = next((row["customers_of_one_list"] for row in bases.values()), None)
    part = share(repeated, everybody)
    if part is None or part < WORTH_TELLING or is_few(repeated) or bases.get("popularity", {}).get("customers") is None:
        return []
    return [texts.say("next_products.one_list", share=texts.write("percent", part))]


def _tell_back_test(rows: Sequence[Row], texts: Texts) -> str:
    rates = {row["name"]: row["hit_rate"] for row in rows}
    if rates.get("affinity") is None or rates.get("popularity") is None:
        return texts.say("next_products.untested")
    return texts.say(
        "next_products.tested",
        customers=texts.count("page.customers", rows[0]["customers"]),
        affinity=texts.write("share", rates["affinity"]),
        popularity=texts.write("share", rates["popularity"]),
    )


def _draw_grounds(grounds: Sequence[Row], texts: Texts) -> Bars:
    most = max((row["customers"] or 0) for row in grounds)
    bars = [
        Bar(
            row["basis"],
            texts.write("count", row["customers"]),
            [Segment(0, percent_of(row["customers"] or 0, most), BASES.get(row["name"], "grey"))],
            texts.write("share", row["share"]),
        )
        for row in grounds
    ]
    return Bars(texts.say("next_products.bases"), bars)


def _draw_products(rows: Sequence[Row], texts: Texts) -> Bars:
    """A bar a product: to how many it is offered for what they bought, and to how many for selling best."""
    most = max((row["customers"] or 0) for row in rows)
    bars = []
    for row in rows:
        own = percent_of(row["by_affinity"] or 0, most)
        rest = percent_of((row["customers"] or 0) - (row["by_affinity"] or 0), most)
        segments = [Segment(0, own, BASES["affinity"]), Segment(own, rest, BASES["popularity"])]
        if row["by_affinity"] is None:
            segments = [Segment(0, rest, "blue")]
        bars.append(Bar(row["product"], texts.write("count", row["customers"]), segments, row["category"] or ""))
    legend = [Legend(tone, texts.name("basis", name)) for name, tone in BASES.items()]
    return Bars(texts.say("next_products.products"), bars, legend)

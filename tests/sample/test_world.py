"""A generated retailer of 1,500 people: what it must always be, whatever the seed."""

import numpy as np
import phonenumbers
import polars as pl
import pytest

from pipelines.contracts import TABLES
from pipelines.sample.columns import POLARS_TYPES
from pipelines.sample.noise import shout
from pipelines.sample.places import communes
from pipelines.sample.records import PLACEHOLDER_PHONES
from pipelines.sample.world import World, generate

TRAPS = {
    "accents_lost", "capitals", "compound_first_name", "couple", "day_month_swapped", "deleted_record",
    "double_surname", "employee", "employee_card", "father_and_son", "former_address", "former_email", "former_mobile",
    "homonyms", "homonyms_of_one_birth_year", "maiden_name", "moved", "nickname", "parent_and_child",
    "placeholder_birth_date", "placeholder_email", "placeholder_phone", "shared_card", "shared_email",
    "shared_email_habit", "shared_landline", "shared_mobile", "shared_mobile_habit", "stale_record",
    "store_tablet_email", "swapped_names", "twins", "typo_birth_date", "typo_email", "typo_first_name",
    "typo_last_name", "typo_phone", "work_email",
}  # fmt: skip


@pytest.fixture(scope="module")
def world() -> World:
    return generate(1_500, 500, seed=7)


@pytest.fixture(scope="module")
def tables(world: World) -> dict[str, pl.DataFrame]:
    return world.tables


def test_the_same_seed_gives_the_same_world_and_another_seed_another() -> None:
    first, again, other = generate(120, 90, seed=3), generate(120, 90, seed=3), generate(120, 90, seed=4)
    assert all(first.tables[name].equals(again.tables[name]) for name in first.tables)
    assert first.truth.equals(again.truth)
    assert first.traps.equals(again.traps)
    assert not first.tables["crm/contacts"].equals(other.tables["crm/contacts"])


@pytest.mark.parametrize("seed", [1, 2])
def test_a_small_world_over_a_short_time_can_be_made(seed: int, tables: dict[str, pl.DataFrame]) -> None:
    assert generate(50, 60, seed=seed).tables.keys() == tables.keys()


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.path)
def test_every_table_is_filled_and_keeps_its_contract(table, tables: dict[str, pl.DataFrame]) -> None:
    if table.path not in tables:
        pytest.skip("no table of the generated retailer's")
    frame = tables[table.path]
    assert frame.height > 0
    assert frame.schema == {column.name: POLARS_TYPES[column.type] for column in table.columns}
    assert frame.select(table.key).is_unique().all()
    for column in table.columns:
        if column.required:
            assert frame[column.name].null_count() == 0, column.name
        if column.values:
            assert set(frame[column.name].drop_nulls().unique()) <= set(column.values), column.name


def test_truth_names_every_identity_bearing_record_and_no_other(world: World) -> None:
    tables = world.tables
    guests = tables["ecommerce/orders"].filter(pl.col("account_id").is_null())
    receipts = tables["pos/tickets"].filter(pl.col("receipt_email").is_not_null() & pl.col("loyalty_card_id").is_null())
    expected = {
        *("crm:contacts:" + tables["crm/contacts"]["contact_id"]),
        *("shop:customers:" + tables["ecommerce/customers"]["account_id"]),
        *("till:members:" + tables["pos/members"]["member_id"]),
        *("shop:orders:" + guests["order_id"]),
        *("till:tickets:" + receipts["ticket_id"]),
    }
    assert set(world.truth["record_id"]) == expected
    assert world.truth["record_id"].is_unique().all()
    assert world.truth["person_id"].null_count() == 0


def test_all_people_leave_a_record_and_about_two_and_a_half_on_average(world: World) -> None:
    customers = world.truth.filter(pl.col("person_id").str.starts_with("P"))
    assert customers["person_id"].n_unique() == 1_500
    assert 2.2 < customers.height / 1_500 < 2.8


def test_every_trap_is_present_and_names_records_or_people_that_exist(world: World) -> None:
    assert set(world.traps["trap"]) >= TRAPS
    identity = world.traps.filter(pl.col("record_id").is_not_null() & (pl.col("trap") != "employee_card"))
    assert set(identity["record_id"]) <= set(world.truth["record_id"])
    people = set(world.truth["person_id"])
    assert set(world.traps["person_id"].drop_nulls()) <= people
    assert set(world.traps["other_person_id"].drop_nulls()) <= people


def orphans(child: pl.Series, parent: pl.Series) -> int:
    return child.drop_nulls().is_in(parent.implode()).not_().sum()


def test_every_reference_resolves_but_for_the_documented_sprinkle(tables: dict[str, pl.DataFrame]) -> None:
    orders, tickets = tables["ecommerce/orders"], tables["pos/tickets"]
    contacts, accounts = tables["crm/contacts"]["contact_id"], tables["ecommerce/customers"]["account_id"]
    products, stores = tables["ecommerce/products"]["product_id"], tables["pos/stores"]["store_id"]
    purchases = pl.concat([orders["order_id"], tickets["ticket_id"]])
    for child, parent in [
        (tables["crm/consents"]["contact_id"], contacts),
        (tables["crm/interactions"]["contact_id"], contacts),
        (tables["crm/interactions"]["product_id"], products),
        (tables["crm/campaign_events"]["contact_id"], contacts),
        (tables["crm/surveys"]["contact_id"], contacts),
        (tables["crm/surveys"]["order_id"], purchases),
        (tables["crm/loyalty_movements"]["order_id"], purchases),
        (tables["ecommerce/order_lines"]["order_id"], orders["order_id"]),
        (orders["order_id"], tables["ecommerce/order_lines"]["order_id"]),
        (tables["ecommerce/order_lines"]["product_id"], products),
        (tables["ecommerce/returns"]["order_id"], orders["order_id"]),
        (tables["ecommerce/web_events"]["product_id"], products),
        (tables["ecommerce/web_events"]["order_id"], orders["order_id"]),
        (orders["session_id"], tables["ecommerce/web_events"]["session_id"]),
        (orders["pickup_store_id"], stores),
        (orders["sold_by_store_id"], stores),
        (tables["pos/ticket_lines"]["ticket_id"], tickets["ticket_id"]),
        (tickets["ticket_id"], tables["pos/ticket_lines"]["ticket_id"]),
        (tables["pos/ticket_lines"]["original_ticket_id"], tickets["ticket_id"]),
        (tables["pos/ticket_lines"]["product_id"], products),
        (tables["pos/stockouts"]["product_id"], products),
        (tables["pos/footfall"]["store_id"], stores),
        (tickets["store_id"], stores),
    ]:
        assert orphans(child, parent) == 0, child.name
    for child, parent in [
        (orders["account_id"], accounts),
        (tables["ecommerce/web_events"]["account_id"], accounts),
        (tables["crm/interactions"]["order_id"], orders["order_id"]),
        (tickets["web_order_id"], orders["order_id"]),
    ]:
        assert orphans(child, parent) <= 0.01 * child.count() + 4, child.name
    cards = pl.concat([tables["pos/members"]["loyalty_card_id"], tables["crm/contacts"]["loyalty_card_id"]])
    assert 0 < orphans(tickets["loyalty_card_id"], cards) < 0.2 * tickets["loyalty_card_id"].count()


def test_totals_agree_with_their_lines_to_the_cent(tables: dict[str, pl.DataFrame]) -> None:
    orders = tables["ecommerce/orders"].join(
        tables["ecommerce/order_lines"].group_by("order_id").agg(lines=pl.col("line_amount").sum()), on="order_id"
    )
    total = pl.col("lines") - pl.col("discount_amount") + pl.col("shipping_amount")
    assert orders.filter(pl.col("gross_amount") != pl.col("lines")).height == 0
    assert orders.filter(pl.col("total_amount") != total).height == 0
    assert orders.filter(pl.col("total_amount") <= 0).height == 0
    tickets = tables["pos/tickets"].join(
        tables["pos/ticket_lines"].group_by("ticket_id").agg(lines=pl.col("line_amount").sum()), on="ticket_id"
    )
    assert tickets.filter(pl.col("gross_amount") != pl.col("lines")).height == 0
    assert tickets.filter(pl.col("total_amount") != pl.col("lines") - pl.col("discount_amount")).height == 0
    lines = tables["ecommerce/order_lines"]
    priced = pl.col("quantity") * pl.col("unit_price") - pl.col("discount_amount")
    assert lines.filter(pl.col("line_amount") != priced).height == 0


def test_no_more_comes_back_than_was_bought(tables: dict[str, pl.DataFrame]) -> None:
    returns = tables["ecommerce/returns"].join(tables["ecommerce/order_lines"], on=["order_id", "line_no"])
    assert returns.height == tables["ecommerce/returns"].height
    assert returns.filter(pl.col("refund_amount") > pl.col("line_amount")).height == 0
    assert returns.filter(pl.col("quantity") > pl.col("quantity_right")).height == 0
    lines = tables["pos/ticket_lines"]
    back = lines.filter(pl.col("original_ticket_id").is_not_null())
    assert (back["quantity"] < 0).all()
    assert (back["line_amount"] < 0).all()
    assert (lines.filter(pl.col("original_ticket_id").is_null())["quantity"] > 0).all()
    bought = lines.group_by("ticket_id", "product_id").agg(bought=pl.col("quantity").sum())
    matched = back.group_by("original_ticket_id", "product_id").agg(back=pl.col("quantity").sum())
    both = matched.join(bought, left_on=["original_ticket_id", "product_id"], right_on=["ticket_id", "product_id"])
    assert both.height == matched.height
    assert both.filter(-pl.col("back") > pl.col("bought")).height == 0
    sold = tables["pos/tickets"].select("ticket_id", "sold_at")
    when = back.join(sold, on="ticket_id").join(
        sold, left_on="original_ticket_id", right_on="ticket_id", suffix="_first"
    )
    assert (when["sold_at"] > when["sold_at_first"]).all()


def test_a_points_balance_never_falls_below_zero(tables: dict[str, pl.DataFrame]) -> None:
    movements = tables["crm/loyalty_movements"].sort("loyalty_card_id", "occurred_at", "movement_id")
    balance = movements.select(pl.col("points").cum_sum().over("loyalty_card_id"))["points"]
    assert balance.min() >= 0
    assert set(movements["kind"]) == {"earned", "spent", "expired", "adjusted"}
    assert set(movements["channel"]) == {"store", "web", "app", "service"}
    spent = movements.filter(pl.col("kind") == "spent")
    assert {"store", "web"} <= set(spent["channel"])
    earned = movements.filter(pl.col("kind") == "earned").join(
        tables["pos/tickets"], left_on="order_id", right_on="ticket_id"
    )
    assert (earned["points"] == earned["total_amount"].cast(pl.Float64).floor()).all()


def test_postcodes_belong_to_their_towns(tables: dict[str, pl.DataFrame]) -> None:
    here = communes()
    towns: dict[str, set[str]] = {}
    for place, town in enumerate(here.names):
        first = int(here.postcode_starts[place])
        plain = shout(pl.Series([town]))[0].replace("SAINT-", "ST ")
        towns[plain] = set(here.postcodes[first : first + int(here.postcode_counts[place])])
    for name in ("crm/contacts", "ecommerce/customers", "pos/members", "pos/stores"):
        lived = tables[name].filter(pl.col("city").is_not_null()).select("city", "postcode").unique()
        plain = shout(lived["city"]).str.replace("^SAINT-", "ST ")
        known = {key.replace("SAINT-", "ST "): value for key, value in towns.items()}
        for town, postcode in zip(plain, lived["postcode"], strict=True):
            assert postcode in known[town], (town, postcode)


def test_phones_are_valid_french_numbers_but_for_placeholders_and_slips(world: World) -> None:
    slips = set(world.traps.filter(pl.col("trap") == "typo_phone")["record_id"])
    for name, key, column in (
        ("crm/contacts", "crm:contacts:", "mobile"),
        ("crm/contacts", "crm:contacts:", "phone"),
        ("ecommerce/customers", "shop:customers:", "phone"),
        ("pos/members", "till:members:", "phone"),
    ):
        frame = world.tables[name].filter(pl.col(column).is_not_null())
        for identifier, number in frame.select(frame.columns[0], column).iter_rows():
            parsed = phonenumbers.parse(number, "FR")
            plain = f"0{parsed.national_number:09d}"
            is_made_up = plain in PLACEHOLDER_PHONES or key + identifier in slips
            assert is_made_up or phonenumbers.is_valid_number(parsed), number


def local(column: str) -> pl.Expr:
    return pl.col(column).dt.replace_time_zone("UTC").dt.convert_time_zone("Europe/Paris")


def test_stores_sell_only_when_they_are_open_and_never_more_than_come_in(tables: dict[str, pl.DataFrame]) -> None:
    sold = tables["pos/tickets"].select("store_id", at=local("sold_at"))
    minutes = sold.select(pl.col("at").dt.hour().cast(pl.Int32) * 60 + pl.col("at").dt.minute())["at"]
    assert minutes.min() >= 9 * 60 + 30
    assert minutes.max() < 19 * 60 + 30
    sundays = sold.filter(pl.col("at").dt.weekday() == 7)
    assert set(sundays["at"].dt.month()) <= {12}
    daily = sold.group_by("store_id", date=pl.col("at").dt.date()).len()
    both = daily.join(tables["pos/footfall"], on=["store_id", "date"])
    assert both.height == daily.height
    assert both.filter(pl.col("len") > pl.col("visitors")).height == 0


def test_nothing_happens_after_the_last_day(world: World) -> None:
    for name, frame in world.tables.items():
        for column, kind in frame.schema.items():
            if kind == pl.Datetime("us") and frame[column].count():
                last = frame.select(local(column).dt.date().max()).item()
                assert last <= world.as_of, (name, column, last)


def test_what_a_store_lacked_is_not_on_its_tickets(tables: dict[str, pl.DataFrame]) -> None:
    bought = (
        tables["pos/ticket_lines"]
        .filter(pl.col("quantity") > 0)
        .join(tables["pos/tickets"].select("ticket_id", "store_id", date=local("sold_at").dt.date()), on="ticket_id")
    )
    clash = bought.join(tables["pos/stockouts"], on=["store_id", "product_id", "date"], how="semi")
    assert clash.height <= 0.001 * bought.height


def test_availability_checks_say_what_the_stockouts_say(tables: dict[str, pl.DataFrame]) -> None:
    checks = tables["ecommerce/web_events"].filter(pl.col("event") == "store_availability_check")
    sold_in_stores = tables["ecommerce/products"].filter(~pl.col("is_online_only"))
    days = tables["pos/footfall"].select("store_id", "date")
    checks = (
        checks.with_columns(date=local("occurred_at").dt.date())
        .join(sold_in_stores.select("product_id"), on="product_id")
        .join(days, on=["store_id", "date"])
    )
    missing = checks.join(tables["pos/stockouts"], on=["store_id", "product_id", "date"], how="semi")
    assert missing.height > 0
    assert set(missing["is_in_stock"]) == {False}
    present = checks.join(tables["pos/stockouts"], on=["store_id", "product_id", "date"], how="anti")
    assert set(present["is_in_stock"]) == {True}


def test_every_order_of_the_site_and_the_app_ends_its_session(tables: dict[str, pl.DataFrame]) -> None:
    orders = tables["ecommerce/orders"]
    own = orders.filter(pl.col("channel").is_in(["web", "app"]) & pl.col("sold_by_store_id").is_null())
    purchases = tables["ecommerce/web_events"].filter(pl.col("event") == "purchase")
    both = own.join(purchases, on="order_id")
    assert both.height == own.height == purchases.height
    assert (both["ordered_at"] == both["occurred_at"]).all()
    assert (both["session_id"] == both["session_id_right"]).all()
    assert both["account_id"].equals(both["account_id_right"])
    on_a_phone = (purchases["device"] == "mobile").mean()
    assert 0.62 < on_a_phone < 0.8


def test_journeys_of_every_kind_are_present(world: World) -> None:
    tables = world.tables
    orders, tickets, events = tables["ecommerce/orders"], tables["pos/tickets"], tables["ecommerce/web_events"]
    assert {"delivery", "click_and_collect", "ship_from_store", "locker"} <= set(orders["fulfilment"])
    assert {"web", "app", "marketplace", "social"} <= set(orders["channel"])
    assert {"delivered", "picked_up", "cancelled", "returned"} <= set(orders["status"])
    assert orders["sold_by_store_id"].count() > 0
    add_ons = tickets.filter(pl.col("web_order_id").is_not_null()).join(
        orders, left_on="web_order_id", right_on="order_id"
    )
    collected = orders.filter(pl.col("status") == "picked_up").height
    assert 0.15 < add_ons.height / collected < 0.45
    assert (add_ons["sold_at"] == add_ons["fulfilled_at"]).all()
    assert (add_ons["store_id"] == add_ons["pickup_store_id"]).all()
    assert {"post", "store"} == set(tables["ecommerce/returns"]["returned_via"])
    assert (events["event"] == "checkout_error").sum() > 0
    baskets = events.filter(pl.col("event") == "add_to_cart")["session_id"].unique()
    assert baskets.is_in(events.filter(pl.col("event") == "purchase")["session_id"].implode()).not_().sum() > 0
    assert (~events.filter(pl.col("event") == "product_view")["is_in_stock"]).sum() > 0
    assert set(tables["crm/campaign_events"]["event"]) >= {"sent", "delivered", "opened", "clicked", "bounced"}
    assert set(tables["crm/surveys"]["kind"]) == {"nps", "csat", "review"}
    assert tables["crm/interactions"]["order_id"].count() > 0
    anonymous = tickets.filter(pl.col("loyalty_card_id").is_null() & pl.col("receipt_email").is_null())
    assert anonymous.height > 0.35 * tickets.height
    assert events["account_id"].null_count() > 0.5 * events.height
    assert {"granted", "denied", "withdrawn"} == set(tables["crm/consents"]["status"])


def test_people_look_online_and_then_buy_in_a_store_and_the_reverse(world: World) -> None:
    tables = world.tables
    accounts = tables["ecommerce/customers"].filter(pl.col("loyalty_card_id").is_not_null())
    accounts = accounts.select("account_id", "loyalty_card_id").unique("loyalty_card_id", keep="none")
    tickets = tables["pos/tickets"].join(accounts, on="loyalty_card_id").select("account_id", "ticket_id", "sold_at")
    lines = tables["pos/ticket_lines"].select("ticket_id", "product_id")
    seen = tables["ecommerce/web_events"].filter(pl.col("event") == "product_view")
    both = tickets.join(lines, on="ticket_id").join(seen, on=["account_id", "product_id"])
    gap = both["sold_at"] - both["occurred_at"]
    assert gap.is_between(pl.duration(hours=1), pl.duration(days=7)).sum() > 10
    ordered = tables["ecommerce/orders"].select("account_id", "ordered_at").join(tickets, on="account_id")
    gap = ordered["ordered_at"] - ordered["sold_at"]
    assert gap.is_between(pl.duration(hours=1), pl.duration(days=4)).sum() > 10


def test_newsletters_go_only_to_those_who_agreed(tables: dict[str, pl.DataFrame]) -> None:
    consents = tables["crm/consents"].filter(pl.col("purpose") == "marketing").sort("recorded_at")
    sent = tables["crm/campaign_events"].filter(pl.col("event") == "sent").sort("occurred_at")
    state = sent.join_asof(
        consents.select("contact_id", "channel", "status", "recorded_at"),
        left_on="occurred_at",
        right_on="recorded_at",
        by=["contact_id", "channel"],
        check_sortedness=False,
    )
    assert set(state["status"]) == {"granted"}


def test_paid_clicks_cover_the_sessions_that_they_brought(tables: dict[str, pl.DataFrame]) -> None:
    keys = ["date", "utm_source", "utm_medium", "utm_campaign"]
    sessions = (
        tables["ecommerce/web_events"]
        .filter(pl.col("utm_campaign").is_not_null() & (pl.col("utm_source") != "newsletter"))
        .sort("occurred_at", "event_id")
        .unique("session_id", keep="first", maintain_order=True)
        .with_columns(date=local("occurred_at").dt.date())
        .group_by(keys)
        .len()
    )
    spend = tables["ecommerce/ad_spend"].join(sessions, on=keys, how="full", coalesce=True)
    late = spend.filter(pl.col("clicks").is_null())
    assert late.height == 0
    assert spend.filter(pl.col("len") > pl.col("clicks")).height == 0


def test_the_year_has_its_seasons(tables: dict[str, pl.DataFrame]) -> None:
    daily = tables["pos/tickets"].group_by(day=local("sold_at").dt.date()).len()
    december = daily.filter((pl.col("day").dt.month() == 12) & (pl.col("day").dt.day() < 24))["len"].mean()
    august = daily.filter(pl.col("day").dt.month() == 8)["len"].mean()
    assert december > 1.7 * august


def test_homonyms_come_as_often_as_names_are_borne() -> None:
    from pipelines.sample.names import draw_surnames

    names = draw_surnames(np.random.default_rng(1), 200_000)
    most = names.value_counts(sort=True)
    assert most.row(0)[0] == "Martin"
    assert 0.003 < most["count"][0] / 200_000 < 0.0042
    assert most.height > 30_000

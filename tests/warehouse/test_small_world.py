"""What the marts say about a few people whose every row is known (small_world.yml)."""

import shutil
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.config.home import Home
from pipelines.lake.tables import Lake
from pipelines.segments.definitions import BUNDLED, load_segments
from pipelines.warehouse import dbt_project

Query = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def query(built_world: Home) -> Iterator[Query]:
    """Rows of a query on the small world's marts."""
    with duckdb.connect(built_world.build_database, read_only=True) as connection:
        yield lambda sql, *values: connection.execute(sql, list(values)).fetchall()


def one(rows: list[tuple[Any, ...]]) -> tuple[Any, ...]:
    [row] = rows
    return row


def test_every_customer_of_the_map_has_one_row(query: Query) -> None:
    assert query("select customer_id from marts.customer_360 order by 1") == [(f"C0{n}",) for n in range(1, 9)]


def test_records_are_read_as_they_were_amended(query: Query, built_world: Home) -> None:
    [compiled] = built_world.build_database.parent.rglob("compiled/*/models/**/stg_identity__records.sql")
    told = "record_id, first_name, email, city"
    staged = query(f"select {told} from ({compiled.read_text()}) order by record_id")
    records = Lake(built_world.lake).read("identity", "records")
    assert staged == records.select("record_id", "first_name", "email", "city").rows()


def test_the_golden_record_takes_each_group_from_one_record(query: Query) -> None:
    golden = one(
        query(
            """select civility, first_name, last_name, email, phone, birth_date, address, postcode, city, country,
            loyalty_card_id from marts.customer_360 where customer_id = 'C01'"""
        )
    )
    assert golden == (
        *("f", "Anna", "Martin", "famille@example.org", "+33600000001", date(1984, 5, 6)),
        *("3 rue des Arts", "31000", "Toulouse", "FR", "L1"),
    )


def test_a_deleted_record_fills_only_what_no_living_one_has(query: Query) -> None:
    assert one(query("select email, phone from marts.customer_360 where customer_id = 'C05'")) == (
        "ines@example.org",
        "+33140000005",
    )


def test_what_lost_is_told_beside_what_won(query: Query) -> None:
    row = one(
        query(
            """select field_value, record_id, rule, candidate_count, losing_values from marts.customer_field_provenance
            where customer_id = 'C01' and field = 'postcode'"""
        )
    )
    assert row == ("31000", "till:members:M1", "most_recent", 3, "69002 | 75007")


def test_all_contact_points_are_kept_and_a_shared_one_is_counted(query: Query) -> None:
    shared = query(
        """select customer_id, customer_count, is_golden from marts.customer_contact_points
        where contact_value = 'famille@example.org' order by 1"""
    )
    assert shared == [("C01", 2, True), ("C02", 2, True)]


@pytest.mark.parametrize(
    ("order_id", "customer_id", "attributed_by"),
    [
        ("shop:orders:W1", "C01", "account"),
        ("till:tickets:T1", "C01", "loyalty_card"),
        ("till:tickets:T12", "C02", "loyalty_card"),
        ("shop:orders:G1", "C03", "own_record"),
        ("till:tickets:T4", "C04", "own_record"),
        ("till:tickets:T6", "C04", "email"),
        ("outlet:orders:D1", "C08", "email"),
        ("till:tickets:T7", "C01", "picked_up_order"),
        ("till:tickets:T5", None, None),
        ("till:tickets:W1", None, None),
        ("shop:orders:W3", None, None),
    ],
)
def test_an_order_belongs_to_the_first_that_names_a_customer(
    query: Query, order_id: str, customer_id: str | None, attributed_by: str | None
) -> None:
    found = query("select customer_id, attributed_by from marts.orders where order_id = ?", order_id)
    assert found == [(customer_id, attributed_by)]


def test_an_anonymous_order_counts_in_the_total_of_its_channel(query: Query) -> None:
    assert query("select channel, sum(total_amount) from marts.orders group by 1 order by 1") == [
        ("app", Decimal("170.01")),
        ("marketplace", Decimal("65.90")),
        ("social", Decimal("15.00")),
        ("store", Decimal("232.58")),
        ("web", Decimal("275.83")),
    ]


def test_an_exchange_is_an_order_and_a_return_and_a_ticket_that_only_took_back_is_no_order(query: Query) -> None:
    tickets = query(
        """select order_id, total_amount from marts.orders
        where order_id in ('till:tickets:T2', 'till:tickets:T3', 'till:tickets:T9', 'till:tickets:T10')"""
    )
    assert tickets == [("till:tickets:T3", Decimal("30.00"))]
    paid_out = query(
        """select ticket_id, sum(refund_amount)
        from marts.returns where ticket_id is not null group by 1 order by 1"""
    )
    assert paid_out == [
        ("till:tickets:T10", Decimal("3.00")),
        ("till:tickets:T15", Decimal("10.00")),
        ("till:tickets:T2", Decimal("20.00")),
        ("till:tickets:T3", Decimal("20.00")),
        ("till:tickets:T9", Decimal("11.00")),
    ]


def test_an_order_picked_up_counts_once_and_what_was_bought_on_top_counts_beside_it(query: Query) -> None:
    rows = query(
        """select order_id, total_amount, picked_up_order_id
        from marts.orders where order_id in (?, ?, ?) order by 1""",
        "shop:orders:W1",
        "till:tickets:T7",
        "till:tickets:T8",
    )
    assert rows == [
        ("shop:orders:W1", Decimal("100.00"), None),
        ("till:tickets:T7", Decimal("4.50"), "shop:orders:W1"),
    ]


def test_a_return_across_channels_goes_back_to_the_order_and_its_buyer(query: Query) -> None:
    row = one(
        query(
            """select customer_id, order_id, order_channel, booked_channel, is_across_channels
            from marts.returns where return_id = 'till:tickets:T3:2'"""
        )
    )
    assert row == ("C02", "shop:orders:W4", "marketplace", "store", True)
    assert one(query("select refund_amount, net_amount from marts.orders where order_id = 'shop:orders:W4'")) == (
        Decimal("40.00"),
        Decimal("25.90"),
    )


def test_a_cancelled_order_stays_in_sight_and_out_of_revenue(query: Query) -> None:
    assert one(
        query("select is_revenue, total_amount, net_amount from marts.orders where order_id = 'shop:orders:W2'")
    ) == (
        False,
        Decimal("80.00"),
        Decimal("0.00"),
    )
    assert one(
        query(
            """select order_count, revenue, revenue_12m, average_basket
            from marts.customer_360 where customer_id = 'C01'"""
        )
    ) == (
        5,
        Decimal("174.50"),
        Decimal("134.50"),
        Decimal("46.90"),
    )


def test_what_happened_after_the_as_of_day_is_in_no_mart(query: Query) -> None:
    late = datetime.fromisoformat("2026-03-02 23:00")  # Midnight in Paris.
    for mart, column in (
        ("orders", "ordered_at"),
        ("returns", "returned_at"),
        ("customer_touchpoints", "touched_at"),
        ("customer_journey_stages", "entered_at"),
        ("customer_consents", "recorded_at"),
    ):
        assert query(f"select count(*) from marts.{mart} where {column} >= ?", late) == [(0,)], mart


def test_days_are_counted_in_the_configured_time_zone(query: Query) -> None:
    assert query("select ordered_on from marts.orders where order_id = 'till:tickets:T12'") == [(date(2026, 2, 1),)]


def test_a_visit_on_a_shared_device_belongs_to_nobody_who_did_not_log_in(query: Query) -> None:
    visits = query(
        """select session_id, customer_id
        from marts.customer_touchpoints where session_id is not null and touch_kind like '%visit' order by 1"""
    )
    assert visits == [
        ("shop:sessions:s0:v1", "C01"),
        ("shop:sessions:s11:v5", "C08"),
        ("shop:sessions:s1:v1", "C01"),
        ("shop:sessions:s2:v2", "C01"),
        ("shop:sessions:s4:v2", "C02"),
        ("shop:sessions:s5:v3", "C03"),
        ("shop:sessions:s8:v4", "C08"),
    ]


def test_one_refusal_closes_a_channel_until_it_is_taken_back_or_a_later_grant_has_a_proof(query: Query) -> None:
    consents = query(
        """select customer_id, email_consent, sms_consent, phone_consent, post_consent
        from marts.customer_360 where customer_id in ('C01', 'C05') order by 1"""
    )
    assert consents == [("C01", False, True, False, False), ("C05", True, None, None, None)]


def test_points_answers_and_contacts_are_those_of_all_records(query: Query) -> None:
    row = one(
        query(
            """select points_balance, last_nps_score, service_contact_count_90d
            from marts.customer_360 where customer_id = 'C01'"""
        )
    )
    assert row == (70, 9.0, 2)
    assert query("select points_balance from marts.customer_360 where customer_id = 'C02'") == [(7,)]


def test_the_history_tells_an_old_id_what_became_of_it(query: Query) -> None:
    assert query(
        """select change, into_customer_id
        from marts.customer_id_history where customer_id = 'C99' order by entry_no"""
    ) == [
        ("created", None),
        ("absorbed", "C01"),
    ]


def test_a_loyal_customer_passes_through_the_stages_in_order(query: Query) -> None:
    stages = [
        stage
        for (stage,) in query(
            "select stage from marts.customer_journey_stages where customer_id = 'C08' order by stay_number"
        )
    ]
    assert stages[-6:] == ["retention", "consideration", "purchase", "post_purchase", "loyalty", "purchase"]


def test_a_customer_who_comes_back_after_a_year_is_reactivated_and_lapses_again(query: Query) -> None:
    assert [
        row[0]
        for row in query(
            """select segment
            from marts.customer_segments where customer_id = 'C06' and family = 'lifecycle' order by entered_on"""
        )
    ] == [
        "prospect",
        "new_customer",
        "slipping",
        "reactivated",
        "slipping",
        "lapsed",
    ]


def test_the_question_asked_first_is_the_most_uncertain_about_the_most_valuable_customers(query: Query) -> None:
    [(anna, paul)] = query(
        """select max(revenue) filter (where customer_id = 'C01'), max(revenue) filter (where customer_id = 'C02')
        from marts.customer_360"""
    )
    queue = query(
        """select review_rank, record_id_l, is_together, value_at_stake, round(priority, 3)
        from marts.identity_review_queue order by review_rank"""
    )
    assert min(anna, paul) > 10
    assert queue == [
        (1, "crm:contacts:2", True, anna, float(anna)),
        (2, "crm:contacts:1", False, anna + paul, round(0.503 * float(anna + paul), 3)),
        (3, "crm:contacts:5", True, Decimal("10.00"), 7.22),
        (4, "crm:contacts:6", False, Decimal("20.00"), 2.3),
    ]


def test_an_order_is_owed_to_the_visits_before_it_and_an_anonymous_one_to_its_own(query: Query) -> None:
    rows = query(
        """select order_id, source, medium, campaign, credit, credited_revenue from marts.attribution_touches
        where model = 'linear' and order_id in ('shop:orders:W1', 'shop:orders:W3', 'till:tickets:T5')
        order by order_id, touch_number"""
    )
    net = dict(query("select order_id, net_amount from marts.orders"))
    half = Decimal("0.5")
    assert rows == [
        ("shop:orders:W1", "google", "cpc", "winter", half, net["shop:orders:W1"] * half),
        ("shop:orders:W1", "mail", "unknown", "none", half, net["shop:orders:W1"] * half),
        ("shop:orders:W3", "google", "organic", "none", 1, net["shop:orders:W3"]),
        ("till:tickets:T5", "direct", "none", "none", 1, net["till:tickets:T5"]),
    ]


def test_spend_meets_the_revenue_of_its_campaign_in_its_month(query: Query) -> None:
    rows = query(
        """select campaign, sessions, conversions, spend, revenue_first_touch, roas_first_touch
        from marts.traffic_source_performance where medium = 'cpc' order by 1"""
    )
    # The order, and what was bought on top when it was picked up.
    [(net,)] = query("select sum(net_amount) from marts.orders where order_id in ('shop:orders:W1', 'till:tickets:T7')")
    assert rows == [
        ("none", 0, 0, Decimal("2.00"), Decimal("0.00"), 0.0),
        ("winter", 1, 0, Decimal("12.50"), net, float(net) / 12.5),
    ]


def test_points_earned_in_a_store_and_spent_online_stand_side_by_side(query: Query) -> None:
    months = query(
        """select month, opening, earned_store, spent_web, closing from marts.loyalty_ledger
        where loyalty_card_id = 'L1' and (movement_count > 0 or month >= '2026-02-01') order by 1"""
    )
    assert months == [
        (date(2025, 5, 1), 0, 120, 0, 120),
        (date(2026, 1, 1), 120, 0, -50, 70),
        (date(2026, 2, 1), 70, 0, 0, 70),
        (date(2026, 3, 1), 70, 0, 0, 70),
    ]


def test_what_is_written_is_found_by_theme_whatever_its_accents(query: Query) -> None:
    assert query("select month, theme, channel, average_score from marts.verbatim_themes order by 1, 2, 3") == [
        (date(2026, 1, 1), "delivery", "web", 9.0),
        (date(2026, 1, 1), "other", "web", 8.0),
        (date(2026, 1, 1), "staff", "web", 9.0),
        (date(2026, 2, 1), "customer_service", "unknown", 2.0),
        (date(2026, 2, 1), "waiting", "unknown", 2.0),
    ]


def test_rows_set_aside_and_rows_that_name_nobody_are_told(query: Query) -> None:
    counted = "select table_name, kind, is_kept, count(*) from marts.quarantined_rows group by all order by all"
    assert query(counted) == [
        ("crm/contacts", "unreadable", False, 1),
        ("ecommerce/orders", "reference", True, 1),
    ]


def test_what_became_of_the_values_of_a_column_is_told(query: Query) -> None:
    told = "select column_name, filled_count, unreadable_count, example_line from marts.field_report"
    assert query(told) == [("birth_date", 7, 1, 3)]


def test_every_mart_and_column_carries_its_description(query: Query) -> None:
    assert query("select table_name from duckdb_tables() where schema_name = 'marts' and comment is null") == []
    assert (
        query("select table_name, column_name from duckdb_columns() where schema_name = 'marts' and comment is null")
        == []
    )


def test_the_published_schemas_are_the_marts_alone(query: Query) -> None:
    assert query("select distinct table_schema from information_schema.tables where table_catalog = 'warehouse'") == [
        ("marts",)
    ]
    assert query("select count(*) from duckdb_views() where schema_name = 'marts' and not internal") == [(0,)]


def test_a_second_build_gives_the_same_marts_and_they_need_no_lake(
    query: Query, built_world: Home, retailer: Any, today: date, tmp_path: Path
) -> None:
    again = Home(tmp_path)
    shutil.copytree(built_world.root / "lake", tmp_path / "lake")
    dbt_project.build(again, retailer, today, segments=load_segments(BUNDLED), tests=False)
    shutil.rmtree(tmp_path / "lake")
    again.build_database.with_name(f"{again.build_database.name}.workshop").unlink()

    query(f"attach '{again.build_database}' as again (read_only)")
    marts = query("select table_name from information_schema.tables where table_catalog = 'warehouse'")
    assert len(marts) >= 14
    for (mart,) in marts:
        assert query(f"select * from marts.{mart} except all select * from again.marts.{mart}") == [], mart
        assert query(f"select * from again.marts.{mart} except all select * from marts.{mart}") == [], mart


def test_a_store_converts_only_the_visitors_it_counts(query: Query) -> None:
    rows = query(
        """select day, visits, orders, visitor_orders, conversion_rate from marts.channel_performance
        where channel = 'store' and day in ('2026-01-05', '2026-01-16') order by day"""
    )
    assert rows == [(date(2026, 1, 5), None, 1, 0, None), (date(2026, 1, 16), 120, 1, 1, 1 / 120)]


def test_what_was_out_of_stock_and_bought_the_next_day_is_not_at_risk(query: Query) -> None:
    seen = query(
        """select customers, bought_online, not_recovered, revenue_at_risk
        from marts.friction_points where kind = 'out_of_stock_view'"""
    )
    assert seen == [(1, 1, 0, Decimal("0.00"))]
    left = query("select customer_id, product_id, outcome from marts.friction_incidents where kind = 'cart_abandoned'")
    assert left == [("C02", "P2", None)]


def test_a_pickup_of_an_order_nobody_knows_is_a_pickup_all_the_same(query: Query) -> None:
    rows = query(
        "select count, customers, revenue, base_count from marts.omnichannel_paths where path = ? and count > 0",
        "click_and_collect_addon",
    )
    assert rows == [(1, 1, Decimal("4.50"), 2)]


def test_an_anonymous_buyer_is_at_the_top_of_the_funnel_and_in_no_stage(query: Query) -> None:
    row = one(
        query(
            """select customers, known_visitors, anonymous_visitors, anonymous_orders
            from marts.journey_stage_daily where day = '2026-02-20' and stage = 'purchase'"""
        )
    )
    assert row == (0, 0, 1, 1)


def test_every_stage_stands_on_every_day_until_today(query: Query, today: date) -> None:
    days, rows, first, last = one(
        query("select count(distinct day), count(*), min(day), max(day) from marts.journey_stage_daily")
    )
    assert (rows, last) == (7 * days, today)
    assert days == (last - first).days + 1

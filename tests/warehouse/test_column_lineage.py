"""Which marts a canonical column feeds: followed through SQL as it is, and no further than its values go."""

import pytest

from pipelines.contracts import TABLES
from pipelines.identity.standardisation.standardise import RECORD_COLUMNS
from pipelines.warehouse.column_lineage import MADE_BY_PYTHON, Fed, trace_columns

STAGED = {
    "staging/stg_orders": "select source || ':' || order_id as order_id, account_id as account, channel, status, "
    "total_amount, ordered_at from 'lake/ecommerce/orders.parquet'",
    "staging/stg_lines": "select order_id, product_id, line_amount from 'lake/ecommerce/order_lines.parquet'",
}
READ_ORDERS = 'with orders as (select * from "workshop"."staging"."stg_orders")'


def trace(mart: str, **others: str) -> dict[str, Fed]:
    """What the mart `marts/sales` of this SQL takes from orders and their lines, by column."""
    models = {**STAGED, **{f"intermediate/{name}": sql for name, sql in others.items()}, "marts/sales": mart}
    fed = trace_columns(models)
    of_orders = {name.split(".")[1]: found for name, found in fed.items() if name.startswith("ecommerce/orders.")}
    return {**of_orders, "line_amount": fed["ecommerce/order_lines.line_amount"]}


def feeding(mart: str, **others: str) -> set[str]:
    return {name for name, fed in trace(mart, **others).items() if fed.values == ["sales"]}


def deciding(mart: str, **others: str) -> set[str]:
    return {name for name, fed in trace(mart, **others).items() if fed.conditions == ["sales"]}


def test_values_are_followed_through_names_sums_and_stars() -> None:
    mart = (
        f"{READ_ORDERS}, summed as (select account as who, sum(total_amount) as revenue from orders group by account)"
    )
    assert feeding(f"{mart} select who, revenue from summed") == {"account_id", "total_amount"}
    assert feeding(f"{mart} select revenue from summed") == {"total_amount"}
    assert feeding(f"{READ_ORDERS} select * from orders") == {
        "order_id", "account_id", "channel", "status", "total_amount", "ordered_at",
    }  # fmt: skip


def test_what_only_filters_is_a_condition_and_what_only_counts_rows_is_nothing() -> None:
    mart = f"{READ_ORDERS} select count(*) as order_count from orders where status <> 'cancelled'"
    assert (feeding(mart), deciding(mart)) == (set(), {"status"})


def test_a_filter_upstream_decides_what_is_taken_from_behind_it() -> None:
    open_orders = 'select * from "workshop"."staging"."stg_orders" where status = \'placed\''
    mart = 'select total_amount from "workshop"."intermediate"."int_open"'
    assert (feeding(mart, int_open=open_orders), deciding(mart, int_open=open_orders)) == ({"total_amount"}, {"status"})


def test_a_count_of_rows_is_decided_by_what_filtered_them_upstream() -> None:
    open_orders = 'select * from "workshop"."staging"."stg_orders" where status = \'placed\''
    mart = 'select count(*) as open_count from "workshop"."intermediate"."int_open"'
    assert (feeding(mart, int_open=open_orders), deciding(mart, int_open=open_orders)) == (set(), {"status"})


def test_a_model_read_by_its_own_name_is_followed() -> None:
    assert feeding('select stg_orders.channel from "workshop"."staging"."stg_orders"') == {"channel"}


def test_what_is_of_no_known_table_is_nothing_and_hides_nothing_beside_it() -> None:
    mart = (
        f'{READ_ORDERS} select reason, orders.channel from orders left join "workshop"."seeds"."rules" on orders.status'
    )
    assert feeding(f"{mart} = rules.status") == {"channel"}


def test_a_choice_among_values_is_decided_by_its_test_and_a_choice_among_words_says_it() -> None:
    chosen = f"{READ_ORDERS} select case when status = 'paid' then total_amount else 0 end as paid from orders"
    assert (feeding(chosen), deciding(chosen)) == ({"total_amount"}, {"status"})
    told = f"{READ_ORDERS} select case when status = 'paid' then 'yes' else 'no' end as is_paid from orders"
    assert (feeding(told), deciding(told)) == ({"status"}, set())
    kept = f"{READ_ORDERS} select sum(total_amount) filter (where status = 'paid') as paid from orders"
    assert (feeding(kept), deciding(kept)) == ({"total_amount"}, {"status"})


def test_a_window_says_what_it_reckons_and_its_order_only_decides() -> None:
    mart = f"{READ_ORDERS} select row_number() over (partition by account order by ordered_at) as number from orders"
    assert (feeding(mart), deciding(mart)) == (set(), {"account_id", "ordered_at"})


def test_a_key_that_rows_are_joined_on_goes_nowhere_by_that() -> None:
    mart = (
        f'{READ_ORDERS} select orders.channel, lines.line_amount from orders left join "workshop"."staging"."stg_lines"'
        " as lines on orders.order_id = lines.order_id"
    )
    traced = trace(mart)
    assert {name for name, fed in traced.items() if fed.values} == {"channel", "line_amount"}
    assert {name for name, fed in traced.items() if fed.is_joined_on} == {"order_id"}


def test_a_union_is_made_of_both_by_position_and_a_subquery_is_followed() -> None:
    union = f"{READ_ORDERS} select order_id as id from orders union all select account as other from orders"
    assert feeding(union) == {"order_id", "account_id"}
    inner = "select channel as sold from orders"
    nested = f"{READ_ORDERS} select (select max(total_amount) from orders) as highest, t.sold from ({inner}) as t"
    assert feeding(nested) == {"total_amount", "channel"}


def test_a_common_table_of_the_name_of_a_model_hides_neither() -> None:
    models = {
        **STAGED,
        "marts/orders": 'with orders as (select * from "workshop"."staging"."stg_orders") select channel from orders',
        "marts/sales": 'with orders as (select channel as sold from "db"."marts"."orders") select sold from orders',
    }
    assert trace_columns(models)["ecommerce/orders.channel"].values == ["orders", "sales"]


def test_a_step_of_python_between_two_models_is_followed() -> None:
    models = {
        "marts/people": "select email, phone from 'lake/identity/records.parquet'",
        "intermediate/int_purchase_histories_summed": "select total_amount as amount from 'lake/pos/tickets.parquet'",
        "marts/value": "select clv_12m from 'lake/value/customer_values.parquet'",
    }
    traced = trace_columns(models)
    assert traced["pos/tickets.receipt_email"].values == ["people"]
    assert traced["ecommerce/orders.contact_phone"].values == ["people"]
    assert traced["pos/tickets.total_amount"].values == ["value"]


def test_a_column_that_no_table_has_is_an_error_and_not_silently_nothing() -> None:
    with pytest.raises(ValueError, match=r"marts/sales reads a column that cannot be followed: .*colour"):
        feeding(f"{READ_ORDERS} select orders.colour from orders")
    with pytest.raises(ValueError, match=r"marts/sales reads a column that cannot be followed"):
        feeding(f"{READ_ORDERS} select colour from orders")


def test_what_python_makes_is_declared_of_columns_that_are_there() -> None:
    there = {f"{table.path}.{column.name}" for table in TABLES for column in table.columns}
    origins = {origin for columns in MADE_BY_PYTHON.values() for of in columns.values() for origin in of}
    assert origins - there == set()
    assert RECORD_COLUMNS.keys() <= MADE_BY_PYTHON["identity/records"].keys()

"""What can be true of a value: bounds, signs, what columns say together; and what becomes of a value that cannot."""

from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from pipelines.extracts.counts import Extracted, RejectLimitExceeded

MEMBERS = {"member_id": "id", "birth_date": "born", "created_at": "made", "updated_at": "date '2026-01-01'"}


def field(extracted: Extracted, name: str) -> Any:
    (found,) = [counts for counts in extracted.fields if counts.column_name == name]
    return found


def members(exports: Any, *births: str, **mapping: Any) -> Extracted:
    exports.kind = "pos"
    exports.write("m.csv", "id,born,made\n" + "".join(f"{number},{born},\n" for number, born in enumerate(births)))
    return exports.extract("members", {"from": "m.csv", "columns": MEMBERS, **mapping})


def tickets(exports: Any, *rows: str, **mapping: Any) -> Extracted:
    exports.kind = "pos"
    exports.write("t.csv", "ticket_id,store_id,sold_at,total_amount\n" + "".join(f"{row}\n" for row in rows))
    return exports.extract("tickets", {"from": "t.csv", **mapping})


def test_an_unreadable_birth_date_is_emptied_and_counted_and_the_member_stays(exports: Any) -> None:
    extracted = members(exports, "1980-04-12", "00/00/0000", "31/02/1980", "0000-05-02")
    assert exports.rows("members")["birth_date"].to_list() == [date(1980, 4, 12), None, None, None]
    born = field(extracted, "birth_date")
    assert (born.row_count, born.filled_count, born.unreadable_count) == (4, 1, 3)
    assert (born.reason, born.example_file, born.example_line) == ("is not a date", "m.csv", 3)
    assert exports.quarantine("members").height == 0


def test_a_column_may_be_declared_to_reject_its_row(exports: Any) -> None:
    extracted = members(exports, "1980-04-12", "00/00/0000", "2053-05-12", bad_values={"birth_date": "reject"})
    assert exports.rows("members")["member_id"].to_list() == ["0"]
    assert exports.quarantine("members").sort("line").select("line", "kind").rows() == [
        (3, "unreadable"), (4, "implausible"),
    ]  # fmt: skip
    assert field(extracted, "birth_date").filled_count == 1


@pytest.mark.parametrize(
    ("born", "reason"),
    [
        ("2053-05-12", "is in the future; was a year of two digits read as one of this century?"),
        ("2026-07-01", "is in the future; was a year of two digits read as one of this century?"),
        ("1753-01-01", "is more than 130 years ago"),
        ("1896-06-29", "is more than 130 years ago"),
    ],
)
def test_nobody_is_born_in_the_future_or_long_ago(exports: Any, born: str, reason: str) -> None:
    counts = field(members(exports, born), "birth_date")
    assert exports.rows("members")["birth_date"].to_list() == [None]
    assert (counts.implausible_count, counts.reason, counts.example_line) == (1, reason, 2)


@pytest.mark.parametrize("born", ["1896-06-30", "2026-06-30"])
def test_the_oldest_and_the_youngest_customer_are_believed(exports: Any, born: str) -> None:
    assert field(members(exports, born), "birth_date").filled_count == 1


def test_bounds_are_declared_for_all_tables_or_for_one_column(exports: Any) -> None:
    exports.head = "reject_limit: 1\nplausible: {oldest_age: 300, largest_amount: 50}\n"
    assert field(members(exports, "1753-01-01"), "birth_date").filled_count == 1
    bounds = {"birth_date": {"min": "1900-01-01", "max": "2010-12-31"}}
    counts = field(
        members(exports, "1899-12-31", "1900-01-01", "2010-12-31", "2011-01-01", plausible=bounds), "birth_date"
    )
    assert (counts.filled_count, counts.implausible_count) == (2, 2)
    assert tickets(exports, "1,s,2026-01-01,50", "2,s,2026-01-01,50.01").rows_rejected == 1
    rows = ["1,s,2026-01-01,4.99", "2,s,2026-01-01,5", "3,s,2026-01-01,70", "4,s,2026-01-01,70.01"]
    assert tickets(exports, *rows, plausible={"total_amount": {"min": 5, "max": 70}}).rows_kept == 2


@pytest.mark.parametrize(
    ("sold_at", "total", "reason"),
    [
        ("1970-01-01T00:00:12Z", "10", "sold_at is before 1990-01-01"),
        ("1989-12-31 23:59:59", "10", "sold_at is before 1990-01-01"),
        ("1900-01-01", "10", "sold_at is before 1990-01-01"),
        ("2026-01-01", "3760123456789.00", "total_amount is above 1000000"),
        ("2026-01-01", "-1000000.01", "total_amount is below -1000000"),
        ("2026-01-01", "9999999999999999.99", "total_amount is above 1000000"),
    ],
)
def test_a_required_value_that_cannot_be_true_sends_its_row_to_quarantine(
    exports: Any, sold_at: str, total: str, reason: str
) -> None:
    extracted = tickets(exports, "1,s,2026-01-01,10", f"2,s,{sold_at},{total}")
    assert (extracted.rows_kept, extracted.rows_rejected) == (1, 1)
    (told,) = exports.quarantine("tickets").rows(named=True)
    assert (told["kind"], told["reason"], told["line"], told["is_kept"]) == ("implausible", reason, 3, False)


@pytest.mark.parametrize(("sold_at", "total"), [("1990-01-01 00:00", "1000000"), ("2026-06-30 23:59", "-1000000")])
def test_the_bounds_themselves_are_plausible(exports: Any, sold_at: str, total: str) -> None:
    assert tickets(exports, f"1,s,{sold_at},{total}").rows_kept == 1


def test_a_few_implausible_rows_stop_no_night_and_many_do(exports: Any) -> None:
    exports.head = "reject_limit: 0.2\n"
    good = [f"{number},s,2026-01-01,10" for number in range(9)]
    slips = [f"x{number},s,1970-01-01,10" for number in range(11)]
    assert tickets(exports, *good, *slips[:10]).rows_rejected == 10
    with pytest.raises(RejectLimitExceeded, match=r"(?s)11 of 20 rows .* before 1990-01-01"):
        tickets(exports, *good, *slips)


def test_without_a_declared_limit_a_handful_of_bad_rows_stops_no_night(exports: Any) -> None:
    exports.head = ""
    bad = [f"x{number},s,soon,10" for number in range(11)]
    good = [f"{number},s,2026-01-01,10" for number in range(11)]
    assert tickets(exports, *good, *bad[:10]).rows_rejected == 10
    with pytest.raises(RejectLimitExceeded, match="11 of 22 rows"):
        tickets(exports, *good, *bad)
    exports.head = "reject_limit: 0.4\n"
    with pytest.raises(RejectLimitExceeded, match="10 of 21 rows"):
        tickets(exports, *good, *bad[:10])


@pytest.mark.parametrize(("kept", "refused"), [(1, 10), (1, 1), (0, 2)])
def test_a_handful_of_bad_rows_stops_the_night_where_they_are_half_or_more(
    exports: Any, kept: int, refused: int
) -> None:
    exports.head = ""
    rows = [f"{number},s,2026-01-01,10" for number in range(kept)]
    rows += [f"x{number},s,soon,10" for number in range(refused)]
    with pytest.raises(RejectLimitExceeded, match=f"{refused} of {kept + refused} rows"):
        tickets(exports, *rows)


RETURNS = "return_id,order_id,quantity,refund_amount,returned_at,returned_via\n"


def test_a_negative_refund_is_its_magnitude_and_counted(exports: Any) -> None:
    exports.write("r.csv", RETURNS + "1,o,-1,-50.00,2026-01-01,post\n2,o,2,30,2026-01-01,post\n")
    extracted = exports.extract("returns", {"from": "r.csv"})
    rows = exports.rows("returns").select("quantity", "refund_amount").rows()
    assert rows == [(Decimal(1), Decimal("50.00")), (Decimal(2), Decimal("30.00"))]
    refund = field(extracted, "refund_amount")
    assert (refund.filled_count, refund.implausible_count, refund.example_line) == (2, 1, 2)
    assert extracted.rows_rejected == 0


def test_a_discount_is_negative_only_where_the_goods_came_back(exports: Any) -> None:
    exports.kind = "pos"
    head = "ticket_id,store_id,sold_at,total_amount,discount_amount\n"
    exports.write("t.csv", head + "1,s,2026-01-01,8,-2\n2,s,2026-01-01,-8,-2\n3,s,2026-01-01,8,2\n")
    discount = field(exports.extract("tickets", {"from": "t.csv"}), "discount_amount")
    assert exports.rows("tickets")["discount_amount"].to_list() == [Decimal(2), Decimal(-2), Decimal(2)]
    assert discount.implausible_count == 1


def test_a_line_that_came_back_is_negative(exports: Any) -> None:
    exports.kind = "pos"
    head = "ticket_id,line_no,product_id,quantity,unit_price,line_amount\n"
    exports.write("l.csv", head + "1,1,a,-1,5,5\n1,2,a,-1,5,-5\n1,3,a,-1,-5,5\n1,4,a,1,-5,-5\n")
    amount = field(exports.extract("ticket_lines", {"from": "l.csv"}), "line_amount")
    assert [int(each) for each in exports.rows("ticket_lines")["line_amount"]] == [-5, -5, 5, -5]
    assert amount.implausible_count == 1


def test_a_credit_note_among_the_orders_stays_as_it_is_and_is_counted(exports: Any) -> None:
    exports.write("orders.csv", "id,moment,total\n1,2026-01-01,-20\n2,2026-01-01,30\n")
    extracted = exports.extract_orders()
    assert exports.rows()["total_amount"].to_list() == [Decimal(-20), Decimal(30)]
    assert (field(extracted, "total_amount").implausible_count, extracted.rows_rejected) == (1, 0)


def test_points_spent_without_a_sign_are_left_and_counted(exports: Any) -> None:
    exports.kind = "crm"
    head = "movement_id,loyalty_card_id,points,kind,channel,occurred_at\n"
    rows = ["1,k,5,spent", "2,k,-5,spent", "3,k,-5,earned", "4,k,1000001,earned"]
    exports.write("p.csv", head + "".join(f"{row},store,2026-01-01\n" for row in rows))
    extracted = exports.extract("loyalty_movements", {"from": "p.csv"})
    assert exports.rows("loyalty_movements")["points"].to_list() == [5, -5, -5]
    assert (field(extracted, "points").implausible_count, extracted.rows_rejected) == (2, 1)


def test_an_end_before_its_start_is_emptied_but_a_day_without_a_time_is_that_of_the_start(exports: Any) -> None:
    exports.kind = "crm"
    ends = ["2026-01-10 09:59", "2026-01-10", "2026-01-09", "2026-01-10 10:00", "2026-01-11"]
    rows = [f"{number},phone,question,2026-01-10 10:00,{end}\n" for number, end in enumerate(ends)]
    exports.write("i.csv", "interaction_id,channel,kind,started_at,ended_at\n" + "".join(rows))
    extracted = exports.extract("interactions", {"from": "i.csv"})
    ended = [end and end.isoformat() for end in exports.rows("interactions")["ended_at"]]
    assert ended == [None, "2026-01-10T09:00:00", None, "2026-01-10T09:00:00", "2026-01-10T23:00:00"]
    assert field(extracted, "ended_at").implausible_count == 2


@pytest.mark.parametrize(
    ("score", "scale", "kept"), [(10, 10, 1), (0, 10, 1), (11, 10, 0), (-1, 10, 0), (0, 0, 0), (5, -5, 0), (3.5, 5, 1)]
)
def test_a_score_is_on_its_scale(exports: Any, score: float, scale: float, kept: int) -> None:
    exports.kind = "crm"
    exports.write("s.csv", f"response_id,kind,score,scale_max,answered_at\n1,nps,{score},{scale},2026-01-01\n")
    assert exports.extract("surveys", {"from": "s.csv"}).rows_kept == kept


def test_what_no_store_has_is_emptied(exports: Any) -> None:
    exports.kind = "pos"
    exports.write(
        "s.csv", "store_id,name,latitude,longitude,opened_on\n1,a,999,-181,1865-05-11\n2,b,inf,2.3,0002-01-01\n"
    )
    extracted = exports.extract("stores", {"from": "s.csv"})
    rows = exports.rows("stores").select("latitude", "longitude", "opened_on").rows()
    assert rows == [(None, None, date(1865, 5, 11)), (None, 2.3, None)]
    latitude = field(extracted, "latitude")
    assert (latitude.implausible_count, latitude.unreadable_count) == (1, 1)


def test_a_value_that_is_not_allowed_in_an_optional_column_is_emptied(exports: Any) -> None:
    exports.write(
        "w.csv", "event_id,visitor_id,session_id,event,occurred_at,channel,device\n1,v,s,search,2026-01-01,web,fridge\n"
    )
    device = field(exports.extract("web_events", {"from": "w.csv"}), "device")
    assert exports.rows("web_events")["device"].to_list() == [None]
    assert (device.unreadable_count, device.reason) == (1, "is not one of desktop, mobile, tablet")


def test_the_example_is_the_first_of_its_fault_in_the_order_of_the_files(exports: Any) -> None:
    exports.kind = "pos"
    exports.write("m1.csv", "id,born,made\n9,1980-01-01,\n8,never,\n")
    exports.write("m2.csv", "id,born,made\n1,nie,\n2,nunca,\n")
    counts = field(exports.extract("members", {"from": "m*.csv", "columns": MEMBERS}), "birth_date")
    assert (counts.example_file, counts.example_line, counts.unreadable_count) == ("m1.csv", 3, 3)


def test_what_typed_files_hold_is_judged_alike(exports: Any) -> None:
    exports.kind = "pos"
    path = exports.write("t.parquet", b"")
    with duckdb.connect() as connection:
        connection.execute(f"""
            copy (
                select i as ticket_id, 's' as store_id, moment as sold_at, total as total_amount, gross as gross_amount
                from (values
                    (1, timestamp '2026-01-01 10:00', 1.5::double, 18446744073709551615::ubigint),
                    (2, timestamp '1970-01-01 00:00', 1, 1),
                    (3, 'infinity'::timestamp, 1, 1),
                    (4, '-infinity'::timestamp, 1, 1),
                    (5, timestamp '2026-01-01 10:00', 'nan'::double, 1),
                    (6, timestamp '2026-01-01 10:00', 'infinity'::double, 1),
                    (7, timestamp '2026-01-01 10:00', 1e300, 1),
                    (8, timestamp '290000-01-01 10:00', 1, 1),
                    (9, timestamp '9999-12-31 23:59:59', 1, 1)
                ) as rows (i, moment, total, gross)
            ) to '{path}' (format parquet)""")
    extracted = exports.extract("tickets", {"from": "t.parquet"})
    assert exports.rows("tickets").select("ticket_id", "gross_amount").rows() == [("1", None)]
    assert (extracted.rows_rejected, extracted.rows_set_apart) == (7, 1)

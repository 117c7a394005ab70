"""What APIs of advertising do at night: the money that came is all of it, or none of it is taken and that is told."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from pipelines.errors import ConfigurationError
from tests.pulls.connectors.ad_systems import AdKit
from tests.pulls.connectors.api_server import BROKEN_OFF
from tests.pulls.connectors.conftest import Crm

DAYS = [date(2026, 2, day) for day in range(20, 29)]


@pytest.fixture
def ads(ad_kit: AdKit, open_crm: Callable[..., Crm]) -> Crm:
    """Two campaigns on nine days, in pages of four rows."""
    account = ad_kit.open()
    account.page = 4
    account.add(11, "Soldes Qzneedle")
    account.add(12, "Marque")
    for number, day in enumerate(DAYS):
        account.spend(day.isoformat(), 11, 10.25 + number)
        account.spend(day.isoformat(), 12, 1.5, 20, 2)
    crm = open_crm(account, ad_kit.connector, **ad_kit.secrets(account))
    crm.kind = "ecommerce"
    return crm


def pull(ads: Crm, **more: Any) -> Any:
    return ads.pull(**more)["spend"]


def sum_up(ads: Crm) -> tuple[int, Decimal]:
    rows = ads.extract("ad_spend")
    return rows.height, rows["amount"].sum()


ALL = (18, Decimal("141.75"))


def test_a_few_lines_bring_what_was_spent_and_each_day_agrees_with_the_account(ads: Crm) -> None:
    outcome = pull(ads)
    assert (outcome.state, outcome.rows, outcome.reconciled_by) == ("taken", 18, "day")
    assert {each.measure for each in outcome.reconciled} == {"cost", "impressions", "clicks"}
    assert all(each.difference == 0 for each in outcome.reconciled)
    [cost] = [each for each in outcome.reconciled if (each.day, each.measure) == ("2026-02-20", "cost")]
    assert cost.source == Decimal("11.75")
    assert sum_up(ads) == ALL


def test_one_page_too_few_is_a_short_pull_and_leaves_the_night_before(ads: Crm, ad_kit: AdKit) -> None:
    assert pull(ads).state == "taken"
    ads.server.change(
        ad_kit.change_pages(lambda _, page: {key: value for key, value in page.items() if key != ad_kit.following})
    )
    message = ads.fail("spend")
    assert "short pull" in message or "is not what the source has: the sum of" in message
    ads.connector = {**ads.connector, "if_not_taken": "keep"}
    assert pull(ads, full=True).state == "kept"
    assert sum_up(ads) == ALL


def test_a_page_that_comes_back_empty_in_the_middle_is_no_end(ads: Crm, ad_kit: AdKit) -> None:
    emptied: list[int] = []

    def empty(number: int, page: dict[str, Any]) -> dict[str, Any]:
        if emptied or not page.get(ad_kit.rows):
            return page
        emptied.append(number)
        return {**page, ad_kit.rows: []}

    ads.server.change(ad_kit.change_pages(empty))
    assert pull(ads).state == "taken"
    assert emptied
    assert sum_up(ads) == ALL


def test_a_campaign_that_the_account_paid_for_and_that_is_never_told_is_missed(ads: Crm, ad_kit: AdKit) -> None:
    ads.server.change(ad_kit.change_pages(lambda _, page: {**page, ad_kit.rows: page[ad_kit.rows][:-1]}))
    message = ads.fail("spend")
    assert "short pull" in message or "is not what the source has: the sum of" in message


def test_rows_may_come_in_any_order_and_twice(ads: Crm, ad_kit: AdKit) -> None:
    ads.server.change(
        ad_kit.change_pages(lambda _, page: {**page, ad_kit.rows: [*page[ad_kit.rows][::-1], *page[ad_kit.rows][:2]]})
    )
    outcome = pull(ads)
    assert (outcome.state, outcome.rows) == ("taken", 18)
    assert outcome.repeated > 0
    assert sum_up(ads) == ALL


def test_a_limit_is_waited_for_as_long_as_it_says(ads: Crm, ad_kit: AdKit) -> None:
    ads.server.fail(ad_kit.too_many(120), ad_kit.too_many(60), where=ad_kit.read)
    assert pull(ads).state == "taken"
    assert ads.server.waits == [120, 60]


def test_a_limit_of_hours_is_told(ads: Crm, ad_kit: AdKit) -> None:
    ads.server.faults.append(lambda asked: ad_kit.too_many(7_200) if ad_kit.read in asked.path else None)
    assert "lets no more requests through" in (message := ads.fail("spend"))
    assert "It asks to wait 7,200 seconds" in message


@pytest.mark.parametrize(
    "answer",
    [(500, {}, {"message": "Qzneedle"}), (503, {}, b"<html>Qzneedle"), (200, {}, b"<html>Qzneedle"), BROKEN_OFF],
    ids=["500", "503", "no JSON", "broken off"],
)
def test_a_fault_that_passes_is_asked_again(ads: Crm, ad_kit: AdKit, answer: Any) -> None:
    ads.server.fail(answer, None, answer, answer, where=ad_kit.read)
    assert pull(ads).state == "taken"
    assert sum_up(ads) == ALL


def test_a_fault_that_stays_is_told_and_takes_nothing(ads: Crm, ad_kit: AdKit) -> None:
    pull(ads)
    ads.server.faults.append(lambda asked: (500, {}, {"message": "Qzneedle"}) if ad_kit.read in asked.path else None)
    assert "has a fault of its own (HTTP 500)" in ads.fail("spend")
    assert sum_up(ads) == ALL


def test_a_credential_that_is_refused_is_told_at_once_and_not_tried_again(
    ads: Crm, ad_kit: AdKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADS_SECRET", "another")
    assert ad_kit.key in ads.fail("spend")
    assert ads.said == []
    assert len(ads.server.asked) <= 2


def test_what_is_no_list_is_no_empty_one(ads: Crm, ad_kit: AdKit) -> None:
    ads.server.change(ad_kit.change_pages(lambda *_: {"Qzneedle": 1}))
    ads.connector = {**ads.connector, "tries": 1}
    assert "answers with no list" in ads.fail("spend")


def test_a_list_that_leads_in_a_circle_is_given_up(ads: Crm, ad_kit: AdKit) -> None:
    first: list[Any] = []

    def lead_back(_: int, page: dict[str, Any]) -> dict[str, Any]:
        if ad_kit.following in page and not first:
            first.append(page[ad_kit.following])
        return {**page, ad_kit.following: first[0]} if first else page

    ads.server.change(ad_kit.change_pages(lead_back))
    ads.connector = {**ads.connector, "tries": 1}
    assert "in a circle" in ads.fail("spend")


@pytest.mark.parametrize("rows", [["Qzneedle"], [None], {"Qzneedle": 1}])
def test_rows_of_another_shape_are_told(ads: Crm, ad_kit: AdKit, rows: Any) -> None:
    ads.connector = {**ads.connector, "tries": 1}
    ads.server.change(ad_kit.change_pages(lambda _, page: {**page, ad_kit.rows: rows}))
    message = ads.fail("spend")
    assert "in another shape than Parcours knows" in message or "answers with no list" in message


def test_a_column_that_is_gone_is_not_a_night_without_spend(ads: Crm, ad_kit: AdKit) -> None:
    ads.server.change(ad_kit.change_pages(lambda _, page: {**page, ad_kit.rows: [{} for _ in page[ad_kit.rows]]}))
    assert "no longer there" in ads.fail("spend")


def test_a_look_at_the_first_rows_asks_for_one_page(ads: Crm, ad_kit: AdKit) -> None:
    outcome = pull(ads, most=3)
    assert (outcome.state, outcome.rows) == ("taken", 3)
    assert sum(ad_kit.is_page(asked) for asked in ads.server.asked) == 1


def test_what_is_spent_in_a_currency_without_a_rate_is_not_summed_with_the_retailers(ads: Crm) -> None:
    ads.account.currency = "CHF"
    pull(ads)
    assert ads.extract("ad_spend").is_empty()
    assert set(ads.lake.read("quarantine/rows", "ecommerce__ad_spend")["reason"]) == {
        "currency is CHF, not EUR: declare under exchange_rates what one CHF is in EUR"
    }
    ads.head += "exchange_rates: {CHF: 1.05}\n"
    assert ads.extract("ad_spend")["currency"].unique().to_list() == ["CHF"]


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        ({"amounts": ["campaign_id"]}, "the API sums cost, impressions, clicks only"),
        ({"select": "select 1"}, "no web API answers it"),
    ],
)
def test_what_the_api_cannot_do_is_refused(ads: Crm, declared: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        ads.configure(pulls={"spend": declared})

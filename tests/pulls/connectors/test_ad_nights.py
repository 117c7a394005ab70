"""Nights of advertising: figures of past days are restated and forgotten, campaigns are renamed and removed."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.pulls.connectors.ad_systems import AdKit
from tests.pulls.connectors.api_server import Answer, Asked
from tests.pulls.connectors.conftest import Crm


@pytest.fixture
def ads(ad_kit: AdKit, open_crm: Callable[..., Crm]) -> Crm:
    """An account whose first night is that before 2 March 2026."""
    account = ad_kit.open()
    account.add(11, "Soldes")
    account.add(12, "Marque")
    for day in range(1, 32):
        account.spend(f"2026-01-{day:02d}", 11, 10)
    account.spend("2026-02-27", 11, 20.005)
    account.spend("2026-03-01", 11, 5)
    account.spend("2026-03-01", 12, 7, 30, 3)
    crm = open_crm(account, ad_kit.connector, **ad_kit.secrets(account))
    crm.kind = "ecommerce"
    return crm


def pull(ads: Crm, **more: Any) -> Any:
    return ads.pull(**more)["spend"]


def next_night(ads: Crm, days: int = 1) -> Any:
    ads.account.now += timedelta(days=days)
    return ads.account


def spent(ads: Crm) -> dict[tuple[date, str], Decimal]:
    rows = ads.extract("ad_spend").select("date", "utm_campaign", "amount")
    return {(day, campaign): amount for day, campaign, amount in rows.iter_rows()}


def check_a_full_pull_ends_the_same(ads: Crm) -> None:
    incremental = ads.extract("ad_spend")
    assert pull(ads, full=True).state == "taken"
    assert ads.extract("ad_spend").equals(incremental)


def test_nights_of_changes_end_where_one_full_pull_ends(ads: Crm) -> None:
    first = pull(ads)
    assert (first.state, first.batch.mode, first.rows) == ("taken", "full", 34)
    account = next_night(ads)
    account.spend("2026-02-27", 11, 18.5, 90, 9)
    account.spend("2026-02-28", 12, 3)
    account.spend("2026-03-02", 11, 6)
    second = pull(ads)
    assert (second.state, second.batch.mode, second.batch.cursor_from) == ("taken", "changes", "2026-01-30")
    assert (second.rows, second.reconciled_by, second.batch.cursor_to) == (36, "day", "2026-03-02")
    told = spent(ads)
    assert told[date(2026, 2, 27), "Soldes"] == Decimal("18.50")
    assert told[date(2026, 2, 28), "Marque"] == Decimal("3.00")
    check_a_full_pull_ends_the_same(ads)


@pytest.mark.parametrize("is_whole_day", [False, True])
def test_what_is_restated_to_nothing_is_gone(ads: Crm, is_whole_day: bool) -> None:
    pull(ads)
    account = next_night(ads)
    for number in (11, 12) if is_whole_day else (12,):
        account.spend("2026-03-01", number, 0, 0, 0)
    outcome = pull(ads)
    assert (outcome.batch.mode, outcome.batch.gone) == ("changes", 2 if is_whole_day else 1)
    assert (date(2026, 3, 1), "Marque") not in spent(ads)
    check_a_full_pull_ends_the_same(ads)


def test_what_is_restated_before_the_days_that_are_asked_again_is_found_by_the_sums(ads: Crm) -> None:
    pull(ads)
    next_night(ads).spend("2026-01-03", 11, 9)
    outcome = pull(ads)
    assert (outcome.state, outcome.batch.mode) == ("taken", "full")
    assert "pulled as a whole: the changes since the last pull do not lead to what the source has" in outcome.notes[0]
    assert spent(ads)[date(2026, 1, 3), "Soldes"] == Decimal("9.00")


def test_days_that_the_api_tells_no_more_stay_also_over_a_full_pull(ads: Crm) -> None:
    account = ads.account
    account.now = datetime(2022, 12, 1, 2, tzinfo=UTC)
    account.spend("2022-11-29", 11, 4)
    account.spend("2022-11-30", 12, 3)
    assert pull(ads).rows == 2
    account.now = datetime(2026, 3, 2, 2, tzinfo=UTC)
    outcome = pull(ads)
    assert (outcome.state, outcome.batch.mode, outcome.rows) == ("taken", "changes", 36)
    account.spend("2026-03-01", 12, 0, 0, 0)
    for _ in range(2):
        outcome = pull(ads, full=True)
        assert (outcome.state, outcome.rows, outcome.reconciled_by) == ("taken", 35, "day")
        told = spent(ads)
        assert (told[date(2022, 11, 29), "Soldes"], told[date(2022, 11, 30), "Marque"]) == (Decimal(4), Decimal(3))
        assert (date(2026, 3, 1), "Marque") not in told
    assert pull(ads).rows == 35


def test_a_day_is_taken_once_it_is_over_in_the_time_zone_of_the_account(ads: Crm) -> None:
    account = ads.account
    account.zone, account.now = "America/New_York", datetime(2026, 3, 2, 4, 30, tzinfo=UTC)
    pull(ads)
    assert max(day for day, _ in spent(ads)) == date(2026, 2, 27)
    account.now = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
    pull(ads)
    assert max(day for day, _ in spent(ads)) == date(2026, 3, 1)


@pytest.mark.parametrize("days", [2, 395])
def test_a_clock_that_went_back_takes_no_day_away(ads: Crm, days: int) -> None:
    """Days that are not yet over by it are asked for by nobody, and are no days without spend."""
    next_night(ads, 5).spend("2026-03-06", 12, 8)
    pull(ads)
    before = spent(ads)
    next_night(ads, -days)
    assert pull(ads).state == "taken"
    assert spent(ads) == before


def test_a_campaign_that_is_renamed_is_one_also_in_the_past(ads: Crm) -> None:
    ads.account.spend("2026-01-02", 11, 99)
    pull(ads)
    account = next_night(ads)
    account.campaigns[11]["name"] = "Soldes hiver"
    account.spend("2026-03-02", 11, 1)
    pull(ads)
    assert {campaign for _, campaign in spent(ads)} == {"Soldes hiver", "Marque"}
    check_a_full_pull_ends_the_same(ads)


def test_campaigns_of_one_name_are_summed(ads: Crm) -> None:
    ads.account.add(13, "Soldes")
    ads.account.spend("2026-03-01", 13, 2.25, 5, 1)
    pull(ads)
    row = ads.extract("ad_spend").filter(date=date(2026, 3, 1), utm_campaign="Soldes")
    assert row.select("amount", "impressions", "clicks").rows() == [(Decimal("7.25"), 105, 11)]


def test_a_removed_campaign_has_cost_what_it_cost(ads: Crm) -> None:
    ads.account.remove(12)
    outcome = pull(ads)
    assert outcome.state == "taken"
    assert spent(ads)[date(2026, 3, 1), "Marque"] == Decimal("7.00")


def test_a_query_of_ones_own_says_under_which_names_links_are_tagged(ads: Crm) -> None:
    query = """
        select date, 'google' as utm_source, 'cpc' as utm_medium,
          case when campaign_id in (11, 12) then 'hiver' else lower(campaign_name) end as utm_campaign,
          sum(cost) as amount, currency, sum(impressions) as impressions, sum(clicks) as clicks
        from source group by all
    """
    tables = {"ad_spend": {"query": query}}
    ads.pull(tables=tables)
    rows = ads.extract("ad_spend", tables=tables).filter(date=date(2026, 3, 1))
    assert rows.select("utm_campaign", "amount", "clicks").rows() == [("hiver", Decimal("12.00"), 13)]


def test_another_account_is_not_mixed_with_the_one_before(ads: Crm) -> None:
    pull(ads)
    name = "customer" if "customer" in ads.connector else "account"
    ads.connector = {**ads.connector, name: "9999999999"}
    assert "is pulled from elsewhere, by another query or another key than the 34 rows" in ads.fail("spend")


def test_spend_that_goes_on_while_it_is_read_is_no_short_pull(ads: Crm, ad_kit: AdKit) -> None:
    def go_on(asked: Asked, answer: Answer) -> Answer:
        if ad_kit.is_page(asked):
            ads.account.spend("2026-03-01", 12, 9, 40, 4)
        return answer

    ads.server.change(go_on)
    assert pull(ads).state == "taken"


def test_an_account_without_spend_is_an_empty_table_and_counted(ads: Crm) -> None:
    ads.account.spent.clear()
    outcome = pull(ads)
    assert (outcome.state, outcome.rows, outcome.reconciled_by) == ("taken", 0, "day")
    assert ads.extract("ad_spend").is_empty()

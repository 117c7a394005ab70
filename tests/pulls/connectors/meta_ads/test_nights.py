"""What Meta refuses, by its codes whatever its status, and where its figures are not the sums of others."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from pipelines.errors import ConfigurationError
from pipelines.pulls.web import daily
from tests.pulls.connectors.ad_systems import META_ADS
from tests.pulls.connectors.api_server import Answer
from tests.pulls.connectors.conftest import Crm
from tests.pulls.connectors.meta_ads.account import MetaAdsAccount, refuse, usage


@pytest.fixture
def ads(open_crm: Callable[..., Crm]) -> Crm:
    account = MetaAdsAccount(page=4)
    account.add(11, "Soldes")
    account.add(12, "Marque")
    for day in range(10, 20):
        account.spend(f"2026-02-{day}", 11, 4.25)
        account.spend(f"2026-02-{day}", 12, 1, 20, 0)
    crm = open_crm(account, META_ADS.connector, **META_ADS.secrets(account))
    crm.kind, crm.connector = "ecommerce", {**crm.connector, "tries": 1}
    return crm


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (refuse(190, 463), "`token` is none, or has run out"),
        (refuse(190, status=401), "`token` is none, or has run out"),
        (refuse(10), "the token itself the permission `ads_read`"),
        (refuse(200, status=403), "the token itself the permission `ads_read`"),
        (refuse(100, 33), "has no such `account`"),
        (refuse(2635), "has no version v26.0 of its API any more"),
        (refuse(100), "the columns of table 'spend' have changed"),
        (refuse(3018), "refuses what is asked of table 'spend' (HTTP 400, code 3018)"),
        ((400, {}, ["Qzneedle"]), "refuses what is asked of table 'spend' (HTTP 400, code none)"),
        (refuse(190, status=200), "`token` is none, or has run out"),
    ],
)
def test_a_refusal_is_told_by_its_code_and_says_what_to_do(ads: Crm, answer: Answer, told: str) -> None:
    ads.server.fail(answer, where="/act_")
    assert told in ads.fail("spend")


@pytest.mark.parametrize("code", [4, 17, 32, 613, 80000, 80004])
def test_a_limit_is_one_though_its_status_says_that_the_request_was_wrong(ads: Crm, code: int) -> None:
    status, _, document = refuse(code)
    ads.server.fail(
        (status, {"X-Business-Use-Case-Usage": usage(2)}, document),
        (status, {"X-Ad-Account-Usage": '{"acc_id_util_pct": 100, "reset_time_duration": 45}'}, document),
        (status, {"X-Business-Use-Case-Usage": "Qzneedle", "X-Ad-Account-Usage": "[]"}, document),
        where="/insights",
    )
    assert ads.pull()["spend"].state == "taken"
    assert ads.server.waits == [120, 45, 4]


def test_a_passing_fault_of_status_400_is_asked_again(ads: Crm) -> None:
    ads.server.fail(refuse(2), refuse(1, 99, status=500), where="/insights")
    assert ads.pull()["spend"].state == "taken"


def test_the_address_of_the_next_page_is_never_asked_and_the_token_is_in_none(ads: Crm) -> None:
    assert ads.pull()["spend"].rows == 20
    assert all("EAAneedle" not in asked.query for asked in ads.server.asked)
    assert any("after=4" in asked.query for asked in ads.server.asked)


def test_a_next_page_without_a_cursor_is_told_and_not_followed(ads: Crm) -> None:
    leads_on = {"next": "https://elsewhere.example/?access_token=EAAneedle"}
    ads.server.change(META_ADS.change_pages(lambda _, page: {**page, "paging": leads_on}))
    assert "names what follows a page of table 'spend' in another form" in ads.fail("spend")


@pytest.mark.parametrize("most_days", [1, 7])
def test_a_report_that_takes_too_long_is_asked_for_in_fewer_days(
    ads: Crm, most_days: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daily, "MONTHS", 1)
    ads.account.most_days = most_days
    outcome = ads.pull()["spend"]
    assert (outcome.state, outcome.rows) == ("taken", 20)
    asked = len(ads.server.asked)
    ads.account.most_days = 400
    assert ads.pull(full=True)["spend"].rows == 20
    assert len(ads.server.asked) - asked < asked


def test_a_day_that_takes_too_long_is_told(ads: Crm) -> None:
    status, headers, document = refuse(1, message="Please reduce the amount of data you're asking for, then retry")
    ads.server.faults.append(
        lambda asked: (500, headers, document) if asked.path.endswith("/insights") and status else None
    )
    assert "cannot put together a day of table 'spend' in time" in ads.fail("spend")


def test_what_is_said_of_reports_that_take_too_long_may_be_said_of_the_account(ads: Crm) -> None:
    ads.server.fail(refuse(100, 1504018), where="/act_1234567890")
    assert "does not tell what the account is in time" in ads.fail("spend")


def test_clicks_are_those_on_links(ads: Crm) -> None:
    ads.pull()
    rows = ads.extract("ad_spend").filter(date=date(2026, 2, 10))
    assert rows.select("utm_source", "utm_medium", "utm_campaign", "clicks").rows() == [
        ("facebook", "paid_social", "Marque", 0),
        ("facebook", "paid_social", "Soldes", 10),
    ]


@pytest.mark.parametrize(("cents", "state"), [(1, "taken"), (-1, "taken"), (2, "not taken"), (-2, "not taken")])
def test_cents_by_which_rounded_figures_do_not_add_up_are_allowed_and_no_more(ads: Crm, cents: int, state: str) -> None:
    ads.account.rounding = cents
    outcome = ads.pull()["spend"]
    assert outcome.state == state
    if state == "taken":
        assert ads.extract("ad_spend")["amount"].sum() == Decimal("52.50")


@pytest.mark.parametrize(("units", "state"), [(1, "taken"), (2, "not taken")])
def test_a_currency_without_cents_is_rounded_to_its_unit(ads: Crm, units: int, state: str) -> None:
    ads.account.currency, ads.account.rounding = "JPY", 100 * units
    assert ads.pull()["spend"].state == state


def test_a_campaign_that_no_status_lets_in_is_missed_and_told(ads: Crm) -> None:
    ads.account.campaigns[12]["status"] = "OF_TOMORROW"
    assert "is not what the source has: the sum of" in ads.fail("spend")


@pytest.mark.parametrize("spend", ["Qzneedle", None, True, [1]])
def test_a_cost_of_another_kind_is_told_or_missed(ads: Crm, spend: Any) -> None:
    def write(_: int, page: dict[str, Any]) -> dict[str, Any]:
        return {**page, "data": [{**row, "spend": spend} for row in page["data"]]}

    ads.server.change(META_ADS.change_pages(write))
    message = ads.fail("spend")
    assert "cost was decimal" in message or "the sum of cost" in message


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"account": "acme"}, "'acme' is no ad account: write its number, such as act_1234567890"),
        ({"version": "26"}, "is no version of the API: write one such as v26.0"),
        ({"token": "EAAsecret"}, "must be the name of an environment variable"),
    ],
)
def test_settings_are_looked_at_before_anything_is_asked(ads: Crm, given: dict[str, str], told: str) -> None:
    ads.connector = {**ads.connector, **given}
    with pytest.raises(ConfigurationError, match=told.replace("'", ".")):
        ads.configure()

"""What Google Ads refuses, by its codes, and what lets us in."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import yaml

from pipelines.config.repository import REPOSITORY
from pipelines.errors import ConfigurationError
from tests.pulls.connectors.ad_systems import GOOGLE_ADS
from tests.pulls.connectors.api_server import Answer, Asked
from tests.pulls.connectors.conftest import Crm
from tests.pulls.connectors.google_ads.account import GoogleAdsAccount, refuse


@pytest.fixture
def ads(open_crm: Callable[..., Crm]) -> Crm:
    account = GoogleAdsAccount(page=4)
    account.add(11, "Soldes")
    for day in range(10, 20):
        account.spend(f"2026-02-{day}", 11, 0.0049)
    crm = open_crm(account, GOOGLE_ADS.connector, **GOOGLE_ADS.secrets(account))
    crm.kind, crm.connector = "ecommerce", {**crm.connector, "tries": 1}
    return crm


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (refuse(401, "UNAUTHENTICATED", authenticationError="DEVELOPER_TOKEN_INVALID"), "`developer_token`: copy it"),
        (refuse(403, "PERMISSION_DENIED", authorizationError="DEVELOPER_TOKEN_NOT_APPROVED"), "test accounts only"),
        (refuse(403, "PERMISSION_DENIED", authorizationError="USER_PERMISSION_DENIED"), "as `login_customer`"),
        (refuse(403, "PERMISSION_DENIED", authorizationError="CUSTOMER_NOT_ENABLED"), "has closed the account"),
        (refuse(403, "PERMISSION_DENIED", authorizationError="UNKNOWN"), "check `customer` and who may"),
        (refuse(400, "INVALID_ARGUMENT", requestError="INVALID_CUSTOMER_ID"), "has no account `customer`: check it"),
        (refuse(400, "INVALID_ARGUMENT", requestError="UNSUPPORTED_VERSION"), "has no version v26 of its API any more"),
        ((404, {}, b"<html>Qzneedle"), "has no version v26 of its API any more"),
        (refuse(400, "INVALID_ARGUMENT", queryError="UNRECOGNIZED_FIELD"), "the columns of table 'spend' have changed"),
        (refuse(400, "INVALID_ARGUMENT", requestError="EXPIRED_PAGE_TOKEN"), "has forgotten where a list"),
        (refuse(400, "INVALID_ARGUMENT", queryError="Qzneedle"), "refuses what is asked of table 'spend' (HTTP 400)"),
        ((400, {}, ["Qzneedle"]), "refuses what is asked of table 'spend' (HTTP 400)"),
    ],
)
def test_a_refusal_is_told_by_its_code_and_says_what_to_do(ads: Crm, answer: Answer, told: str) -> None:
    ads.server.fail(answer, answer, where=GOOGLE_ADS.read)
    assert told in ads.fail("spend")


def test_a_manager_account_is_told(ads: Crm) -> None:
    ads.account.is_manager = True
    assert "is a manager account, which has no campaigns" in ads.fail("spend")


def test_a_token_that_expires_while_pages_are_read_is_asked_for_again(ads: Crm) -> None:
    def expire(asked: Asked, answer: Answer) -> Answer:
        if asked.number in (4, 8):
            ads.account.tokens.clear()
        return answer

    ads.server.change(expire)
    assert ads.pull()["spend"].rows == 10
    assert sum(asked.path == "/token" for asked in ads.server.asked) == 3


def test_a_row_that_the_count_does_not_know_of_is_missed_by_the_sums(ads: Crm) -> None:
    def lose(_: int, page: dict[str, Any]) -> dict[str, Any]:
        is_first = page.get("nextPageToken") == "CPage4"
        return {**page, "totalResultsCount": "9", "results": page["results"][1:] if is_first else page["results"]}

    ads.server.change(GOOGLE_ADS.change_pages(lose))
    assert "is not what the source has: the sum of" in ads.fail("spend")


def test_a_page_too_few_is_told_by_the_count_of_the_query(ads: Crm) -> None:
    ads.server.change(GOOGLE_ADS.change_pages(lambda _, page: {**page, "nextPageToken": ""}))
    assert "a short pull of table 'spend': Google Ads counts 10 rows, 4 arrived" in ads.fail("spend")


def test_a_day_of_which_the_account_has_nothing_may_have_cost_no_campaign_anything(ads: Crm) -> None:
    def leave_out(asked: Asked, answer: Answer) -> Answer:
        status, headers, document = answer
        if asked.path == "/token" or "FROM customer WHERE" not in asked.body["query"]:
            return answer
        rows = [row for row in document.get("results", []) if row["segments"]["date"] != "2026-02-12"]
        return status, headers, {**document, "results": rows, "totalResultsCount": "9"}

    ads.server.change(leave_out)
    assert "the sum of" in (message := ads.fail("spend"))
    assert "of 2026-02-12 differs" in message


def test_micros_are_landed_to_the_last_and_a_manager_is_named_where_one_leads_to_the_account(ads: Crm) -> None:
    seen: list[Any] = []
    answer_as_before = ads.account.answer

    def answer(method: str, path: str, query: str, headers: Any, body: Any) -> Answer:
        seen.append(headers.get("login-customer-id"))
        told: Answer = answer_as_before(method, path, query, headers, body)
        return told

    ads.account.answer = answer
    ads.connector = {**ads.connector, "login_customer": "999-888-7777"}
    outcome = ads.pull()["spend"]
    assert {str(each.landed) for each in outcome.reconciled if each.measure == "cost"} == {"0", "0.004900"}
    assert set(seen) == {None, "9998887777"}
    assert seen[0] is None


def test_the_query_of_the_documentation_reads_names_from_what_links_are_tagged_with(ads: Crm) -> None:
    pages = (REPOSITORY / "docs" / "connectors.md").read_text(encoding="utf-8")
    [written] = re.findall(r"```yaml\n(    tables:\n      ad_spend:\n.*?)```", pages, re.DOTALL)
    ads.account.add(
        12, "Marque", finalUrlSuffix="utm_source=google&utm_campaign=marque-fr", advertisingChannelType="DISPLAY"
    )
    ads.account.spend("2026-02-19", 12, 2)
    tables = yaml.safe_load(written)["tables"]
    ads.pull(tables=tables)
    rows = ads.extract("ad_spend", tables=tables).filter(date=date(2026, 2, 19))
    assert rows.select("utm_medium", "utm_campaign", "amount").rows() == [
        ("cpc", "Soldes", Decimal("0.00")),
        ("display", "marque-fr", Decimal("2.00")),
    ]


@pytest.mark.parametrize("cost", ["12.5", "Qzneedle", True, None, [1]])
def test_a_cost_of_another_kind_is_told(ads: Crm, cost: Any) -> None:
    def write(_: int, page: dict[str, Any]) -> dict[str, Any]:
        return {
            **page, "results": [{**row, "metrics": {**row["metrics"], "costMicros": cost}} for row in page["results"]],
        }  # fmt: skip

    ads.server.change(GOOGLE_ADS.change_pages(write))
    assert "cost was a whole number of micros, and is none" in ads.fail("spend")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"customer": "12345"}, "'12345' is no account of Google Ads: write its ten digits"),
        ({"version": "26"}, "is no version of the API: write one such as v26"),
        ({"refresh_token": "1//secret"}, "must be the name of an environment variable"),
    ],
)
def test_settings_are_looked_at_before_anything_is_asked(ads: Crm, given: dict[str, str], told: str) -> None:
    ads.connector = {**ads.connector, **given}
    with pytest.raises(ConfigurationError, match=told.replace("'", ".")):
        ads.configure()

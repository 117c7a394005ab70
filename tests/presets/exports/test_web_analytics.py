"""The exports of GA4, Google Ads and Matomo, from the file to the lake."""

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest


def utc(*parts: int) -> datetime:
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001


def event(name: str, microseconds: int, visitor: str | None = "v1", **more: Any) -> dict[str, Any]:
    """A row of GA4's export to BigQuery, as its JSON has it: whole numbers are texts."""
    params = {"ga_session_id": 777, **more.pop("params", {})}
    listed = [
        {"key": key, "value": {"int_value": str(value)} if isinstance(value, int) else {"string_value": value}}
        for key, value in params.items()
    ]
    return {
        "event_date": "20260115",
        "event_timestamp": str(microseconds),
        "event_name": name,
        "event_params": listed,
        "user_pseudo_id": visitor,
        "platform": "WEB",
        "device": {"category": "mobile", "language": "fr-fr"},
        "traffic_source": {"name": "(direct)", "medium": "(none)", "source": "(direct)"},
        "items": [],
        **more,
    }


NOON = 1768474800000000  # 2026-01-15 11:00 in UTC.
EVENTS = [
    event("session_start", NOON),
    event("page_view", NOON, params={"page_referrer": "https://www.google.com/", "source": "google", "medium": "organic"}),
    event("view_item", NOON + 1, items=[{"item_id": "SAV-1", "item_name": "Savon"}]),
    event("add_to_cart", NOON + 2, items=[{"item_id": "SAV-1"}, {"item_id": "CRE-1"}], user_id="A9"),
    event("begin_checkout", NOON + 3, items=[{"item_id": "SAV-1"}]),
    event("purchase", NOON + 4, ecommerce={"transaction_id": "1001", "purchase_revenue": 12.5},
          items=[{"item_id": "SAV-1"}, {"item_id": "CRE-1"}]),
    event("page_view", NOON, "v2", platform="IOS", device={"category": "tablet"},
          collected_traffic_source={"manual_source": "news", "manual_medium": "email", "manual_campaign_name": "hiver"}),
    event("page_view", NOON, "v3", device={"category": "smart tv"}, collected_traffic_source={"gclid": "abc"}),
    event("page_view", NOON, None),
    event("scroll", NOON + 9),
]  # fmt: skip


def test_ga4_events_are_read_out_of_their_parameters_and_items(export: Any) -> None:
    export.write("events_20260115.json", "\n".join(map(json.dumps, EVENTS)))
    export.write("events_intraday_20260115.json", json.dumps(EVENTS[1]) + "\n")
    assert export.rows(
        "ga4_bigquery_events", "web_events", "events*", "visitor_id", "session_id", "account_id", "event",
        "occurred_at", "channel", "device", "product_id", "order_id", "utm_source", "utm_medium", "utm_campaign",
        "referrer",
    ) == [
        ("v1", "v1.777", None, "page_view", utc(2026, 1, 15, 11), "web", "mobile", None, None, "google", "organic",
         None, "https://www.google.com/"),
        ("v1", "v1.777", None, "product_view", utc(2026, 1, 15, 11, 0, 0, 1), "web", "mobile", "SAV-1", None, None,
         None, None, None),
        ("v1", "v1.777", "A9", "add_to_cart", utc(2026, 1, 15, 11, 0, 0, 2), "web", "mobile", "CRE-1", None, None,
         None, None, None),
        ("v1", "v1.777", "A9", "add_to_cart", utc(2026, 1, 15, 11, 0, 0, 2), "web", "mobile", "SAV-1", None, None,
         None, None, None),
        ("v1", "v1.777", None, "begin_checkout", utc(2026, 1, 15, 11, 0, 0, 3), "web", "mobile", None, None, None,
         None, None, None),
        ("v1", "v1.777", None, "purchase", utc(2026, 1, 15, 11, 0, 0, 4), "web", "mobile", None, "1001", None, None,
         None, None),
        ("v2", "v2.777", None, "page_view", utc(2026, 1, 15, 11), "app", "tablet", None, None, "news", "email",
         "hiver", None),
        ("v3", "v3.777", None, "page_view", utc(2026, 1, 15, 11), "web", None, None, None, "google", "cpc", None,
         None),
    ]  # fmt: skip
    assert export.extract("ga4_bigquery_events", "web_events", "events*").rows_filtered == 1  # The visitor unknown.
    ids = export.frame("ga4_bigquery_events", "web_events")["event_id"]
    assert ids.n_unique() == len(ids)


FLAT = "event_date,event_timestamp,event_name,user_pseudo_id,ga_session_id,user_id,platform,device_category,page_location,page_referrer,source,medium,campaign,item_id,transaction_id"


def test_flat_ga4_events_are_the_same(export: Any) -> None:
    export.write(
        "bq-results.csv",
        f"\ufeff{FLAT}\n20260115,{NOON},page_view,v1,777,,WEB,desktop,https://shop.fr/,,(direct),(none),(not set),,\n"
        f"20260115,{NOON},page_view,v1,777,,WEB,desktop,https://shop.fr/,,(direct),(none),(not set),,\n"
        f'20260115,{NOON + 1},view_item,v1,777,A9,WEB,desktop,"https://shop.fr/?q=a,b",,google,cpc,hiver,SAV-1,\n'
        "20260115,2026-01-15 11:00:05 UTC,purchase,v1,777,A9,ANDROID,mobile,,,google,cpc,hiver,(not set),1001\n"
        f"20260115,{NOON},user_engagement,v1,777,,WEB,desktop,,,,,,,\n",
    )
    assert export.rows(
        "ga4_events_flat", "web_events", "bq*", "session_id", "account_id", "event", "occurred_at", "channel",
        "product_id", "order_id", "utm_source", "utm_medium", "utm_campaign",
    ) == [
        ("v1.777", None, "page_view", utc(2026, 1, 15, 11), "web", None, None, None, None, None),
        ("v1.777", "A9", "product_view", utc(2026, 1, 15, 11, 0, 0, 1), "web", "SAV-1", None, "google", "cpc", "hiver"),
        ("v1.777", "A9", "purchase", utc(2026, 1, 15, 11, 0, 5), "app", None, "1001", "google", "cpc", "hiver"),
    ]  # fmt: skip


def test_spend_is_summed_by_day_and_campaign(export: Any) -> None:
    export.write(
        "cost.csv",
        "utm_id,utm_source,utm_medium,utm_campaign,date,impressions,clicks,cost\n"
        "1,Facebook,Paid,hiver,20260115,1000,10,12.50\n2,facebook,paid,hiver,2026-01-15,500,5,7.50\n"
        "3,facebook,paid,,2026-01-16,,,1.00\n",
    )
    assert export.rows(
        "ga4_cost_data", "ad_spend", "cost*", "date", "utm_source", "utm_medium", "utm_campaign", "amount",
        "impressions", "clicks",
    ) == [
        (date(2026, 1, 15), "facebook", "paid", "hiver", Decimal("20.00"), 1500, 15),
        (date(2026, 1, 16), "facebook", "paid", None, Decimal("1.00"), None, None),
    ]  # fmt: skip


def test_a_french_report_of_google_ads_has_titles_and_totals(export: Any) -> None:
    export.write(
        "Rapport Campagnes.csv",
        "Rapport sur les campagnes\n1 janvier 2026 - 31 janvier 2026\n"
        "Jour;État de la campagne;Campagne;Code de devise;Coût;Impr.;Clics\n"
        "2026-01-15;Activée;hiver;EUR;1 012,50;12 000;10\n2026-01-15;Activée;hiver;EUR;0,50;100;--\n"
        "Total : campagnes;;;EUR;1 013,00;12 100;10\n",
    )
    assert export.rows(
        "google_ads_campaigns", "ad_spend", "Rapport*", "date", "utm_source", "utm_medium", "utm_campaign", "amount",
        "impressions", "clicks", options={"decimal": ",", "thousands": " "},
    ) == [(date(2026, 1, 15), "google", "cpc", "hiver", Decimal("1013.00"), 12100, 10)]  # fmt: skip


SECONDS = NOON // 1_000_000
VISITS = [
    {
        "idSite": 1, "idVisit": "501", "visitorId": "abcdef", "userId": "A9", "deviceType": "Smartphone",
        "referrerType": "campaign", "referrerName": "hiver", "referrerUrl": "", "serverTimestamp": SECONDS,
        "actionDetails": [
            {"type": "action", "url": "https://shop.fr/", "timestamp": SECONDS, "pageTitle": "Accueil\n"},
            {"type": "search", "siteSearchKeyword": "savon", "timestamp": SECONDS + 1},
            {"type": "action", "url": "https://shop.fr/savon", "timestamp": SECONDS + 2, "productViewSku": "SAV-1"},
            {"type": "event", "eventCategory": "Boutique", "eventAction": "Ajout au panier", "timestamp": SECONDS + 3},
            {"type": "event", "eventCategory": "Video", "eventAction": "play", "timestamp": SECONDS + 3},
            {"type": "goal", "timestamp": SECONDS + 4},
            {"type": "ecommerceOrder", "orderId": "1001", "revenue": 12.5, "timestamp": SECONDS + 5,
             "itemDetails": [{"itemSKU": "SAV-1", "quantity": 1}]},
        ],
    },
    {
        "idSite": 1, "idVisit": "502", "visitorId": "fedcba", "userId": None, "deviceType": "Desktop",
        "referrerType": "search", "referrerName": "Google", "referrerUrl": "https://www.google.fr",
        "serverTimestamp": SECONDS,
        "actionDetails": [
            {"type": "ecommerceAbandonedCart", "timestamp": SECONDS + 6,
             "itemDetails": [{"itemSKU": "SAV-1"}, {"itemSKU": "CRE-1"}]},
        ],
    },
]  # fmt: skip
ACTIONS = [
    ("501.1.1", "abcdef", "501", "A9", "page_view", utc(2026, 1, 15, 11), "mobile", None, None, "hiver", None),
    ("501.2.1", "abcdef", "501", "A9", "search", utc(2026, 1, 15, 11, 0, 1), "mobile", None, None, "hiver", None),
    (
        "501.3.1",
        "abcdef",
        "501",
        "A9",
        "product_view",
        utc(2026, 1, 15, 11, 0, 2),
        "mobile",
        "SAV-1",
        None,
        "hiver",
        None,
    ),
    ("501.4.1", "abcdef", "501", "A9", "add_to_cart", utc(2026, 1, 15, 11, 0, 3), "mobile", None, None, "hiver", None),
    ("501.7.1", "abcdef", "501", "A9", "purchase", utc(2026, 1, 15, 11, 0, 5), "mobile", None, "1001", "hiver", None),
    (
        "502.1.1",
        "fedcba",
        "502",
        None,
        "add_to_cart",
        utc(2026, 1, 15, 11, 0, 6),
        "desktop",
        "CRE-1",
        None,
        None,
        "https://www.google.fr",
    ),
    (
        "502.1.2",
        "fedcba",
        "502",
        None,
        "add_to_cart",
        utc(2026, 1, 15, 11, 0, 6),
        "desktop",
        "SAV-1",
        None,
        None,
        "https://www.google.fr",
    ),
]
COLUMNS = (
    "event_id",
    "visitor_id",
    "session_id",
    "account_id",
    "event",
    "occurred_at",
    "device",
    "product_id",
    "order_id",
    "utm_campaign",
    "referrer",
)


def test_matomo_visits_are_events_by_their_actions(export: Any) -> None:
    export.write("visits.json", json.dumps(VISITS))
    export.write("visits2.json", json.dumps(VISITS[:1]))
    assert export.rows("matomo_visits", "web_events", "visits*", *COLUMNS) == ACTIONS


def test_matomo_visits_as_csv_have_a_column_for_each_action(export: Any) -> None:
    flat = []
    for visit in VISITS:
        row = {key: value for key, value in visit.items() if key != "actionDetails"}
        for place, action in enumerate(visit["actionDetails"]):  # type: ignore[arg-type]
            for key, value in action.items():
                if key == "itemDetails":
                    for number, item in enumerate(value):
                        row |= {f"actionDetails_{place}_itemDetails_{number}_{name}": of for name, of in item.items()}
                else:
                    row[f"actionDetails_{place}_{key}"] = value
        flat.append(row)
    header = list(dict.fromkeys(key for row in flat for key in row))
    lines = [",".join(f'"{row.get(key) if row.get(key) is not None else ""}"' for key in header) for row in flat]
    export.write("visits.csv", ("\n".join([",".join(header), *lines]) + "\n").encode("utf-16"))
    rows = export.rows("matomo_visits_csv", "web_events", "visits.csv", *COLUMNS, options={"encoding": "utf-16"})
    numbered_from_zero = [(f"{row[0][:4]}{int(row[0][4]) - 1}{row[0][5:]}", *row[1:]) for row in ACTIONS]
    assert rows == numbered_from_zero


@pytest.mark.parametrize(
    ("header", "delimiter", "preset"),
    [
        ("event_date,event_timestamp,event_name,event_params,user_pseudo_id,device,items", ",", "ga4_bigquery_events"),
        ("event_timestamp,event_name,event_params,user_pseudo_id", ",", "ga4_bigquery_events"),
        (FLAT, ",", "ga4_events_flat"),
        ("event_timestamp,event_name,user_pseudo_id,ga_session_id", ",", "ga4_events_flat"),
        ("utm_id,utm_source,utm_medium,utm_campaign,date,impressions,clicks,cost", ",", "ga4_cost_data"),
        ("Day,Campaign,Currency code,Cost,Impr.,Clicks", ",", "google_ads_campaigns"),
        ("Jour;État de la campagne;Campagne;Code de devise;Coût;Impr.;Clics", ";", "google_ads_campaigns"),
        ("idSite,idVisit,visitorId,actionDetails,deviceType,referrerType", ",", "matomo_visits"),
        (
            "idSite,idVisit,visitorId,actionDetails_0_type,actionDetails_0_timestamp,deviceType",
            ",",
            "matomo_visits_csv",
        ),
    ],
)
def test_an_export_is_recognised_by_its_columns(recognised: Any, header: str, delimiter: str, preset: str) -> None:
    assert recognised(header, delimiter) == preset

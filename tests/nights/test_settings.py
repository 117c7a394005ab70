"""`nights.yml`: what may be written, and what is wrong with it."""

from pathlib import Path

import pytest

from pipelines.config.home import Home
from pipelines.config.sources import Sources, load_sources
from pipelines.errors import ConfigurationError
from pipelines.nights.settings import FAULTS, KINDS, find_nights, load_nights, refuse_unknown_sources

EMAIL = "{type: email, to: a@b.example, from: c@d.example"


def read_faults(tmp_path: Path, text: str) -> str:
    (tmp_path / "nights.yml").write_text(text)
    with pytest.raises(ConfigurationError) as raised:
        load_nights(tmp_path / "nights.yml")
    return str(raised.value)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("starts_at: 2:00am", 'starts_at: must be a time of the day in quotes, such as "05:00"'),
        ("starts_at: '24:10'", "starts_at: must be a time of the day"),
        ("alerts: [{type: emial}]", "alerts[0]"),
        (f"alerts: [{EMAIL}, password: hunter2, user: x}}]", "is a secret: write ${NAME}"),
        ("alerts: [{type: slack, url: 'https://hooks.slack.example/T0/B0/x'}]", "is a secret: write ${NAME}"),
        ("alerts: [{type: webhook, url: 'ftp://x.example'}]", "is no address of the web"),
        ("alerts: [{type: webhook, url: 'https://jo:pw@x.example'}]", "give them as `token`"),
        (
            "alerts: [{type: webhook, url: 'https://x.example', token: '${NOT_SET_ANYWHERE}'}]",
            "NOT_SET_ANYWHERE is not",
        ),
        (f"alerts: [{EMAIL}, user: x}}]", "has only one of `user` and `password`"),
        (
            f"alerts: [{EMAIL}, user: x, password: '${{SET}}', security: none, server: mail.example}}]",
            "would send the password unencrypted",
        ),
        ("alerts: [{type: email, to: 'a@b.example, c', from: c@d.example}]", "is no mailbox"),
        (f"alerts: [{EMAIL}, name: x}}, {EMAIL}, name: x}}]", "'x' is the name of another one"),
        (f"alerts: [{EMAIL}, on: [fialed]}}]", "'fialed' is not one of"),
        (f"alerts: [{EMAIL}, sever: x}}]", "did you mean 'server'?"),
        ("freshness: {shop: {then: stop}}", "give one"),
        ("freshness: {shop: {expected_by: '05:00', max_age_hours: 3}}", "give one"),
        ("freshness: {shop: {expected_by: '05:00', wait_until: '04:00'}}", "waits until before the source is expected"),
        (
            "alerts: [{type: mail, to: a@b.example}]",
            "].type: unknown type 'mail', did you mean 'email'? (known: email, ",
        ),
        ("alerts: [{to: a@b.example}]", "alerts[0]: missing: add the key 'type'"),
        (f"alerts: [{EMAIL}, server: 'a b'}}]", "'a b' is no mail server"),
        (f"alerts: [{EMAIL}, name: 'a b'}}]", "'a b' must begin with a letter"),
        ("heartbeat: {url: 'https://x.example', start: /a b}", "start: '/a b' cannot end an address"),
        ("heartbeat: {url: 'https://x.example', fial: /1}", "did you mean 'fail'?"),
    ],
)
def test_a_fault_is_told_with_its_place_and_the_way_out(
    tmp_path: Path, text: str, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SET", "x")
    told = read_faults(tmp_path, f"# a line before\n{text}\n")
    assert fault in told
    assert "nights.yml:2" in told
    assert "docs/nights.md" in told


def test_no_secret_is_shown_of_what_was_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "https://needle-9981.example")
    (tmp_path / "nights.yml").write_text(
        f"alerts: [{EMAIL}, user: u, password: '${{SECRET}}'}}, {{type: slack, url: '${{SECRET}}'}}]\n"
    )
    nights = load_nights(tmp_path / "nights.yml")
    assert "needle" not in repr(nights) + str(nights) + nights.model_dump_json()
    assert nights.channels().keys() == {"email-1", "slack-2"}
    assert nights.channels()["email-1"].on == KINDS
    assert nights.channels()["slack-2"].on == FAULTS


def test_without_a_file_a_night_is_as_by_default(tmp_path: Path) -> None:
    home, beside = Home(tmp_path / "home"), tmp_path / "conf"
    beside.mkdir()
    assert find_nights(home, beside / "sources.yml") is None
    (beside / "nights.yml").write_text("starts_at: '03:30'\n")
    assert load_nights(find_nights(home, beside / "sources.yml")).starts_at.hour == 3
    home.root.mkdir()
    (home.root / "nights.yml").write_text("starts_at: '04:30'\n")
    assert load_nights(find_nights(home, beside / "sources.yml")).starts_at.hour == 4, "the home's own comes first"


def test_freshness_of_what_is_not_in_sources_yml_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "sources.yml").write_text(
        "sources:\n- name: shop\n  kind: ecommerce\n  connector: {type: files, root: .}\n"
        "  tables: {orders: {from: o.csv}}\n"
    )
    sources: Sources = load_sources(tmp_path / "sources.yml")
    (tmp_path / "nights.yml").write_text(
        "freshness: {shpo: {max_age_hours: 2}, shop: {max_age_hours: 2, tables: [order]}}\n"
    )
    with pytest.raises(ConfigurationError) as raised:
        refuse_unknown_sources(load_nights(tmp_path / "nights.yml"), sources)
    assert "there is no source 'shpo' in sources.yml, did you mean 'shop'?" in str(raised.value)
    assert "source 'shop' has no table 'order', did you mean 'orders'?" in str(raised.value)

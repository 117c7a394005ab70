"""What is to be told arrives once, by every way that is declared; what does not arrive is tried again, and told."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipelines.config.home import Home
from pipelines.nights import outbox
from pipelines.nights.alert import Alert
from pipelines.nights.settings import Nights, load_nights
from tests.nights.listeners import MailServer, WebServer

NOW = datetime.now(UTC)
ALERT = Alert("failed-r1", "failed", "Parcours: it failed", "What failed\n", facts={"run_id": "r1"})


def test_an_alert_arrives_by_mail_slack_and_webhook_once(
    home: Home, nights: Nights, mail: MailServer, web: WebServer
) -> None:
    said: list[str] = []
    assert outbox.put(home, ALERT, NOW)
    for _ in range(2):
        outbox.deliver(home, nights, NOW, said.append, patiently=True)
        assert not outbox.put(home, ALERT, NOW), "it is no news any more"
    [message] = mail.messages
    assert message["Subject"] == "Parcours: it failed"
    assert message["To"] == "ops@shop.example, jo@shop.example"
    assert [len(addressees) for _, addressees in mail.envelopes] == [2]
    assert message.get_content().strip() == "What failed"
    assert mail.logins
    hooked, slacked = sorted(web.calls, key=lambda call: call.path)
    assert (hooked.path, slacked.path) == ("/hook", "/slack-needle-73")
    assert hooked.headers["Authorization"] == "Bearer token-needle-72"
    assert hooked.json == {
        "key": "failed-r1", "kind": "failed", "subject": ALERT.subject, "text": ALERT.text, "run_id": "r1",
    }  # fmt: skip
    assert slacked.json == {"text": "*Parcours: it failed*\nWhat failed\n"}
    assert said == []
    assert outbox.list_undelivered(home, nights, NOW) == []


def test_what_a_server_refuses_for_now_is_tried_again_and_the_others_are_not_told_twice(
    home: Home, nights: Nights, mail: MailServer, web: WebServer
) -> None:
    mail.refuses, said = 2, list[str]()
    outbox.put(home, ALERT, NOW)
    outbox.deliver(home, nights, NOW, said.append, patiently=True)
    assert (len(mail.messages), len(web.calls)) == (1, 2)
    assert len(said) == 2
    assert "SMTP 451" in said[0]


def test_attempts_are_bounded_and_no_word_of_a_server_or_secret_is_repeated(
    home: Home, nights: Nights, mail: MailServer, web: WebServer
) -> None:
    mail.refuses, mail.answer, said = 99, b"451 needle-of-the-server", list[str]()
    outbox.put(home, ALERT, NOW)
    for _ in range(3):
        outbox.deliver(home, nights, NOW, said.append, patiently=True)
    assert mail.refuses == 99 - 3
    assert "tried again in an hour" in said[-1]
    [undelivered] = outbox.list_undelivered(home, nights, NOW)
    assert (undelivered.channel, undelivered.is_given_up) == ("mail", False)
    for hours in (2, 3, 80):
        outbox.deliver(home, nights, NOW + timedelta(hours=hours), said.append)
    assert mail.refuses == 99 - 3 - 2, "one an hour, and none after three days"
    assert outbox.list_undelivered(home, nights, NOW + timedelta(hours=80))[0].is_given_up
    assert outbox.list_undelivered(home, nights, NOW + timedelta(days=9)) == []
    kept = "".join(file.read_text() for file in home.root.rglob("*.json")) + "".join(said)
    assert "needle" not in kept


@pytest.mark.parametrize(("status", "attempts"), [(404, 1), (302, 1), (503, 3), (429, 3)])
def test_what_will_never_be_taken_is_not_tried_again(
    home: Home, nights: Nights, web: WebServer, status: int, attempts: int
) -> None:
    only = nights.model_copy(update={"alerts": nights.alerts[2:]})
    web.answers = [status] * 9
    outbox.put(home, ALERT, NOW)
    outbox.deliver(home, only, NOW, lambda _: None, patiently=True)
    assert web.paths == ["/hook"] * attempts, "and a redirect is not followed"


def test_without_patience_one_attempt_is_made_and_the_next_when_its_time_has_come(
    home: Home, nights: Nights, web: WebServer
) -> None:
    only = nights.model_copy(
        update={"alerts": nights.alerts[2:], "delivery": nights.delivery.model_copy(update={"pause_seconds": 60})}
    )
    web.answers = [503]
    outbox.put(home, ALERT, NOW)
    for now in (NOW, NOW + timedelta(seconds=1)):
        outbox.deliver(home, only, now, lambda _: None)
    assert len(web.calls) == 1
    outbox.deliver(home, only, datetime.now(UTC) + timedelta(minutes=2), lambda _: None)
    assert len(web.calls) == 2
    assert outbox.list_undelivered(home, only, NOW) == []


def test_a_server_that_is_down_is_told_by_what_it_is(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "nights.yml"
    file.write_text(
        "delivery: {attempts: 1, timeout_seconds: 2}\nalerts:\n"
        "- {type: email, to: a@b.example, from: c@d.example, server: 127.0.0.1, port: 9, security: none}\n"
        "- {type: webhook, url: 'http://127.0.0.1:9/'}\n"
        "- {type: webhook, url: 'http://no-such-host.invalid/'}\n"
    )
    said: list[str] = []
    outbox.put(home, ALERT, NOW)
    outbox.deliver(home, load_nights(file), NOW, said.append, patiently=True)
    assert ["refused" in line.lower() for line in said] == [True, True, False]
    assert all("in an hour" in line for line in said)


def test_news_of_last_week_are_not_sent(home: Home, nights: Nights, mail: MailServer) -> None:
    outbox.put(home, ALERT, NOW - timedelta(days=4))
    outbox.deliver(home, nights, NOW, lambda _: None)
    assert mail.messages == []


def test_many_who_notice_the_same_at_once_tell_it_once(home: Home, nights: Nights, mail: MailServer) -> None:
    def notice() -> None:
        outbox.put(home, ALERT, NOW)
        outbox.deliver(home, nights, NOW, lambda _: None, patiently=True)

    threads = [threading.Thread(target=notice) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(mail.messages) == 1


def test_a_subject_with_a_line_break_adds_no_header(home: Home, nights: Nights, mail: MailServer) -> None:
    odd = Alert("failed-r2", "failed", "Parcours: a\\u000aBcc: x@y.example é", "Text é\n.\nafter a dot\n")
    outbox.put(home, odd, NOW)
    outbox.deliver(home, nights, NOW, lambda _: None, patiently=True)
    [message] = mail.messages
    assert message["Bcc"] is None
    assert "after a dot" in message.get_content()

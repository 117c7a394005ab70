"""Servers to be told by, and a home with a `nights.yml` that names them."""

from pathlib import Path

import pytest

from pipelines.config.home import Home
from pipelines.nights.settings import Nights, load_nights
from tests.nights.listeners import MailServer, WebServer

NIGHTS = """
good_within_hours: 26
owners: {{"team:data-platform": "Jo, jo@shop.example"}}
delivery: {{attempts: 3, pause_seconds: 0.01, timeout_seconds: 5}}
alerts:
  - {{type: email, name: mail, to: [ops@shop.example, jo@shop.example], from: nights@shop.example,
     server: 127.0.0.1, port: {mail}, security: none, user: jo, password: "${{MAIL_PASSWORD}}"}}
  - {{type: slack, url: "${{SLACK}}"}}
  - {{type: webhook, url: "http://127.0.0.1:{web}/hook", token: "${{HOOK_TOKEN}}"}}
heartbeat: {{url: "http://127.0.0.1:{web}/beat"}}
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "home").mkdir(mode=0o700)
    return Home(tmp_path / "home")


@pytest.fixture
def nights(home: Home, mail: MailServer, web: WebServer, monkeypatch: pytest.MonkeyPatch) -> Nights:
    monkeypatch.setenv("MAIL_PASSWORD", "pw-needle-71")
    monkeypatch.setenv("HOOK_TOKEN", "token-needle-72")
    monkeypatch.setenv("SLACK", f"http://127.0.0.1:{web.port}/slack-needle-73")
    file = home.root / "nights.yml"
    file.write_text(NIGHTS.format(mail=mail.port, web=web.port))
    return load_nights(file)

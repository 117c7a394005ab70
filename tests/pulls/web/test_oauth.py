"""Tokens that are given for a while: how long one is believed to live."""

from typing import Any, cast

import pytest

from pipelines.pulls.web import oauth
from pipelines.pulls.web.client import Answer, WebClient
from pipelines.pulls.web.oauth import LIFE, LONGEST_LIFE, ClientCredentials


class Giver:
    """Gives a token that is said to live for ``life`` seconds."""

    shown = "the shop"

    def __init__(self, life: object) -> None:
        self.life, self.given = life, 0

    def ask(self, *_: object, **__: object) -> Answer:
        self.given += 1
        return Answer(200, {}, {"access_token": f"token {self.given}", "expires_in": self.life}, cast(Any, None))


@pytest.mark.parametrize(
    ("said", "lives"), [(7_200, 7_200), (None, LIFE), ("7200", LIFE), (10**400, LONGEST_LIFE), (10**8, LONGEST_LIFE)]
)
def test_a_token_lives_as_long_as_is_said_up_to_a_day(
    said: object, lives: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_000.0
    monkeypatch.setattr(oauth.time, "monotonic", lambda: now)
    giver = Giver(said)
    credentials = ClientCredentials(
        client=cast(WebClient, giver), path="/token", client_id="id", client_secret="secret"
    )
    credentials.headers()
    now += lives - oauth.MARGIN - 1
    assert credentials.headers() == {"Authorization": "Bearer token 1"}
    now += 2
    assert credentials.headers() == {"Authorization": "Bearer token 2"}

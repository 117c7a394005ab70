"""The key of a service account of Google's: it signs an assertion that is exchanged for a token (RFC 7523)."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.pulls.errors import SourceError
from pipelines.pulls.extras import need
from pipelines.pulls.web.oauth import GivenToken

GIVER = "https://oauth2.googleapis.com"
PATH = "/token"
SCOPE = "https://www.googleapis.com/auth/bigquery.readonly"
LONGEST = 3_600  # Seconds that an assertion may hold.


@dataclass(kw_only=True)
class ServiceAccount(GivenToken):
    """``email`` says who asks, ``signer`` signs that."""

    email: str = field(repr=False)
    signer: Any = field(repr=False)
    key: str = "credentials"

    def form(self) -> Mapping[str, str]:
        now = int(time.time())
        claims = {"iss": self.email, "scope": SCOPE, "aud": GIVER + PATH, "iat": now, "exp": now + LONGEST}
        signed: bytes = need("google.auth.jwt", "gcs", type_="ga4").encode(self.signer, claims)
        return {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": signed.decode()}

    def remedy(self) -> tuple[str, str]:
        told = "check that the key was neither deleted nor has expired, and that the clock of this machine is right"
        return f"`{self.key}`", told


def read_key(file: Path, shown: str) -> tuple[str, Any]:
    """Whose key the file holds, and what signs with it. Raises SourceError where it holds none; ``shown`` names it."""
    library = need("google.auth.crypt", "gcs", type_="ga4")
    reason = f"is no file: {shown}"
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        email = told.get("client_email") if isinstance(told, dict) else None
        if isinstance(email, str) and told.get("type") == "service_account":
            return email, library.RSASigner.from_service_account_info(told)
        reason = "is not the key of a service account, as Google's console gives it in JSON"
    except OSError:
        pass
    except (ValueError, KeyError, TypeError, RecursionError):
        reason = "is not the key of a service account, or is damaged"
    raise SourceError(f"`credentials` of GA4 {reason}.")

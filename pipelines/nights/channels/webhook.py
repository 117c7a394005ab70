"""By a POST of JSON: the key, the kind, the subject, the text, and the facts as they are."""

from pipelines.nights.alert import Alert
from pipelines.nights.channels import http
from pipelines.nights.settings import Webhook


def send(alert: Alert, channel: Webhook, timeout: float) -> None:
    """Raises DeliveryError."""
    document = {**alert.facts, "key": alert.key, "kind": alert.kind, "subject": alert.subject, "text": alert.text}
    headers = {"Authorization": f"Bearer {channel.token.reveal()}"} if channel.token else {}
    http.post_json(channel.url.reveal(), document, timeout, headers)

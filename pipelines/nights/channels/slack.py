"""By an incoming webhook of Slack."""

from pipelines.nights.alert import Alert
from pipelines.nights.channels import http
from pipelines.nights.settings import Slack

LONGEST_TEXT = 3_500  # Characters; Slack cuts messages off at forty thousand, and people long before.


def send(alert: Alert, channel: Slack, timeout: float) -> None:
    """Raises DeliveryError."""
    text = alert.text if len(alert.text) <= LONGEST_TEXT else f"{alert.text[:LONGEST_TEXT]} ..."
    http.post_json(channel.url.reveal(), {"text": f"*{_escape(alert.subject)}*\n{_escape(text)}"}, timeout)


def _escape(text: str) -> str:
    """As Slack asks for: no name of a file mentions a person or becomes a link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

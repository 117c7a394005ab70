"""By e-mail: one message to all, plain text with an HTML page beside it where there is one."""

import smtplib
import socket
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from pipelines.nights.alert import Alert
from pipelines.nights.channels.delivery_error import DeliveryError
from pipelines.nights.settings import Email

PORTS = {"starttls": 587, "tls": 465, "none": 25}


def send(alert: Alert, channel: Email, timeout: float) -> None:
    """Raises DeliveryError where no addressee was told."""
    try:
        with _connect(channel, timeout) as server:
            if channel.security == "starttls":
                server.starttls(context=ssl.create_default_context())
            if channel.user is not None and channel.password is not None:
                server.login(channel.user.reveal(), channel.password.reveal())
            server.send_message(_write(alert, channel), channel.from_, list(channel.to))
    except smtplib.SMTPException as fault:
        raise DeliveryError(_explain(fault), is_lasting=_is_lasting(fault)) from None
    except (ssl.SSLError, ssl.CertificateError):
        raise DeliveryError("the mail server's certificate is not trusted, or it speaks no TLS") from None
    except TimeoutError:
        raise DeliveryError("the mail server does not answer in time") from None
    except socket.gaierror:
        raise DeliveryError("the mail server's name is not known") from None
    except (OSError, UnicodeError) as fault:
        reason = fault.strerror if isinstance(fault, OSError) and fault.strerror else "no connection"
        raise DeliveryError(f"the mail server cannot be reached ({reason})") from None


def _connect(channel: Email, timeout: float) -> smtplib.SMTP:
    port = channel.port or PORTS[channel.security]
    if channel.security == "tls":
        return smtplib.SMTP_SSL(channel.server, port, timeout=timeout, context=ssl.create_default_context())
    return smtplib.SMTP(channel.server, port, timeout=timeout)


def _write(alert: Alert, channel: Email) -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = alert.subject
    message["From"] = channel.from_
    message["To"] = ", ".join(channel.to)
    message["Date"] = formatdate(localtime=False)
    message["Message-ID"] = make_msgid(domain=channel.from_.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"  # No notice of absence comes back.
    message["X-Parcours-Key"] = alert.key
    message.set_content(alert.text)
    if alert.html is not None:
        message.add_alternative(alert.html, subtype="html")
    return message


def _is_lasting(fault: smtplib.SMTPException) -> bool:
    if isinstance(fault, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in fault.recipients.values())
    if isinstance(fault, smtplib.SMTPResponseException):
        return fault.smtp_code >= 500
    return isinstance(fault, smtplib.SMTPNotSupportedError)


def _explain(fault: smtplib.SMTPException) -> str:
    """By the kind of the fault: the words of a server may repeat an address."""
    kinds: tuple[tuple[type[smtplib.SMTPException], str], ...] = (
        (smtplib.SMTPAuthenticationError, "the mail server refuses the user or the password"),
        (smtplib.SMTPNotSupportedError, "the mail server offers no STARTTLS, or no login: correct `security`"),
        (smtplib.SMTPSenderRefused, "the mail server refuses the sender"),
        (smtplib.SMTPRecipientsRefused, "the mail server refuses every addressee"),
        (smtplib.SMTPServerDisconnected, "the mail server has closed the connection"),
    )
    for kind, said in kinds:
        if isinstance(fault, kind):
            return said
    code = f" (SMTP {fault.smtp_code})" if isinstance(fault, smtplib.SMTPResponseException) else ""
    return f"the mail server refuses the message{code}"

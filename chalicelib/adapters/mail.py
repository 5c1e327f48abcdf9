"""
Mail as a call: one message through SES, or through an SMTP server of the developer's own machine.

The answer is what the e-mail destination reads: `{"message_id": …}`, or the server's code and words.
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlsplit

from chalicelib.adapters.aws import Clients
from chalicelib.model import Call, NoReply, Reply

SES = "ses:"
SMTP = "smtp:"

_ADDRESS = re.compile(r'(?:"[^"]*"|[^,"])+')


def is_mail(call: Call) -> bool:
    """
    Whether a call is a message and not a request.
    """
    return call.url.startswith((SES, SMTP))


def send(call: Call, clients: Clients, *, timeout_seconds: float) -> Reply | NoReply:
    """
    Hand one message over. Never raises for what the server or the network does.
    """
    if call.url.startswith(SES):
        return _by_ses(call, clients.ses(timeout_seconds))
    return _by_smtp(call, timeout_seconds)


def _by_ses(call: Call, client: Any) -> Reply | NoReply:
    """
    A request that SES did not answer may have sent the message; one that never reached it has not.
    """
    from botocore import exceptions  # noqa: PLC0415 - only mail needs it

    unsent = (exceptions.ConnectTimeoutError, exceptions.EndpointConnectionError, exceptions.NoCredentialsError)
    try:
        answer = client.send_email(
            FromEmailAddress=call.headers["from"],
            Destination={"ToAddresses": _recipients(call)},
            Content={"Raw": {"Data": call.body}},
        )
    except exceptions.ClientError as error:
        said = error.response.get("Error", {})
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
        return _answer(status, code=said.get("Code", ""), message=said.get("Message", ""))
    except unsent as error:
        return NoReply(reason=type(error).__name__, sent=False)
    except (exceptions.BotoCoreError, exceptions.HTTPClientError) as error:
        return NoReply(reason=type(error).__name__)
    return _answer(200, message_id=answer["MessageId"])


def _by_smtp(call: Call, timeout_seconds: float) -> Reply | NoReply:
    """
    SMTP's 4xx mean "later" and its 5xx "never", the other way round than HTTP's: they are told as what they mean.
    """
    import smtplib  # noqa: PLC0415 - a developer's machine only

    parts = urlsplit(call.url)
    connected = False
    try:
        with smtplib.SMTP(parts.hostname or "", parts.port or 25, timeout=timeout_seconds) as server:
            connected = True
            server.sendmail(call.headers["from"], _recipients(call), call.body)
    except smtplib.SMTPRecipientsRefused as error:
        return _refused(*next(iter(error.recipients.values())))
    except smtplib.SMTPResponseException as error:
        return _refused(error.smtp_code, error.smtp_error)
    except (smtplib.SMTPException, OSError) as error:
        return NoReply(reason=type(error).__name__, sent=connected)
    return _answer(200, message_id="smtp")


def _refused(code: int, words: bytes | str) -> Reply:
    message = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    if code < 500:
        return _answer(503, code="SmtpBusy", message=f"{code} {message}")
    return _answer(400, code="SmtpRefused", message=f"{code} {message}")


def _recipients(call: Call) -> list[str]:
    """
    The addresses of the envelope. A quoted name may hold commas, which must not become addresses of others.
    """
    return [each.strip() for each in _ADDRESS.findall(call.headers["to"])]


def _answer(status: int, **said: str) -> Reply:
    body = json.dumps(said, ensure_ascii=False).encode()
    return Reply(status=status, headers={"content-type": "application/json"}, body=body)

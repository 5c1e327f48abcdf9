"""
E-mail's operations, settings and templates, and who may not be answered.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from chalicelib.destinations.checks import setting
from chalicelib.destinations.declared import by_name
from chalicelib.destinations.forms import Terms, accept
from chalicelib.destinations.kit import Field, Operation, Setting
from chalicelib.model import Destination, Effect
from chalicelib.value import value

SES: Final = "ses"
ADDRESS: Final = "email"
AUTO_REPLY: Final = "auto_reply"
NOTICE: Final = "notice"
INQUIRY: Final = "inquiry"
RECIPIENTS_MAX: Final = 5
SERVER = re.compile(r"ses|smtp://(?:127\.0\.0\.1|localhost|\[::1\]):[0-9]{1,5}")

_SENDER = re.compile(r"(?:\s*(?P<name>[^<>]*?)\s*<(?P<inner>[^<>\s]+)>|(?P<bare>[^<>\s]+))\s*")
_ROBOTS = re.compile(r"(?i:mailer-daemon|postmaster|no-?reply|do-?not-?reply|bounces?|abuse)(?:[+._-].*)?@.*")

EMAIL = Field(name=ADDRESS, label="メールアドレス", required=True, chars_max=254, form="email", identity=True)
TEMPLATE = Setting(name="template", required=True, help="the template's name")
TO = Setting(name="to", kind="texts", required=True, help=f"who gets it: at most {RECIPIENTS_MAX} constant addresses")

SETTINGS: Mapping[str, Setting] = by_name(
    Setting(name="from", required=True, help="the sender: an address that is verified in SES, with a name if you like"),
    Setting(name="server", default=SES, help="`ses`, or an SMTP server of this machine for trying"),
    Setting(name="templates", kind="table", required=True, help="template to subject and text"),
    Setting(name="replies_per_day", kind="integer", default=3, least=1, most=100, help="answers that one address gets"),
    Setting(name="repeat_harmless", kind="flag", help="whether an unanswered call is made again"),
    Setting(name="calls_per_day", kind="integer", default=200, least=1, help="what SES lets you send in 24 hours"),
    Setting(name="calls_per_second", kind="number", default=1, help="what SES lets you send in a second"),
    Setting(name="burst", kind="integer", default=1, least=1, most=100, help="messages that may go at once"),
    Setting(name="timeout_seconds", kind="seconds", default=20, least=1, most=60, help="patience with one call"),
)

OPERATIONS: Mapping[str, Operation] = {
    AUTO_REPLY: Operation(
        name=AUTO_REPLY,
        label="Answer the visitor",
        effect=Effect.DATA,
        fields={ADDRESS: EMAIL},
        open_fields=True,
        settings={"template": TEMPLATE},
        repeat_harmless=False,
        merges=False,
    ),
    NOTICE: Operation(
        name=NOTICE,
        label="Tell staff",
        effect=Effect.DATA,
        open_fields=True,
        settings={"template": TEMPLATE, "to": TO},
        merges=False,
    ),
    INQUIRY: Operation(
        name=INQUIRY,
        label="Put the inquiry into a mailbox, to be answered there",
        effect=Effect.DATA,
        fields={ADDRESS: EMAIL},
        open_fields=True,
        settings={"template": TEMPLATE, "to": TO},
        merges=False,
    ),
}


@value
class Sender:
    """
    Who the messages are from: an address, and a name that may be Japanese.
    """

    address: str
    name: str = ""


def sender_of(destination: Destination) -> Sender | None:
    """
    The sender that `from` names, or None where it names none.
    """
    found = _SENDER.fullmatch(str(destination.settings.get("from") or ""))
    if found is None:
        return None
    name, address = (found["name"] or "").strip('"'), found["inner"] or found["bare"]
    return Sender(address=address, name=name) if is_address(address) and name.isprintable() else None


def is_address(text: str) -> bool:
    """
    Whether a text is one e-mail address, as it will be used.
    """
    return accept(EMAIL, text, Terms()) == text


def template_of(destination: Destination, name: str) -> tuple[str, str] | None:
    """
    The subject and the text of a template, or None where there is no such one.
    """
    table: Any = setting(destination, SETTINGS, "templates")
    found = table.get(name) if isinstance(table, Mapping) else None
    if not isinstance(found, Mapping):
        return None
    subject, text = found.get("subject"), found.get("text")
    return (subject, text) if isinstance(subject, str) and isinstance(text, str) else None


def robot(address: str, sender: Sender | None) -> bool:
    """
    Whether an answer would go round in a circle: to ourselves, or to an address that machines write from.
    """
    return bool(_ROBOTS.fullmatch(address)) or (sender is not None and address.lower() == sender.address.lower())

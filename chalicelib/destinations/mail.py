"""
E-mail: an answer to the visitor, a notice to staff, an inquiry into a mailbox (Mail Dealer's, or any other).

One call is one message, made from a template of relay.toml. It leaves through Amazon SES, or on a developer's machine
through an SMTP server that listens there.

- Mail Dealer's API creates no inquiries, so one reaches it the ordinary way: as mail to the mailbox's address, with the
  visitor in Reply-To. (Mail Dealer manual, API連携; checked 2026-11.)
- Limits: 200 messages in 24 hours and one a second in SES's sandbox, what AWS grants outside of it; every recipient
  counts. SES counts any 24 hours, Ekiden the days of Tokyo: what SES refuses beyond that waits. (Amazon SES Developer
  Guide, Managing your sending limits; checked 2026-11.)
- A repeat is a second message. A notice or an inquiry is made again, as one too many is better than none; a visitor's
  answer is not: without a clear reply it is held for a person. SES puts its own Message-ID in place of ours, so that
  the header X-Ekiden-Delivery tells a repeat.
- Nobody is bombed with answers: one address gets `replies_per_day` of them, and machines' addresses none.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from chalicelib.destinations import declared_answers, declared_fields
from chalicelib.destinations.checks import setting
from chalicelib.destinations.declared import Declaration, Match
from chalicelib.destinations.declared_fields import Pace
from chalicelib.destinations.forms import Terms, accept, missing
from chalicelib.destinations.kit import Field, Operation, Overflow, PrepareResult, Settings, Vendor
from chalicelib.destinations.mail_checks import check, check_route, names_of
from chalicelib.destinations.mail_terms import (
    ADDRESS,
    AUTO_REPLY,
    INQUIRY,
    OPERATIONS,
    SES,
    SETTINGS,
    Sender,
    robot,
    sender_of,
    template_of,
)
from chalicelib.destinations.replies import Causes
from chalicelib.destinations.signing import batch_id
from chalicelib.destinations.templates import fill
from chalicelib.model import Batch, Call, Destination, Lane, MergeRules, NoReply, Prepared, Problem, Reading, Reply
from chalicelib.model.arrival import Json

if TYPE_CHECKING:
    from email.message import EmailMessage

CAUSES = Causes(
    vendor="The mail server",
    keys="Check that the address or domain of from is verified in SES in this region, and that SES may still send.",
    address="Check from and server of this destination.",
)
_QUOTA = "TooManyRequestsException", "Throttling", "ThrottlingException", "LimitExceededException"
_PAUSED = "AccountSuspendedException", "SendingPausedException", "MailFromDomainNotVerifiedException"
ANSWERS = Declaration(
    label="email",
    headers={},
    fields={},
    open_fields=True,
    success=Match(when="body.message_id"),
    classes=(
        ("busy", Match(when="contains(body.message || '', 'sending rate')")),
        ("quota", Match(when=f"body.code && contains({list(_QUOTA)}, body.code)")),
        ("paused", Match(when=f"body.code && contains({list(_PAUSED)}, body.code)")),
        ("paused", Match(when="body.code == 'MessageRejected' && contains(body.message || '', 'not verified')")),
        ("busy", Match(when="body.code == 'SmtpBusy'")),
    ),
    result={"message_id": "body.message_id"},
    proof="accepted",
)
"""
What the adapter's answers mean: `{"message_id": …}`, or SES's and SMTP's own codes and words.
"""


def lane(destination: Destination, name: str) -> Lane:
    """
    A day's messages, and so many a second.
    """
    given = {key: setting(destination, SETTINGS, key) for key in SETTINGS if key != "templates"}
    return declared_fields.lane_of(given, name, Pace(slug="email", batching=False, calls_per_second=1, burst=1))


def prepare(
    operation: Operation,
    fields: Mapping[str, Json],
    settings: Settings,
    destination: Destination,
    overflow: Overflow,
) -> PrepareResult:
    """
    The values that the template asks for, or every reason why there is no message.
    """
    known = names_of(operation, settings.get("template", ""), destination)
    terms = Terms(substitutes=destination.substitutes, overflow=overflow)
    payload: dict[str, str] = {}
    problems: list[Problem] = []
    for name, found in fields.items():
        if name not in known:
            problems.append(Problem(field=name, code="unknown", text="is no place of this template"))
            continue
        shaped = accept(operation.fields.get(name) or Field(name=name, label=name), found, terms)
        if isinstance(shaped, Problem):
            problems.append(shaped)
        elif shaped:
            payload[name] = shaped
    told = {problem.field for problem in problems}
    required = [each.name for each in operation.fields.values() if each.required]
    problems += [missing(name) for name in required if name not in payload and name not in told]
    answers = operation.name == AUTO_REPLY
    if not problems and answers and robot(payload[ADDRESS], sender_of(destination)):
        problems.append(Problem(field=ADDRESS, code="robot", text="is an address of ours or of a machine: no answer"))
    if problems:
        return tuple(problems)
    return Prepared(
        payload=payload,
        settings={name: settings[name] for name in ("template", "to") if settings.get(name)},
        address=payload[ADDRESS].lower() if answers else "",
        effect=operation.effect,
    )


def rules(operation: Operation, _settings: Settings, destination: Destination) -> MergeRules:
    """
    Every message goes as it is; to one visitor so many a day.
    """
    answers = operation.name == AUTO_REPLY
    per_day = int(setting(destination, SETTINGS, "replies_per_day")) if answers else 0
    return MergeRules(
        identity=frozenset({ADDRESS} if answers else ()),
        merges=False,
        whole=True,
        per_day=per_day,
    )


def build(batch: Batch, _data: bytes, destination: Destination, _credentials: Mapping[str, str]) -> Call:
    """
    The message, ready to leave, and its envelope. Raises ValueError where the template has gone from relay.toml.
    """
    (line,) = batch.lines
    sender, values = sender_of(destination), line.payload
    template = template_of(destination, batch.settings.get("template", ""))
    if sender is None or template is None:
        raise ValueError(f"relay.toml has no template {batch.settings.get('template', '')!r} at {destination.name}")
    to = values[ADDRESS] if batch.operation == AUTO_REPLY else batch.settings.get("to", "")
    subject, text = (fill(each, lambda slot: values.get(slot.name, "")) for each in template)
    message = _message(" ".join(subject.split()), text, to, sender)
    _headers(message, batch, values, sender)
    server = str(setting(destination, SETTINGS, "server"))
    return Call(
        url="ses:" if server == SES else server,
        headers={"from": sender.address, "to": to},
        body=message.as_bytes(),
    )


def _message(subject: str, text: str, to: str, sender: Sender) -> EmailMessage:
    from email import policy  # noqa: PLC0415 - slow to import; only mail needs it
    from email.headerregistry import Address  # noqa: PLC0415 - as above
    from email.message import EmailMessage  # noqa: PLC0415 - as above

    message = EmailMessage(policy=policy.SMTP.clone(cte_type="7bit"))
    message["Subject"] = subject
    message["From"] = Address(sender.name, addr_spec=sender.address)
    message["To"] = to
    message.set_content(text)
    return message


def _headers(message: EmailMessage, batch: Batch, values: Mapping[str, str], sender: Sender) -> None:
    """
    What tells machines what this is, so that no two of them go on answering each other; and the id of a repeat.
    """
    name = batch_id(batch)
    message["Message-ID"] = f"<{name}@{sender.address.rpartition('@')[2]}>"
    message["X-Ekiden-Delivery"] = name
    if batch.at is not None:
        message["Date"] = _without_fraction(batch.at)
    if batch.operation == INQUIRY:
        message["Reply-To"] = values[ADDRESS]
        return
    message["Auto-Submitted"] = "auto-replied" if batch.operation == AUTO_REPLY else "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"


def _without_fraction(at: datetime) -> datetime:
    return at.replace(microsecond=0)


def read(reply: Reply | NoReply, batch: Batch, destination: Destination | None = None) -> Reading:
    """
    Delivered once the server has taken the message; whether it arrives is told by bounces, which go to `from`.
    """
    operation = OPERATIONS[batch.operation]
    safe = harmless(operation, destination) if destination else operation.repeat_harmless
    return declared_answers.read(ANSWERS, CAUSES, reply, batch, harmless=safe, files=False)


def harmless(operation: Operation, destination: Destination) -> bool:
    """
    Whether a second message is better than none: as declared, else as the operation has it.
    """
    declared = destination.settings.get("repeat_harmless")
    return operation.repeat_harmless if declared is None else bool(declared)


def lane_name(destination_name: str, settings: Mapping[str, Any]) -> str:
    """
    One scope for all that leaves through SES, which counts per AWS account and region.
    """
    return "email-ses" if (settings.get("server") or SES) == SES else f"email-{destination_name}"


VENDOR = Vendor(
    slug="email",
    label="E-mail",
    base_url="ses:",
    settings=SETTINGS,
    credentials=(),
    operations=OPERATIONS,
    batching=False,
    lane=lane,
    lane_name=lane_name,
    check=check,
    check_route=check_route,
    prepare=prepare,
    rules=rules,
    pack=None,
    build=build,
    read=read,
    harmless=harmless,
)

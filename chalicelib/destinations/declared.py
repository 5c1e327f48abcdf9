"""
A destination of the operator's own: everything that a vendor's module says in Python, said in relay.toml instead.

Here its settings are read into one value. They have been checked before (declared_checks.py); what is at fault there is
read here as if it had been left out, so that the rest can still be judged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from chalicelib.destinations.kit import Field, Setting
from chalicelib.destinations.templates import slots
from chalicelib.model import Destination
from chalicelib.model.arrival import Json
from chalicelib.value import value

ALL: Final = "_all"
REST: Final = "_rest"
ROWS: Final = "_rows"
ID: Final = "_id"
TIME: Final = "_time"
OURS: Final = frozenset({ALL, REST, ROWS, ID, TIME})
"""
Places that are no fields: every field as a table (`_all:value` wraps each value in a table with that one key), all but
the identity, the rows of a batch, the delivery's id, the event's time.
"""

CLASSES: Final = ("quota", "paused", "busy", "refused")
FORMS: Final = ("text", "email", "code", "digits", "integer", "decimal", "date", "datetime", "flag", "list")
CHARSETS: Final = ("utf-8", "cp932", "shift_jis")
STANDARD_WEBHOOKS: Final = "standard_webhooks"
SIGNING_SECRET: Final = "signing_secret"  # noqa: S105 - the name of a credential
SECONDS: Final = {"second": 1, "minute": 60, "hour": 3_600}
FORM_HEADER: Final = "application/x-www-form-urlencoded"

Expand = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""
What a preset makes of its few settings: those of a destination of the operator's own.
"""


@value
class Match:
    """
    Answers of one kind: by HTTP status, by a JMESPath condition over the answer, or by both; neither matches none.
    """

    statuses: frozenset[int] = frozenset()
    when: str = ""


@value
class Declaration:
    """
    What one destination's settings say, read. `fields` are the declared ones; with `open_fields` any other is a text.
    """

    label: str
    method: str = "POST"
    path: str = ""
    format: str = "json"
    charset: str = "utf-8"
    headers: Mapping[str, str]
    body: Json = None
    row: Json = None
    fields: Mapping[str, Field]
    open_fields: bool
    identity: str = ""
    id_header: str = ""
    signed: bool = False
    escape: str = ""
    success: Match = Match()
    classes: Sequence[tuple[str, Match]] = ()
    result: Mapping[str, str]
    harmless: bool | None = None
    bytes_max: int = 0
    proof: str = ""

    def is_harmless(self, by_default: bool) -> bool:  # noqa: FBT001 - the operation's own default
        """
        Whether the same call may be made twice: as declared, else where the receiver knows a repeat by its id.
        """
        if self.harmless is not None:
            return self.harmless
        return by_default or bool(self.id_header) or self.signed


def declare(given: Mapping[str, Any], destination: Destination) -> Declaration:
    """
    The declaration that (expanded) settings make for a destination.
    """
    body, row, path = given.get("body"), given.get("row"), _text(given, "path")
    fields = _fields(given.get("fields"))
    named = [each for each in _places(body, row, path) if each not in OURS]
    takes_any = any(each.partition(":")[0] in {ALL, REST} for each in _places(body, row))
    identity = _text(given, "identity")
    whole = body is None and row is None
    if not fields and not takes_any and not whole:
        fields = {name: Field(name=name, label=name) for name in dict.fromkeys([*named, *filter(None, [identity])])}
    return Declaration(
        label=_text(given, "label") or destination.name,
        method=_text(given, "method") or "POST",
        path=path,
        format=_text(given, "format") or "json",
        charset=_text(given, "charset") or "utf-8",
        headers=_texts(given.get("headers")),
        body=body,
        row=row,
        fields=_needed(fields, {identity, *_places(path)}),
        open_fields=not fields,
        identity=identity,
        id_header=_text(given, "idempotency_header"),
        signed=given.get("sign") == STANDARD_WEBHOOKS,
        escape=_text(given, "escape"),
        success=_match(given.get("success")),
        classes=tuple((kind, _match(given.get(kind))) for kind in CLASSES if given.get(kind)),
        result=_texts(given.get("result")),
        harmless=_flag(given.get("repeat_harmless")),
        bytes_max=int(given.get("bytes_max") or 0),
    )


def read_field(name: str, table: Mapping[str, Any]) -> Field:
    """
    One declared field. A flag is true or false.
    """
    form = table.get("form")
    kind = form if form in FORMS else "text"
    choices = table.get("choices") or (("true", "false") if kind == "flag" else ())
    most = table.get("chars_max")
    return Field(
        name=name,
        label=_text(table, "label") or name,
        required=table.get("required") is True,
        chars_max=most if isinstance(most, int) else 0,
        choices=tuple(str(each) for each in choices),
        form=str(kind),
    )


def _fields(table: object) -> dict[str, Field]:
    found = table if isinstance(table, Mapping) else {}
    return {name: read_field(name, each if isinstance(each, Mapping) else {}) for name, each in found.items()}


def _needed(fields: Mapping[str, Field], names: set[str]) -> Mapping[str, Field]:
    """
    The fields, where what names the contact or stands in the address is required.
    """
    return {name: replace(each, required=each.required or name in names) for name, each in fields.items()}


def _places(*nodes: Json) -> list[str]:
    found: list[str] = []
    for node in nodes:
        try:
            found += [slot.name for slot in slots(node) if not slot.kind]
        except ValueError:
            continue
    return found


def _match(table: object) -> Match:
    if not isinstance(table, Mapping):
        return Match()
    statuses = table.get("status") or ()
    return Match(
        statuses=frozenset(each for each in statuses if isinstance(each, int)) if _is_list(statuses) else frozenset(),
        when=_text(table, "when"),
    )


def _is_list(found: object) -> bool:
    return isinstance(found, list | tuple)


def _text(table: Mapping[str, Any], name: str) -> str:
    found = table.get(name)
    return found if isinstance(found, str) else ""


def _texts(table: object) -> Mapping[str, str]:
    found = table if isinstance(table, Mapping) else {}
    return {name: each for name, each in found.items() if isinstance(each, str)}


def _flag(found: object) -> bool | None:
    return found if isinstance(found, bool) else None


def by_name(*settings: Setting) -> Mapping[str, Setting]:
    """
    Settings as a vendor declares them.
    """
    return {each.name: each for each in settings}

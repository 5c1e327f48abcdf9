"""
The shape of a vendor module: declarations plus a few pure functions.

A vendor module declares one `Vendor` value. The shell owns sending, retrying, quota, order and logs, so a destination
cannot forget them; the module knows only its vendor's fields, request form and answers.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import field
from enum import StrEnum
from typing import Any, Protocol

from chalicelib.model import (
    Batch,
    Call,
    Destination,
    Effect,
    Fault,
    Lane,
    Line,
    MergeRules,
    NoReply,
    Prepared,
    Problem,
    Reading,
    Reply,
    Route,
    Verdict,
)
from chalicelib.value import value


class Merge(StrEnum):
    """
    How two values of one field become one when a contact's updates merge.
    """

    NEWEST = "newest"
    APPEND = "append"


@value
class Field:
    """
    One field of a vendor operation, as its documentation states it.

    `form` is one of `forms.FORMS` (text, email, datetime, flag, tags …). `chars_max` counts characters. `opt_out` is
    the value that takes the contact off mailings. `free_text` marks fields that people type sentences into (config
    check warns of their limit).
    """

    name: str
    label: str
    required: bool = False
    chars_max: int = 0
    choices: tuple[str, ...] = ()
    form: str = "text"
    merge: Merge = Merge.NEWEST
    opt_out: str = ""
    identity: bool = False
    free_text: bool = False


@value
class Setting:
    """
    One setting of a destination (`[destinations.x]`) or of an operation (`[routes.settings]`).

    `kind` is text, integer, number (may have a fraction), flag, seconds, texts (a list) or table (names to values; the
    vendor's `check` reads its members). `choices` bounds text and integer settings; `least` and `most` bound numbers.
    """

    name: str
    kind: str = "text"
    required: bool = False
    default: Any = None
    choices: tuple[Any, ...] = ()
    least: int | None = None
    most: int | None = None
    help: str = ""


@value
class Operation:
    """
    One thing a vendor's API can do.

    `fields` are the known vendor fields by name; with `open_fields` any other name is allowed (配配メール's items are
    named by the customer). `answers`: the reply carries something a visitor's browser waits for (SATORI's hashcode), so
    forms try it inside the request. `repeat_harmless`: the same call twice leaves the same state. `merges`: several
    deliveries of one contact may become one.
    """

    name: str
    label: str
    effect: Effect
    fields: Mapping[str, Field] = field(default_factory=dict)
    open_fields: bool = False
    settings: Mapping[str, Setting] = field(default_factory=dict)
    answers: bool = False
    repeat_harmless: bool = True
    merges: bool = True

    @property
    def urgent(self) -> bool:
        """
        Opt-outs and deletes are never paced and may use the reserve.
        """
        return self.effect in {Effect.OPT_OUT, Effect.REMOVE}


@value
class Packed:
    """
    Lines made into one file: its exact bytes, the lines that are in it, and those whose bytes could not be made.

    `taken` is a prefix of the lines given, less the `poison` ones; what is in neither did not fit and waits.
    """

    data: bytes = field(repr=False)
    taken: tuple[Line, ...]
    poison: tuple[tuple[Line, str], ...] = ()


def merge_rules(operation: Operation) -> MergeRules:
    """
    How the payloads of an operation merge, read off its declared fields.
    """
    fields = operation.fields.values()
    return MergeRules(
        append=frozenset(each.name for each in fields if each.merge is Merge.APPEND),
        opt_out={each.name: each.opt_out for each in fields if each.opt_out},
        identity=frozenset(each.name for each in fields if each.identity),
        required=frozenset(each.name for each in fields if each.required and not each.identity),
        merges=operation.merges,
    )


def credential(credentials: Mapping[str, str], name: str) -> str:
    """
    One credential as it can stand in a request: without the blanks and line ends that copying leaves.

    A missing or unusable one becomes what the vendor will refuse (401); the lane then pauses and says why.
    """
    return "".join(character for character in credentials.get(name, "") if "!" <= character <= "~")


class Reader(Protocol):
    """
    What a reply means.

    `destination` is given by the relay; where a vendor's document leaves a point open, its settings may say which
    reading holds for this account.
    """

    def __call__(self, reply: Reply | NoReply, batch: Batch, destination: Destination | None = None) -> Reading:
        """
        One outcome per delivery, and the verdict on the lane. Never raises.
        """


@value
class Finding:
    """
    One thing that a vendor's answer says of a destination's set-up. `level` is fine, warning or fault.
    """

    level: str
    text: str


@value
class Probed:
    """
    What a probe came to: findings for an operator, and the verdict on the lane, as of any other call.
    """

    verdict: Verdict
    findings: tuple[Finding, ...]


@value
class Probe:
    """
    One call that changes nothing at the vendor and tells whether a destination is set up right.

    `asks` says what it proves. `build(destination, credentials)` is the request. `read(reply, destination, mapped)` is
    what the answer says, where `mapped` are the vendor fields that routes send, each with its route; it never raises.
    """

    asks: str
    build: Callable[[Destination, Mapping[str, str]], Call]
    read: Callable[[Reply | NoReply, Destination, Mapping[str, str]], Probed]


Overflow = Mapping[str, str]
Settings = Mapping[str, str]
PrepareResult = Prepared | tuple[Problem, ...]


@value
class Vendor:
    """
    What Ekiden must know of one vendor. All functions are pure.

    `base_url` is the default; where it is empty each account has a host of its own, and it must be configured.

    - `lane(destination, lane_name)`: the quota scope and its limits, from the destination's settings.
    - `lane_name(destination_name, settings)`: the default name of that scope; two destinations of one account share it.
      `base_url` is among the settings given.
    - `check(destination)`: faults of the settings beyond their declared kinds.
    - `check_route(route, destination)`: faults of a route: unknown or unmapped fields, settings that contradict.
    - `prepare(operation, fields, settings, destination, overflow)`: mapped values → what will be sent, or all problems.
      `fields` values are any JSON; lists are joined with ",". Nothing is sent that this function has not accepted.
    - `rules(operation, settings, destination)`: how payloads merge.
    - `pack(operation, settings, lines, destination)`: batching lanes only: lines → a file within the vendor's size.
    - `build(batch, data, destination, credentials)`: the request; `data` is the packed file, empty for single calls.
    - `read(reply, batch, destination)`: what the answer means. It never raises; what it cannot read is Uncertain.
    - `cut(data, numbers)`: batching lanes only: a packed file without some of its lines, for a person who is erased.
    - `harmless(operation, destination)`: whether a repeat is harmless, where that depends on the destination.
    - `open_credentials`: the operator names the credentials, each by a reference of its own.
    - `imports`: the operations by the word that a drop-in's import settings have for them (0: register …).
    - `probe`: loads the harmless call that tells whether a destination is set up right; None where no API can tell.
    """

    slug: str
    label: str
    base_url: str
    settings: Mapping[str, Setting]
    credentials: tuple[str, ...]
    operations: Mapping[str, Operation]
    batching: bool
    lane: Callable[[Destination, str], Lane]
    lane_name: Callable[[str, Mapping[str, Any]], str]
    check: Callable[[Destination], list[Fault]]
    check_route: Callable[[Route, Destination], list[Fault]]
    prepare: Callable[[Operation, Mapping[str, Any], Settings, Destination, Overflow], PrepareResult]
    rules: Callable[[Operation, Settings, Destination], MergeRules]
    pack: Callable[[Operation, Settings, Sequence[Line], Destination], Packed] | None
    build: Callable[[Batch, bytes, Destination, Mapping[str, str]], Call]
    read: Reader
    cut: Callable[[bytes, Collection[int]], bytes | None] | None = None
    harmless: Callable[[Operation, Destination], bool] | None = None
    open_credentials: bool = False
    imports: Mapping[str, str] = field(default_factory=dict)
    probe: Callable[[], Probe] | None = None

"""
Declared destinations: the lane that their calls are counted in, and mapped values → payload.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from chalicelib.destinations.charset import fit
from chalicelib.destinations.declared import ID, SECONDS, TIME, Declaration
from chalicelib.destinations.forms import Terms, accept, missing, unencodable
from chalicelib.destinations.kit import Field, Operation, Overflow, PrepareResult
from chalicelib.destinations.templates import fill, slots
from chalicelib.model import Destination, Lane, Limit, MergeRules, Prepared, Problem, Rate
from chalicelib.model.arrival import Json
from chalicelib.value import value

DIGITS_MAX = 15
"""
Of a number with a fraction; JSON's readers keep no more.
"""


@value
class Pace:
    """
    What a destination's lane is made of, whatever its vendor: whose it is, and its defaults.
    """

    slug: str
    batching: bool
    calls_per_second: float
    burst: int
    calls_per_day: int = 0


def lane_of(given: Mapping[str, Any], name: str, pace: Pace) -> Lane:
    """
    The lane of a destination: its windows, its rate, and how many rows a call takes.
    """
    limits = [_limit(each) for each in given.get("limits") or ()]
    per_day = given.get("calls_per_day") or pace.calls_per_day
    if per_day:
        limits.append(Limit(calls=per_day, per="day"))
    speed = float(given.get("calls_per_second") or pace.calls_per_second)
    return Lane(
        name=name,
        vendor=pace.slug,
        batching=pace.batching,
        limits=tuple(limits),
        rate=Rate(interval_ms=math.ceil(1_000 / speed), burst=int(given.get("burst") or pace.burst)),
        gap_seconds_min=float(given.get("gap_seconds_min") or 0),
        rows_max=int(given.get("rows_max") or 1),
        timeout_seconds=float(given.get("timeout_seconds") or 20),
        egress=str(given.get("egress") or "any"),
    )


def _limit(table: Mapping[str, Any]) -> Limit:
    per, calls, reserve = table["per"], table["calls"], table.get("reserve", 0)
    if per == "day":
        return Limit(calls=calls, per="day", reserve=reserve)
    return Limit(calls=calls, per="slot", slot_seconds=SECONDS[per], reserve=reserve)


def terms_of(declaration: Declaration, destination: Destination, overflow: Overflow) -> Terms:
    """
    What holds for every field of a delivery. JSON is UTF-8, whatever else is declared.
    """
    return Terms(charset=declaration.charset, substitutes=destination.substitutes, overflow=overflow)


def required_of(declaration: Declaration) -> tuple[str, ...]:
    """
    The fields without which no call is made: the declared ones, the identity, and those in the address.
    """
    declared = [name for name, each in declaration.fields.items() if each.required]
    in_path = [slot.name for slot in slots(declaration.path) if not slot.kind and slot.name not in {ID, TIME}]
    return tuple(dict.fromkeys([*filter(None, [declaration.identity]), *declared, *in_path]))


def prepare(
    declaration: Declaration,
    operation: Operation,
    fields: Mapping[str, Json],
    destination: Destination,
    overflow: Overflow,
) -> PrepareResult:
    """
    The payload that the declared fields accept, or every reason why there is none. Blank values are left out.
    """
    terms = terms_of(declaration, destination, overflow)
    payload: dict[str, str] = {}
    problems: list[Problem] = []
    for name, found in fields.items():
        shaped = _shaped(declaration, name, found, terms)
        if isinstance(shaped, Problem):
            problems.append(shaped)
        elif shaped:
            payload[name] = shaped
    told = {problem.field for problem in problems}
    needed = required_of(declaration)
    problems += [missing(name) for name in needed if name not in payload and name not in told]
    if not problems and _climbs(declaration, payload):
        told_of = next(slot.name for slot in slots(declaration.path) if not slot.kind)
        problems.append(Problem(field=told_of, code="path", text='cannot stand in an address: "." or ".."'))
    if not problems and not payload:
        problems.append(Problem(field=next(iter(fields), "fields"), code="missing", text="no field has a value"))
    if problems:
        return tuple(problems)
    return Prepared(
        payload=payload,
        address=_address(declaration, payload),
        effect=operation.effect,
        urgent=operation.urgent,
    )


def _shaped(declaration: Declaration, name: str, found: Json, terms: Terms) -> str | Problem:
    known = declaration.fields.get(name)
    if known is None and not declaration.open_fields:
        return Problem(field=name, code="unknown", text="is no field of this destination")
    if known is None and (unfit := fit(name, terms.charset)[1]):
        return unencodable(name, unfit, terms.charset)
    shaped = accept(known or Field(name=name, label=name), found, terms)
    if isinstance(shaped, str) and known is not None and known.form == "decimal" and _too_exact(shaped):
        return Problem(field=name, code="invalid", text=f"has more than the {DIGITS_MAX} digits that a number keeps")
    return shaped


def _too_exact(text: str) -> bool:
    return len(text.lstrip("+-0.").replace(".", "")) > DIGITS_MAX


def _climbs(declaration: Declaration, payload: Mapping[str, str]) -> bool:
    path = fill(declaration.path, lambda slot: payload.get(slot.name, "x") if not slot.kind else "x")
    return any(part in {".", ".."} for part in path.replace("\\", "/").split("/"))


def _address(declaration: Declaration, payload: Mapping[str, str]) -> str:
    """
    What names the contact; only an e-mail address may be told in small letters.
    """
    text = payload.get(declaration.identity, "")
    return text.lower() if "@" in text else text


def rules_of(declaration: Declaration, operation: Operation) -> MergeRules:
    """
    How payloads merge: not at all where each event is a message of its own, else newest wins.
    """
    named = frozenset(filter(None, [declaration.identity]))
    return MergeRules(
        identity=named,
        required=frozenset(required_of(declaration)) - named,
        merges=operation.merges,
        whole=not operation.merges,
    )

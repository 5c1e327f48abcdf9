"""
What the vendors should hold in the end, worked out from the senders' books alone.

Newest wins per field, a blank keeps, tags add up, an opt-out wins and is never undone by anything older. Where the
promise leaves two endings open (an older opt-out that came late), both are allowed.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import datetime

from tests.simulation.books import Submission


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """
    One submission as one vendor should have it: its time, and when the relay stored it.
    """

    number: int
    kind: str
    time: datetime
    stored: float
    source: str
    values: dict[str, str]


def meant_for(vendor: str, submission: Submission) -> bool:
    """
    Whether the routes carry such a submission to this vendor.
    """
    if vendor == "satori":
        return submission.source != "newsletter" and submission.kind in {"changed", "gone"}
    return submission.source != "contact" and submission.kind != "gone"


def said_to(
    vendor: str, found: Iterable[Submission], routed: Container[tuple[str, str]], carried: Container[int] = ()
) -> list[Said]:
    """
    What was submitted for one vendor and has to be there, oldest first. Bad rows only where a person has mended them.

    `routed` are the events of which a delivery was made: while a route is taken away, none is. `carried` are those that
    went through although their own name could not: merged with others, whose newer name stood for it.
    """
    said = []
    for each in found:
        events = [event for event in each.events if meant_for(vendor, each) and (event.id, vendor) in routed]
        sound = not each.fails(vendor) or vendor in each.mended or each.number in carried
        if events and sound:
            last = max(events, key=lambda event: event.time)
            values = dict(each.fields)
            if each.fails(vendor):
                values["name"] = f"名{each.number}" if vendor in each.mended else ""
            said.append(
                Said(
                    number=each.number,
                    kind=each.kind,
                    time=last.time,
                    stored=min(event.at for event in events),
                    source=each.source,
                    values=values,
                )
            )
    return sorted(said, key=lambda one: one.time)


def newest(said: Iterable[Said], kind: str) -> Said | None:
    return max((each for each in said if each.kind == kind), key=lambda each: each.time, default=None)


def newest_value(said: Iterable[Said], name: str) -> tuple[str, Said] | None:
    """
    The newest value of a field that is not blank.
    """
    found = [each for each in said if each.kind == "changed" and each.values[name]]
    last = max(found, key=lambda each: each.time, default=None)
    return (last.values[name], last) if last else None


def wrong_at_satori(said: list[Said], customer: dict[str, str] | None, tags: list[str], *, refused: bool) -> list[str]:
    """
    What of one SATORI customer is not as it should be.

    `refused`: a deletion of somebody who was not there is a dead letter, and does not keep away what is older and
    comes later.
    """
    gone, ups = newest(said, "gone"), [each for each in said if each.kind == "changed"]
    live = [each for each in ups if gone is None or each.time > gone.time]
    late = any(each.stored > up.stored for each in said if each.kind == "gone" for up in live)
    if not live:
        return ["is still there, though deleted"] if gone and customer and not refused else []
    if late:
        return []  # an older deletion that comes late is carried out all the same, whatever it takes along
    if customer is None:
        return ["is not there"]
    wrong = [f"lacks t{each.number}" for each in live if f"t{each.number}" not in tags]
    for name, field in (("last_name", "name"), ("lead_company_name", "company")):
        expected = newest_value(live, field)
        if expected and customer.get(name, "") != expected[0]:
            wrong.append(f"{name} is {customer.get(name)!r} and not {expected[0]!r}")
    given = [each for each in live if each.source == "crm" and each.values["permission"]]
    out = [each for each in given if each.values["permission"] == "reject"]
    if out and out[-1] is given[-1] and customer.get("delivery_permission") != "reject":
        wrong.append("may be mailed against its newest wish")
    if given and not out and customer.get("delivery_permission") != "approval":
        wrong.append("may not be mailed though it never objected")
    return wrong


def wrong_at_haihai(
    said: list[Said], values: dict[str, str] | None, states: dict[tuple[str, str], str], *, revived: bool
) -> list[str]:
    """
    What of one 配配メール customer is not as it should be. `revived`: a registration there ends an opt-out.
    """
    if not said:
        return []
    if values is None:
        return ["is not there"]
    wrong = []
    stop = newest(said, "stopped")
    registers = [each for each in said if each.kind == "changed"]
    for name, field in (("お名前", "name"), ("会社名", "company")):
        known = [each for each in registers if field == "name" or each.source == "crm"]
        expected = newest_value(known, field)
        if expected is None:
            continue
        weak = stop is not None and expected[1].source == "crm" and expected[1].time < stop.time
        allowed = {each.values[field] for each in known} | {""} if weak else {expected[0]}
        if values.get(name, "") not in allowed:
            wrong.append(f"{name} is {values.get(name)!r} and not {expected[0]!r}")
    wrong += _wrong_state(said, states.get(("gid", "12"), ""), revived=revived)
    if any(each.source == "newsletter" for each in registers) and states.get(("gid", "13")) != "配信可能":
        wrong.append("is no member of the newsletter")
    return wrong


def _wrong_state(said: list[Said], state: str, *, revived: bool) -> list[str]:
    """
    What is not as it should be of somebody's place in the CRM's group.
    """
    wrong = []
    stop, allow = newest(said, "stopped"), newest(said, "allowed")
    registers = [each for each in said if each.kind == "changed"]
    if stop is not None:
        openers = [each for each in (allow, *(registers if revived else ())) if each and each.source == "crm"]
        if all(each.time <= stop.time for each in openers) and state != "配信停止":
            wrong.append(f"is {state or 'no member'} though stopped")
        earlier = [each for each in said if each.kind == "stopped" and allow and each.stored > allow.stored]
        if allow and allow.time > stop.time and not earlier and state != "配信可能":
            wrong.append(f"is {state or 'no member'} though allowed again")
    elif any(each.source == "crm" for each in said) and state != "配信可能":
        wrong.append(f"is {state or 'no member'} of the group")
    return wrong

"""
What must hold in the end: everything has ended, everything is counted, and the vendors hold what the senders said.
"""

from __future__ import annotations

from collections.abc import Container
from typing import TYPE_CHECKING

from tests.simulation.books import Submission
from tests.simulation.checks import FINAL
from tests.simulation.reference import meant_for, said_to, wrong_at_haihai, wrong_at_satori

if TYPE_CHECKING:
    from tests.simulation.day import Day


def unfinished(day: Day) -> list[str]:
    """
    What still waits for something, people included.
    """
    left = [
        f"{item['id']} is {item['state']}: {item.get('reason', '')[:80]}"
        for item in day.table.items()
        if item["sk"].startswith("DELIVERY#") and item["state"] not in FINAL and not _may_stay(day, item)
    ]
    left += [f"lane {each['pk']} has {each['call']}" for each in day.table.items() if "call" in each]
    left += ["the inbox is not empty"] * bool(day.inbox.bodies())
    tries = [each for submission in day.books.submissions.values() for each in submission.tries]
    left += ["a sender is still busy"] * (not day.books.submissions or day.scheduler.seconds - tries[-1].at < 900)
    return left


def _may_stay(day: Day, item: dict[str, str]) -> bool:
    """
    A dead letter may stay one where the row is bad and nobody mended it, or where there was nobody to delete.
    """
    if item["state"] != "dead":
        return False
    submission = day.checks.owners.get(item["event_id"])
    vendor = "satori" if item["destination"] == "satori" else "haihaimail"
    bad = submission is None or (submission.fails(vendor) and vendor not in submission.mended)
    return bad or item["operation"] == "delete"


def final_wrongs(day: Day) -> list[str]:
    """
    Everything that is not as it should be.
    """
    wrong = [f"not finished: {text}" for text in unfinished(day)]
    if wrong:
        return wrong[:10]
    for submission in day.books.submissions.values():
        wrong += _wrong_in_books(submission)
        wrong += _not_routed(day, submission)
    wrong += _wrong_in_table(day)
    carried = day.network.carried()
    for address in day.books.addresses():
        wrong += [f"{address} {text}" for text in _wrong_at_vendors(day, address, carried)]
    wrong += [f"washed: {alarm}" for alarm in day.haihai.alarms]
    wrong += [f"leaked: {name}" for name in day.satori.leaked_keys()]
    return wrong[:10]


def still_named(day: Day, address: str) -> list[str]:
    """
    Where somebody who was erased is still named.
    """
    name = address.encode()
    files = [f"file {each}" for each, data in day.bucket.objects.items() if name in data.lower()]
    items = [f"item {each['pk']} {each['sk']}" for each in day.table.items() if address in str(each).lower()]
    return [f"{each} still names them" for each in [*files, *items]][:10]


def _wrong_in_books(submission: Submission) -> list[str]:
    least, most = submission.expected_events()
    count = len(submission.events)
    if not least <= count <= most:
        return [f"submission {submission.number} is {count} events, not {least} to {most}"]
    return []


def _not_routed(day: Day, submission: Submission) -> list[str]:
    """
    Events of which no delivery was made although the routes were there.
    """
    return [
        f"submission {submission.number} was not routed to {vendor}"
        for vendor in ("satori", "haihaimail")
        if meant_for(vendor, submission)
        for event in submission.events
        if (event.id, vendor) not in day.checks.routed
        and not any(begins <= event.at <= ends for begins, ends in day.away)
    ]


def _wrong_in_table(day: Day) -> list[str]:
    wrong = []
    for item in day.table.items():
        if item["sk"] == "CONTACT" and (item.get("pending") or "lease" in item):
            wrong.append(f"contact {item['pk']} is left with {item.get('pending')} {item.get('lease')}")
    return wrong


def _wrong_at_vendors(day: Day, address: str, carried: Container[int]) -> list[str]:
    found = [each for each in day.books.of_address(address) if each.events]
    customer = day.satori.customer(address)
    at_satori = wrong_at_satori(
        said_to("satori", found, day.checks.routed, carried),
        dict(customer.values) if customer else None,
        list(customer.tags) if customer else [],
        refused=day.network.refused_to_delete(address),
    )
    known = day.haihai.customer(address)
    at_haihai = wrong_at_haihai(
        said_to("haihaimail", found, day.checks.routed),
        dict(known.values) if known else None,
        dict(known.states) if known else {},
        revived=day.haihai.switches.stopped_survives == "revived",
    )
    return [f"at satori {text}" for text in at_satori] + [f"at haihaimail {text}" for text in at_haihai]

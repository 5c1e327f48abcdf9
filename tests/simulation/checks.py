"""
What must hold at every step: looked at with each change of an item, and with each request that leaves or arrives.

Nothing here raises: the relay's own code would catch it. What is wrong is noted, and ends the day.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.model import Config, Lane
from chalicelib.ports import Key
from tests.simulation.books import ACCEPTED, Books, Stored, Submission
from tests.simulation.network import Network, Sent
from tests.simulation.sayings import Sayings
from tests.simulation.scheduler import Scheduler
from tests.simulation.settings import LANES

FINAL = frozenset({"delivered", "superseded", "skipped", "dropped", "erased"})
WAITING = frozenset({"waiting", "sending", "uncertain"})
NEXT = {
    "": {"waiting", "held", "dead", "skipped"},
    "waiting": {"waiting", "sending", "uncertain", "held", "delivered", "dead", "superseded"},
    "sending": {"sending", "waiting", "uncertain", "held", "delivered", "dead", "superseded"},
    "uncertain": {"uncertain", "sending", "waiting", "held", "delivered", "dead", "superseded"},
    "held": {"held", "superseded", "dropped"},
    "dead": {"dead", "superseded", "dropped"},
}
OVERLAP_SECONDS = 150.0
DELAY_SECONDS = 15.0
Item = Mapping[str, Any]


class Checks:
    """
    The safety of every step.
    """

    def __init__(self, scheduler: Scheduler, books: Books, network: Network, config: Config) -> None:
        self._scheduler = scheduler
        self._books = books
        self._network = network
        self.configs: list[tuple[float, Config]] = [(-1e9, config)]
        self.wrong: list[str] = []
        self.in_inbox: Callable[[int], bool] = lambda _: False
        self.owners: dict[str, Submission] = {}
        self.lanes: dict[str, Item] = {}
        self.routed: set[tuple[str, str]] = set()
        self._sayings = Sayings(scheduler, books, self.fail)
        self._urgent: set[tuple[str, str]] = set()
        self._paused_since: dict[str, float] = {}

    def fail(self, check: str, text: str) -> None:
        """
        Something does not hold.
        """
        self._scheduler.note(f"WRONG {check}: {text}")
        self.wrong.append(f"{check}: {text}")
        self._scheduler.halted = True

    # ── senders ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def heard(self, made: list[Submission], status: int) -> None:
        """
        A sender was answered: what was accepted must be stored, or lie in the inbox.
        """
        for each in made:
            if status in ACCEPTED and not each.events and not self.in_inbox(each.number):
                self.fail("accepted is stored", f"submission {each.number} was answered {status} and is nowhere")

    # ── the table ───────────────────────────────────────────────────────────────────────────────────────────────────

    def changed(self, key: Key, before: Item | None, after: Item | None) -> None:
        """
        An item has changed.
        """
        if key.sk == "EVENT" and before is None and after is not None:
            self._event(after)
        elif key.sk.startswith("DELIVERY#"):
            self._delivery(before, after)
        elif key.sk == "LANE":
            self._lane(key.pk.removeprefix("LANE#"), before or {}, after or {})

    def _event(self, item: Item) -> None:
        submission = self._books.of(item.get("fields"))
        if submission is None:
            return
        time = self._scheduler.now().fromisoformat(item["time"])
        submission.events.append(Stored(id=item["id"], time=time, at=self._scheduler.seconds))
        self.owners[item["id"]] = submission
        most = submission.expected_events()[1]
        if len(submission.events) > most:
            self.fail("stored once", f"submission {submission.number} is {len(submission.events)} events, not {most}")
        if submission.time is not None and time != submission.time:
            self.fail("event time", f"submission {submission.number} got {time}, not {submission.time}")

    def _delivery(self, before: Item | None, after: Item | None) -> None:
        if after is None:
            self.fail("nothing vanishes", f"delivery {(before or {}).get('id')} is gone")
            return
        old, new = (before or {}).get("state", ""), after["state"]
        if new not in NEXT.get(old, {old}) and new != "erased":
            self.fail("states", f"delivery {after['id']} went from {old} to {new}")
        if before is None and "fixes" in after:
            self.owners[after["event_id"]].mended.add(_vendor(after["lane"]))
        if before is None and new != "skipped":
            self.routed.add((after["event_id"], _vendor(after["lane"]) if after["lane"] else ""))
        if after["urgent"]:
            (self._urgent.add if new in WAITING else self._urgent.discard)((after["lane"], after["id"]))
        if before is not None and old != "dead" and new == "dead":
            self._died(after)
        if before is not None and after["attempts"] > before["attempts"]:
            self._burnt(after)

    def _died(self, item: Item) -> None:
        """
        Dead means: refused by the vendor for its own sake, or tried often enough without a clear answer.
        """
        submission, vendor = self.owners.get(item["event_id"]), _vendor(item["lane"])
        if submission is None or submission.fails(vendor):
            return
        mine = [each for each in self._about(submission.address) if each.vendor == vendor]
        unsure = sum(each.status in {0, 409} or each.status >= 500 or each.disturbed for each in mine)
        unsure += sum("did not come back" in note for note in item["history"])
        refused = item["operation"] == "delete" and any(each.status == 400 for each in mine)
        if not refused and unsure < item["attempts"] + ("attempts" not in item["reason"]):
            self.fail("one bad row stops nobody", f"delivery {item['id']} is dead: {item['reason'][:80]}")

    def _burnt(self, item: Item) -> None:
        if sum("did not come back" in note for note in item["history"][-2:]) == 2:
            self.fail("one call, one attempt", f"delivery {item['id']} is given up twice for one call")
        given_up = "did not come back" in item["history"][-1]
        mine = [each for each in self._network.requests if each.worker is self._scheduler.current and not given_up]
        if mine and mine[-1].status == 429:
            self.fail("429 burns no attempt", f"delivery {item['id']} has {item['attempts']} after a 429")

    def _about(self, address: str) -> list[Sent]:
        return [each for each in self._network.requests if any(who.lower() == address for who, _ in each.rows)]

    def _lane(self, name: str, before: Item, after: Item) -> None:
        self.lanes[name] = after
        if "paused_reason" in after:
            self._paused_since.setdefault(name, self._scheduler.seconds)
        else:
            self._paused_since.pop(name, None)
        opened = set(after.get("open", ())) - set(before.get("open", ()))
        closed = set(before.get("open", ())) - set(after.get("open", ()))
        for window in {each for each in after if each.startswith("w:")}:
            step = after[window] - before.get(window, 0)
            if after[window] < 0 or step not in {-1, 0, 1}:
                self.fail("ledger", f"{name} {window} went to {after[window]} by {step}")
            if (step > 0 and len(opened) != 1) or (step < 0 and not closed and "call" not in before):
                self.fail("ledger", f"{name} {window} changed by {step} without a call of its own")
        if opened and "paused_reason" in before:
            self.fail("pause", f"a call was reserved on {name} while it was paused")
        self._check_ledger(name)

    # ── requests ────────────────────────────────────────────────────────────────────────────────────────────────────

    def left(self, sent: Sent) -> None:
        """
        A request leaves: the lane must not be paused, nor too fast.
        """
        name, now = LANES[sent.vendor], self._scheduler.seconds
        if self._paused_since.get(name, now) < now - DELAY_SECONDS:
            self.fail("pause", f"call {sent.number} left although {name} is paused")
        in_force = self._lanes_in_force(name)
        lane, newest = in_force[0], in_force[-1]
        requests = [each for each in self._network.requests if each.vendor == sent.vendor]
        mine = [each.left for each in requests]
        counted = [each.left for each in requests if lane.counts == "all" or each.applied]
        for limit in lane.limits:
            span = limit.slot_seconds - DELAY_SECONDS
            if (
                limit in newest.limits
                and limit.per == "slot"
                and sum(now - span < at <= now for at in counted) > 2 * limit.calls
            ):
                self.fail("vendor's limit", f"call {sent.number} is over {limit.calls} in {limit.slot_seconds} s")
        if lane.rate and sum(now - 60 < at for at in mine) > lane.rate.burst + (60 + DELAY_SECONDS) * 1000 / (
            lane.rate.interval_ms
        ):
            self.fail("vendor's limit", f"call {sent.number} is faster than one in {lane.rate.interval_ms} ms")

    def arrived(self, sent: Sent) -> None:
        """
        A request has arrived: it must not be one too many, nor say anything twice, nor anything old.
        """
        self._check_limit(sent)
        self._check_ledger(LANES[sent.vendor])
        self._sayings.arrived(sent)

    def _lanes_in_force(self, name: str) -> list[Lane]:
        """
        The lane as the configurations that may still be at work have it, the newest last.
        """
        edge = self._scheduler.seconds - OVERLAP_SECONDS
        found = [config for at, config in self.configs if at >= edge]
        older = [config for at, config in self.configs if at < edge]
        return [each.lanes[name] for each in [*older[-1:], *found] if name in each.lanes] or [
            config.lanes[name] for _, config in self.configs if name in config.lanes
        ]

    def _count(self, lane: Lane, vendor: str, day: str) -> int:
        books = self._network.books
        return (books.arrived if lane.counts == "all" else books.applied).get((vendor, day), 0)

    def _check_limit(self, sent: Sent) -> None:
        lanes = self._lanes_in_force(LANES[sent.vendor])
        days = [limit for lane in lanes for limit in lane.limits if limit.per == "day"]
        if len(days) < len(lanes):
            return
        urgent = sent.urgent or self._is_urgent(sent)
        most = max(limit.calls if urgent else limit.calls - limit.reserve for limit in days)
        counts = lanes[0].counts == "all" or sent.applied
        if counts and self._count(lanes[0], sent.vendor, sent.day) > most:
            what = "urgent" if urgent else "ordinary"
            self.fail("vendor's limit", f"call {sent.number} ({what}) is over {most} on {sent.day}")

    def _is_urgent(self, sent: Sent) -> bool:
        """
        Whether a request may use the reserve although it does not look like it.

        At SATORI it carries a refusal of mail among others; at 配配メール it makes way for an opt-out that waits, which
        goes behind the registration before it.
        """
        if sent.vendor == "satori":
            carried = [self._books.submissions[number] for number in sent.tags()]
            return any(each.fields["permission"] == "reject" for each in carried)
        return any(lane == LANES[sent.vendor] for lane, _ in self._urgent)

    def _check_ledger(self, name: str) -> None:
        """
        The ledger has counted whatever the vendor has counted, at every moment.
        """
        lane, vendor = self._lanes_in_force(name)[-1], _vendor(name)
        if not any(limit.per == "day" for limit in lane.limits):
            return
        item = self.lanes.get(name, {})
        books = self._network.books.arrived
        for day in [day for which, day in books if which == vendor]:
            counted = self._count(lane, vendor, day)
            if item.get(f"w:day#{day}", 0) < counted:
                self.fail(
                    "ledger counts first", f"{name}: {counted} calls on {day}, {item.get(f'w:day#{day}', 0)} known"
                )


def _vendor(lane: str) -> str:
    return next(vendor for vendor, name in LANES.items() if name == lane)

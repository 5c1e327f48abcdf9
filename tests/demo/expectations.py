"""
What the demo proves, one plain sentence each, and whether it was so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Expect(StrEnum):
    """
    Every expectation, in the order of the script.
    """

    V4_HASHCODE = "v4: the thank-you page reads the visitor's own hashcode"
    BROWSER_BOUND = "v4: SATORI knows the visitor's browser"
    V3_HASHCODE = "v3: the thank-you page reads the visitor's own hashcode"
    FAN_OUT = "fan-out: one form reaches SATORI and 配配メール"
    BURST_ACCEPTED = "burst: 1,000 forms are accepted"
    BURST_ARRIVED = "burst: every row is in the customer table"
    BURST_WAITS = "burst: no row waits longer than its pace and a minute"
    BURST_CALLS = "burst: all rows ride in one or two calls"
    NAME_INTACT = "names: 髙﨑①㈱〜 arrives as it was typed"
    NAMES_DEAD = "names: 😀 and 𠮷 are dead letters that name them and the field"
    NEIGHBOURS = "names: the other rows of that batch arrive at once"
    NAMES_FIXED = "names: mended by a person, the dead letters arrive"
    DOWN_THANKED = "SATORI down: the visitor is thanked, without c"
    DOWN_DELIVERED = "SATORI down: the lead arrives when it is back"
    DOUBLE_ONE = "double click: one delivery, one call"
    DOUBLE_SAME = "double click: both windows go to the same address"
    DOUBLE_PATIENCE = "double click: the second waits for the first, within patience"
    WEBHOOK_ONE = "webhook sent twice: delivered once"
    WEBHOOK_SAME = "webhook sent twice: the same answer"
    EARLY_CLOSED = "early 429: the lane closes, an alarm tells of the drift"
    EARLY_OPENED = "early 429: a probe after 15 minutes opens the lane again"
    SPENT_ACCEPTED = "240 calls spent by others: submissions are accepted"
    SPENT_WAITING = "240 calls spent by others: all wait, no attempt is burnt"
    SPENT_DELIVERED = "240 calls spent by others: all arrives after 00:00 JST"
    OPT_OUT_REACHES = "an opt-out in 配配メール reaches SATORI and Mail Dealer within the hour"
    OPT_OUT_STAYS = "an older consent that comes later does not undo it"
    LOOKUP_ANSWERS = "a question beside the form finds the public answer"
    LEDGER_EQUAL = "the relay counts the calls that the vendors saw"
    LEDGER_BOUND = "never more than 240 calls on a day in Tokyo, by both books"
    POLICY_CLEAN = "the vendors' policy alarms are empty"
    LOGS_CLEAN = "no e-mail address of the script is in any log line"
    ALL_STORED = "every submission that was accepted is in the table"
    NOTHING_LEFT = "nothing is dead, waiting, uncertain or held at the end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """
    One expectation as it turned out; `found` is what the books said.
    """

    name: Expect
    met: bool
    found: str


class Expectations:
    """
    All expectations. One that was never reached was not met. `tell` hears of each as it is checked.
    """

    def __init__(self, tell: Callable[[Checked], None] = lambda _: None) -> None:
        self._tell = tell
        self._checked: dict[Expect, Checked] = {}

    def check(self, name: Expect, found: str, *, met: bool) -> None:
        """
        Note how one expectation turned out. Checked twice, it must hold twice.
        """
        before = self._checked.get(name)
        checked = Checked(name=name, met=met and (before is None or before.met), found=found)
        self._checked[name] = checked
        self._tell(checked)

    @property
    def failed(self) -> list[Expect]:
        """
        The expectations that were not met, or never reached, in order.
        """
        return [name for name in Expect if name not in self._checked or not self._checked[name].met]

    def as_dict(self) -> dict[str, bool]:
        """
        Every expectation by its sentence.
        """
        failed = set(self.failed)
        return {str(name): name not in failed for name in Expect}

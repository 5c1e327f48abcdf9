"""
Turn: what a reply makes of a delivery and of its lane.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from chalicelib.model.delivery import State
from chalicelib.model.lane import Breaker
from chalicelib.value import value


@value
class Turn:
    """
    What becomes of one delivery: its next state, with the reason, and not before `after`.

    `burns`: an attempt was made. `alone`: next time without the others that it was merged with. `call`: the batch call
    that it travelled in.
    """

    state: State
    reason: str = ""
    burns: bool = False
    alone: bool = False
    after: datetime | None = None
    proof: str = ""
    result: Mapping[str, str] = field(default_factory=dict)
    call: str = ""


@value
class Notice:
    """
    Something that an operator should be told: what happened, what it means, what to do.
    """

    cause: str
    subject: str
    text: str


@value
class LaneTurn:
    """
    What becomes of the lane: its breaker, a pause, whether the reservation is given back, and what to tell.

    `drift`: the vendor refused for its quota although our books had room; somebody else uses the account.
    """

    breaker: Breaker
    paused_reason: str = ""
    refund: bool = False
    drift: bool = False
    notices: tuple[Notice, ...] = ()

"""
The nouns of Ekiden: frozen values that the rooms hand to each other, and nothing else.

A newcomer reads them in the order of the road: arrival (Envelope, Event) → route → delivery → lane → call.
"""

from __future__ import annotations

from chalicelib.model.arrival import Envelope, Event, Response
from chalicelib.model.call import (
    Batch,
    Call,
    Deferred,
    Delivered,
    Line,
    NoReply,
    Outcome,
    Reading,
    Refused,
    Reply,
    Uncertain,
    Verdict,
)
from chalicelib.model.config import Alarms, Config, Console, Destination, Egress, Retention
from chalicelib.model.delivery import (
    FINAL_STATES,
    Contact,
    Delivery,
    Effect,
    MergeRules,
    Pending,
    Prepared,
    State,
)
from chalicelib.model.dropin import Dropin
from chalicelib.model.lane import (
    Breaker,
    Lane,
    LaneKey,
    LaneState,
    Limit,
    Night,
    OpenCall,
    Rate,
    Reservation,
)
from chalicelib.model.poll import Lookup, Poll, PollState, Progress
from chalicelib.model.problems import Fault, FieldProblem, Problem
from chalicelib.model.proof import Captcha, Equals
from chalicelib.model.route import Const, Expr, FieldName, Mapped, Route
from chalicelib.model.secret import SecretRefs
from chalicelib.model.source import (
    Browser,
    Ceiling,
    EventRule,
    Files,
    Form,
    FormField,
    Handshake,
    Hmac,
    Parse,
    Records,
    Respond,
    Source,
    Token,
    Verify,
)
from chalicelib.model.turn import LaneTurn, Notice, Turn

__all__ = [
    "FINAL_STATES",
    "Alarms",
    "Batch",
    "Breaker",
    "Browser",
    "Call",
    "Captcha",
    "Ceiling",
    "Config",
    "Console",
    "Const",
    "Contact",
    "Deferred",
    "Delivered",
    "Delivery",
    "Destination",
    "Dropin",
    "Effect",
    "Egress",
    "Envelope",
    "Equals",
    "Event",
    "EventRule",
    "Expr",
    "Fault",
    "FieldName",
    "FieldProblem",
    "Files",
    "Form",
    "FormField",
    "Handshake",
    "Hmac",
    "Lane",
    "LaneKey",
    "LaneState",
    "LaneTurn",
    "Limit",
    "Line",
    "Lookup",
    "Mapped",
    "MergeRules",
    "Night",
    "NoReply",
    "Notice",
    "OpenCall",
    "Outcome",
    "Parse",
    "Pending",
    "Poll",
    "PollState",
    "Prepared",
    "Problem",
    "Progress",
    "Rate",
    "Reading",
    "Records",
    "Refused",
    "Reply",
    "Reservation",
    "Respond",
    "Response",
    "Retention",
    "Route",
    "SecretRefs",
    "Source",
    "State",
    "Token",
    "Turn",
    "Uncertain",
    "Verdict",
    "Verify",
]

"""
What the stories share: the configuration, a CRM's words, and the end that all want.
"""

from __future__ import annotations

import json

from chalicelib.model import FINAL_STATES
from tests.scenarios.world import CONFIG, World

STORY = (
    CONFIG.replace('stopped = "unsubscribe"', 'stopped = "unsubscribe", gone = "delete"')
    + """
[[routes]]
from = "crm"
to = "satori"
operation = "delete"
on = ["delete"]
[routes.fields]
email = "email"
"""
)

MAILER = CONFIG[CONFIG.index("[destinations.haihai]") : CONFIG.index("[[routes]]")]
"""
The destination that the routes of newsletter and CRM lead to.
"""

UNKNOWN_GROUP = """
[[routes]]
from = "contact"
to = "haihai"
operation = "register"
[routes.settings]
gid = 99
[routes.fields]
"メールアドレス" = "email"
"""
"""
A route to a group that the account does not have.
"""


def crm(world: World, number: int, at: str, kind: str, email: str = "taro@example.co.jp", name: str = "山田") -> None:
    """
    The CRM tells of a change of the 21st.
    """
    record = {"id": f"e{number}", "type": kind, "updated_at": f"2026-11-21T{at}+09:00", "email": email, "name": name}
    assert world.webhook(json.dumps({"events": [record]}).encode()).status == 200


def settled(world: World) -> bool:
    """
    Whether every delivery has come to its end.
    """
    return all(each.state in FINAL_STATES for each in world.deliveries())


def reason_of_pause(world: World, lane: str) -> str:
    """
    Why a lane makes no calls: what an operator reads.
    """
    return world.relay.operator.lane_status(lane).state.paused_reason


def held_reasons(world: World) -> list[str]:
    """
    Why keys are held.
    """
    return [key.held_reason for _, key, _ in world.relay.operator.held_keys()]

"""
A relay for the stories of declared destinations: a form, a webhook, and one destination.
"""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.model import Delivery
from tests.scenarios.world import World

HEAD = """
[relay]
name = "test"
secret = "env:EKIDEN_SECRET"

[sources.contact]
preset = "form"
origins = ["https://www.example.co.jp"]
thanks = "https://www.example.co.jp/thanks"

[sources.crm]
preset = "webhook"
verify = [{ token = { in = "header", name = "X-Relay-Token", secret = "env:CRM_TOKEN" } }]
records = { path = "events" }
event = { id = "id", time = "updated_at" }
"""
VISITOR = {"your-email": "hanako.sample@example.co.jp", "name": "見本 花子", "memo": "資料をください。"}


def world_of(config: str, secrets: Mapping[str, str] | None = None) -> World:
    """
    A relay with nothing but the declared destination.
    """
    world = World(HEAD + config)
    world.secrets.values.update(secrets or {})
    return world


def only(world: World) -> Delivery:
    """
    The one delivery that there is.
    """
    (found,) = world.deliveries()
    return found

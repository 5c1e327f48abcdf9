"""
配配メール's older import under every reading: it has its switches at the newer API's sandbox.
"""

from __future__ import annotations

from dataclasses import replace

from tests.sandbox.haihaimail_account import LegacyLogin
from tests.scenarios.readings.catalogue import Play
from tests.scenarios.readings.stories import MAILER, STORY, UNKNOWN_GROUP, crm, held_reasons, reason_of_pause
from tests.scenarios.world import World

LANE = "haihaimail-legacy-24"
OLDER = """
[destinations.haihai]
vendor = "haihaimail_legacy"
base_url = "https://a03.hm-f.jp"
aid = 24
credentials = { login_id = "env:HAIHAI_LOGIN_ID", transfer_password = "env:HAIHAI_TRANSFER" }
"""


def by_the_older_import(play: Play) -> None:
    """
    A wrong password pauses, an unknown group holds its rows, all else arrives, and no blank takes a name away.
    """
    world = World(STORY.replace(MAILER, OLDER) + UNKNOWN_GROUP)
    world.haihai.account = replace(world.haihai.account, legacy=LegacyLogin(aid="24", password="Transfer-1"))
    world.transport.sandboxes["https://a03.hm-f.jp"] = world.haihai
    world.secrets.values["env:HAIHAI_TRANSFER"] = "Transfer-2"
    play.on(world.haihai)

    world.submit("newsletter", {"email": "taro@example.co.jp", "name": "太郎"})
    world.pass_minutes(5)
    assert world.states() == {"waiting": 1}
    assert "81401" in reason_of_pause(world, LANE)

    world.secrets.values["env:HAIHAI_TRANSFER"] = "Transfer-1"
    world.clock.sleep(600)
    world.relay.operator.resume(LANE)
    world.submit("contact", {"email": "x@example.co.jp", "sei": "山田", "mei": "太郎"})
    world.submit("newsletter", {"email": "hanako@example.co.jp", "name": "花子"})
    world.pass_minutes(20)
    world.submit("newsletter", {"email": "taro@example.co.jp", "name": ""})
    world.submit("newsletter", {"email": "hanako@example.co.jp", "name": "新しい花子"})
    crm(world, 1, "10:30:00", "stopped")
    world.pass_minutes(40)

    names = {each.address: each.values.get("お名前") for each in world.haihai.customers()}
    assert names == {"taro@example.co.jp": "太郎", "hanako@example.co.jp": "新しい花子"}
    taro = world.haihai.customer("taro@example.co.jp")
    assert taro is not None
    assert taro.states["gid", "12"] == "配信停止"
    assert world.states()["waiting"] == 1
    assert [reason for reason in held_reasons(world) if "81435" in reason]
    assert world.haihai.alarms == []

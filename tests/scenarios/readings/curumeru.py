"""
クルメル under every reading.
"""

from __future__ import annotations

from tests.sandbox.curumeru import CurumeruSandbox
from tests.sandbox.curumeru_switches import CurumeruSwitches
from tests.scenarios.readings.catalogue import Play, Readings
from tests.scenarios.readings.stories import MAILER, STORY, UNKNOWN_GROUP, crm, held_reasons, reason_of_pause
from tests.scenarios.world import World

LANE = "curumeru-haihai"
HOST = "https://kuru.example.jp"
KURU = """
[destinations.haihai]
vendor = "curumeru"
base_url = "https://kuru.example.jp"
credentials = { login_id = "env:HAIHAI_LOGIN_ID", password = "env:KURU_PASSWORD" }
path = "/api/made-up/import"
import_types = { register = "add", stop = "halt" }
return_format = "FORMAT"
counts = "COUNTS"
charset = "CHARSET"

[destinations.haihai.parameters]
login = "made_login"
password = "made_pass"
file = "made_file"
import_type = "made_type"
is_overwrite = "made_overwrite"
gid = "made_group"
"""


def a_day(play: Play) -> None:
    """
    A wrong password, a group that is not there, a used-up day, a strange address: nothing lost, no 1,001st call.
    """
    form, _, counts = play.variant.partition(" ")
    charset = "utf-8" if (play.switch, play.position) == ("file_charset", "parameter") else "cp932"
    written = KURU.replace("FORMAT", form).replace("COUNTS", counts).replace("CHARSET", charset)
    world = World(STORY.replace(MAILER, written) + UNKNOWN_GROUP)
    kuru = CurumeruSandbox(
        clock=world.clock.now, login_id="ekiden", password="Secret-1", groups={"12": "ニュース"}, ips=("127.0.0.1",)
    )
    world.transport.sandboxes[HOST] = kuru
    world.secrets.values["env:KURU_PASSWORD"] = "Secret-2"
    play.on(kuru)

    world.submit("newsletter", {"email": "taro@example.co.jp", "name": "太郎"})
    world.pass_minutes(5)
    assert world.states() == {"waiting": 1}
    assert "81401" in reason_of_pause(world, LANE)

    world.secrets.values["env:KURU_PASSWORD"] = "Secret-1"
    world.clock.sleep(600)
    world.relay.operator.resume(LANE)
    world.submit("contact", {"email": "x@example.co.jp", "sei": "山田", "mei": "太郎"})
    world.pass_minutes(20)
    assert [reason for reason in held_reasons(world) if "81431" in reason]

    world.submit("newsletter", {"email": "taro@example.co.jp", "name": ""})
    world.transport.client = "198.51.100.9"
    crm(world, 1, "10:30:00", "stopped")
    world.pass_minutes(5)
    told = [str(fields.get("reason", "")) for fact, fields in world.journal.lines if fact == "call.settled"]
    assert "address that is not allowed" in told[-1]
    world.transport.client = "127.0.0.1"
    world.pass_minutes(90)
    taro = kuru.customer("taro@example.co.jp")
    assert taro is not None
    assert (taro.values["お名前"], taro.states["gid", "12"]) == ("太郎", "配信停止")

    kuru.spend(1_000 - kuru.calls_today)
    world.submit("newsletter", {"email": "late@example.co.jp", "name": "遅子"})
    world.pass_minutes(60, step=5)
    assert kuru.customer("late@example.co.jp") is None
    world.pass_minutes(13 * 60, step=20)
    assert kuru.customer("late@example.co.jp") is not None

    assert world.states()["waiting"] == 1
    assert world.states()["dead"] == 0
    assert max(kuru.calls_by_day.values()) <= 1_000
    assert kuru.alarms == []


READINGS = Readings(
    vendor="クルメル",
    switches=CurumeruSwitches,
    story=a_day,
    variants=("XML all", "CSV all", "XML accepted"),
)

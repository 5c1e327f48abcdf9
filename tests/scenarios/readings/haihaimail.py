"""
配配メール under every reading.
"""

from __future__ import annotations

from dataclasses import replace
from typing import get_type_hints

from tests.sandbox.haihaimail_switches import HaihaiSwitches
from tests.scenarios.readings.catalogue import Play, Readings
from tests.scenarios.readings.older import by_the_older_import
from tests.scenarios.readings.stories import MAILER, STORY, crm, held_reasons, reason_of_pause, settled
from tests.scenarios.world import World

STOPPED = "配信停止"
LANE = "haihaimail-api-sample-import"
ALLOW = """
[[routes]]
from = "contact"
to = "haihai"
operation = "allow"
[routes.settings]
gid = 12
is_overwrite = {overwrite}
[routes.fields]
"メールアドレス" = "email"
"""


def a_day(play: Play) -> None:
    """
    A batch, a double, a late update, a stop, a used-up day and a lost answer: all end as they should.
    """
    charset = f'account = "api_sample"\ncharset = "{play.position if play.switch == "charset" else "cp932"}"'
    world = World(STORY.replace('account = "api_sample"', charset))
    play.on(world.haihai)

    for number in range(5):
        world.submit("newsletter", {"email": f"U{number}@example.co.jp", "name": "花子"})
    world.submit("newsletter", {"email": "u1@example.co.jp", "name": "新しい花子"})
    crm(world, 1, "09:00:00", "changed", name="古い")
    crm(world, 2, "09:20:00", "changed", name="新しい")
    crm(world, 3, "09:30:00", "stopped")
    world.pass_minutes(20)
    crm(world, 4, "09:10:00", "changed", name="遅い")
    world.pass_minutes(10)
    world.haihai.spend(240 - world.haihai.calls_today)
    world.submit("newsletter", {"email": "late@example.co.jp", "name": "遅子"})
    world.pass_minutes(14 * 60, step=20)

    assert settled(world)
    assert world.states()["dead"] == 0
    assert world.haihai.customer("late@example.co.jp") is not None
    updated = world.haihai.customer("u1@example.co.jp")
    assert updated is not None
    assert updated.values["お名前"] == "新しい花子"
    taro = world.haihai.customer("taro@example.co.jp")
    assert taro is not None
    assert (taro.values["お名前"], taro.states["gid", "12"]) == ("新しい", STOPPED)
    assert max(world.haihai.calls_by_day.values()) <= 240
    assert world.haihai.alarms == []
    assert world.haihai.unknown_keys == []


def from_a_strange_address(play: Play) -> None:
    """
    An address that is not listed gets nothing through and loses nothing; once it is listed, all goes.
    """
    world = World()
    play.on(world.haihai)
    account = world.haihai.account
    world.haihai.account = replace(account, ips=("203.0.113.7",))

    world.submit("newsletter", {"email": "taro@example.co.jp", "name": "太郎"})
    world.pass_minutes(5)
    assert world.states() == {"waiting": 1} if play.position != "drop" else world.states()["delivered"] == 0
    if play.position != "drop":
        assert "IPアドレス" in reason_of_pause(world, LANE)

    world.haihai.account = replace(account, ips=(world.transport.client,))
    world.relay.operator.resume(LANE)
    world.pass_minutes(90)
    assert world.states() == {"delivered": 1}


def under_a_wrong_login(play: Play) -> None:
    """
    Nothing is lost while the login is wrong, and the operator is told where to look.
    """
    world = World()
    play.on(world.haihai)
    right = world.secrets.values["env:HAIHAI_LOGIN_ID"]
    world.secrets.values["env:HAIHAI_LOGIN_ID"] = "somebody"

    world.submit("newsletter", {"email": "taro@example.co.jp", "name": "太郎"})
    world.pass_minutes(5)
    assert world.states() == {"waiting": 1}
    assert "login_id" in (reason_of_pause(world, LANE) or held_reasons(world)[0])

    world.secrets.values["env:HAIHAI_LOGIN_ID"] = right
    world.clock.sleep(600)
    world.relay.operator.resume(LANE)
    for lane, key, _ in world.relay.operator.held_keys():
        world.relay.operator.release_key(lane, key.name)
    world.pass_minutes(10)
    assert world.states() == {"delivered": 1}


def to_a_smaller_plan(play: Play) -> None:
    """
    An account that was taken for a dedicated one refuses files over 10 MB: nothing is lost, nothing poisons the rest.
    """
    dedicated = MAILER + 'plan = "dedicated"\n'
    world = World(STORY.replace(MAILER, dedicated))
    play.on(world.haihai)
    for number in range(120):
        crm(world, number, "09:00:00", "changed", f"u{number}@example.co.jp", "x" * 90_000)
    world.pass_minutes(10)

    if play.position == 413:
        assert world.states() == {"delivered": 120}
        assert len(world.haihai.customers()) == 120
    else:
        assert world.states() == {"waiting": 120}
        assert "10MB" in held_reasons(world)[0]


def with_a_column_that_the_database_lacks(play: Play) -> None:
    """
    The column is dropped, or the file refused and its rows kept: nobody is lost, and the column's name is told.
    """
    world = World(STORY.replace('"お名前" = "name"', '"お名前" = "name"\n"好きな色" = "color"'))
    play.on(world.haihai)
    world.submit("newsletter", {"email": "taro@example.co.jp", "name": "太郎", "color": "青"})
    world.pass_minutes(5)

    if play.position == "dropped":
        assert world.states() == {"delivered": 1}
        assert world.haihai.unknown_columns == ["好きな色"]
    else:
        assert world.states() == {"waiting": 1}
        assert "好きな色" in held_reasons(world)[0]


def of_somebody_unknown(play: Play) -> None:
    """
    Taking somebody out of a group who is not there is taken by the vendor, whatever its report says of the row.
    """
    world = World(STORY.replace('operation = "stop"', 'operation = "delete"'))
    play.on(world.haihai)
    crm(world, 1, "09:30:00", "stopped", "nobody@example.co.jp")
    world.pass_minutes(5)

    assert settled(world)
    assert world.states()["delivered"] == 1
    assert [each.result for job in world.haihai.results() for each in job.results] == [play.position]


def without_overwriting(play: Play) -> None:
    """
    A known address keeps its data where is_overwrite is 0; whether it joins the group is the vendor's reading.
    """
    world = World(STORY.replace("gid = 12", "gid = 12\nis_overwrite = 0", 2))
    play.on(world.haihai)
    world.submit("newsletter", {"email": "taro@example.co.jp", "name": "太郎"})
    world.pass_minutes(10)
    world.submit("newsletter", {"email": "taro@example.co.jp", "name": "別人"})
    world.pass_minutes(10)

    assert world.states() == {"delivered": 2}
    taro = world.haihai.customer("taro@example.co.jp")
    assert taro is not None
    assert taro.values["お名前"] == "太郎"


def allowed_again(play: Play) -> None:
    """
    配信可能 with overwriting, which is Ekiden's default, has its effect under both readings; without, it is taken.
    """
    for overwrite in (1, 0):
        world = World(STORY + ALLOW.format(overwrite=overwrite))
        play.on(world.haihai)
        crm(world, 1, "09:00:00", "changed")
        world.pass_minutes(10)
        crm(world, 2, "09:30:00", "stopped")
        world.pass_minutes(10)
        world.submit("contact", {"email": "taro@example.co.jp", "sei": "山田", "mei": "太郎"})
        world.pass_minutes(10)

        taro = world.haihai.customer("taro@example.co.jp")
        assert taro is not None
        assert settled(world)
        if overwrite or play.position == "set":
            assert taro.states["gid", "12"] == "配信可能"


def where_blanks_erase(play: Play) -> None:
    """
    Under overwrite_type 2 a late older update takes nothing back, and no column that the file lacks erases anything.
    """
    world = World(STORY.replace("gid = 12", "gid = 12\noverwrite_type = 2", 2))
    play.on(world.haihai)
    crm(world, 1, "09:00:00", "changed", name="古い")
    world.pass_minutes(10)
    crm(world, 2, "09:20:00", "changed", name="新しい")
    world.pass_minutes(10)
    crm(world, 3, "09:10:00", "changed", name="遅い")
    world.pass_minutes(30)

    taro = world.haihai.customer("taro@example.co.jp")
    assert taro is not None
    assert taro.values["お名前"] == "新しい"
    assert settled(world)


READINGS = Readings(
    vendor="配配メール",
    switches=HaihaiSwitches,
    story=a_day,
    stories={
        "foreign_ip": from_a_strange_address,
        "bad_login": under_a_wrong_login,
        "too_large": to_a_smaller_plan,
        "unknown_columns": with_a_column_that_the_database_lacks,
        "delete_missing": of_somebody_unknown,
        "existing_with_group": without_overwriting,
        "reopen_existing": allowed_again,
        "missing_columns": where_blanks_erase,
        **{name: by_the_older_import for name in get_type_hints(HaihaiSwitches) if name.startswith("legacy_")},
    },
    uncalled={
        "stray_overwrite": "is_overwrite goes with types 0 and 5 only, overwrite_type with is_overwrite 1 only",
        "gid_and_spid": "a call names a group or a plan, never both",
    },
)

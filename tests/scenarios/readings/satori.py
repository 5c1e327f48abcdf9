"""
SATORI under every reading, with versions 3 and 4 of its API.
"""

from __future__ import annotations

from chalicelib.model import State
from tests.sandbox.satori_switches import PERMISSIONS, SatoriSwitches
from tests.scenarios.readings.catalogue import Play, Readings
from tests.scenarios.readings.stories import STORY, crm, reason_of_pause, settled
from tests.scenarios.world import World

LANE = "satori-satori"
OTHER = """
[sources.other]
preset = "form"
origins = ["https://www.example.co.jp"]
thanks = "https://www.example.co.jp/thanks"

"""


def leads(play: Play) -> None:
    """
    New lead, double submit, second form, a burst, a name with an apostrophe, a delete: all end as they should.
    """
    world = World(STORY.replace("version = 4", f"version = {play.variant.removeprefix('v')}"))
    play.on(world.satori)
    person = {"email": "Taro@example.co.jp", "sei": "山田", "mei": "太郎"}

    first = world.submit("contact", person)
    world.submit("contact", person)
    world.submit("contact", {**person, "mei": ""})
    for number in range(8):
        world.submit("contact", {**person, "email": f"u{number}@example.co.jp"})
    world.submit("contact", {**person, "email": "x@example.co.jp", "sei": "O'Brien"})
    world.pass_minutes(10)
    crm(world, 1, "10:10:00", "gone", "u1@example.co.jp")
    crm(world, 2, "10:11:00", "gone", "nobody@example.co.jp")
    world.pass_minutes(20)

    assert "c=" in first.headers["Location"]
    assert settled(world)
    customer = world.satori.customer("taro@example.co.jp") or world.satori.customer("Taro@example.co.jp")
    assert customer is not None
    assert (customer.values["last_name"], customer.values["first_name"]) == ("山田", "太郎")
    assert world.satori.customer("u0@example.co.jp") is not None
    assert world.satori.customer("u1@example.co.jp") is None
    dead = {each.payload.get("last_name", each.operation) for each in world.deliveries() if each.state is State.DEAD}
    assert dead <= {"O'Brien", "delete"}
    assert world.satori.leaked_keys() == []


def world_of(play: Play, config: str = STORY) -> World:
    """
    A world whose SATORI has the played version and switch.
    """
    world = World(config.replace("version = 4", f"version = {play.variant.removeprefix('v')}"))
    play.on(world.satori)
    return world


def without_the_right(play: Play) -> None:
    """
    Whichever way SATORI says that the keys' owner may not do this, the lane pauses, names the cause, and goes on later.
    """
    world = world_of(play)
    play.on_also(world.satori, permissions=())
    world.submit("contact", {"email": "taro@example.co.jp", "sei": "山田", "mei": "太郎"})
    world.pass_minutes(5)
    assert world.states() == {"waiting": 1}
    assert "2025-10-21" in reason_of_pause(world, LANE)

    play.on_also(world.satori, permissions=PERMISSIONS)
    world.relay.operator.resume(LANE)
    world.pass_minutes(5)
    assert world.states() == {"delivered": 1}


def at_the_other_host(play: Play) -> None:
    """
    The host that the v3 manual also prints works, or the lane pauses and names the address; nothing is lost.
    """
    world = world_of(play, STORY.replace('vendor = "satori"', 'vendor = "satori"\nbase_url = "https://satr.jp"'))
    world.transport.sandboxes["https://satr.jp"] = world.satori
    world.submit("contact", {"email": "taro@example.co.jp", "sei": "山田", "mei": "太郎"})
    world.pass_minutes(5)

    if (play.variant, play.position) == ("v3", "accept"):
        assert world.states() == {"delivered": 1}
    else:
        assert world.states() == {"waiting": 1}
        assert "base_url" in reason_of_pause(world, LANE)


def dated(play: Play) -> None:
    """
    A date without a time is sent with one.
    """
    line = 'collection_route = { const = "問合せフォーム" }'
    world = world_of(play, STORY.replace(line, f'{line}\ncollection_date = "day"'))
    world.submit("contact", {"email": "taro@example.co.jp", "sei": "山田", "mei": "太郎", "day": "2026-11-20"})
    world.pass_minutes(5)

    assert world.states() == {"delivered": 1}
    customer = world.satori.customer("taro@example.co.jp")
    assert customer is not None
    assert customer.values["collection_date"].startswith("2026-11-20 ")


def by_hashcode(play: Play) -> None:
    """
    A known visitor who writes again is the same customer; another address beside the hashcode loses nobody.
    """
    known = """
[[routes]]
from = "newsletter"
to = "satori"
operation = "upsert"
[routes.settings]
identity = "hashcode"
[routes.fields]
hashcode = "code"
email = "email"
last_name = "name"
collection_route = { const = "会員ページ" }
"""
    base = STORY.replace('from = "newsletter"', 'from = "other"').replace("[sources.crm]", OTHER + "[sources.crm]")
    world = world_of(play, base + known)
    first = world.submit("contact", {"email": "taro@example.co.jp", "sei": "山田", "mei": "太郎"})
    code = first.headers["Location"].partition("c=")[2].removesuffix("-00")
    world.submit("newsletter", {"code": code, "email": "taro@example.co.jp", "name": "田中"})
    world.pass_minutes(10)
    world.submit("newsletter", {"code": code, "email": "jiro@example.co.jp", "name": "鈴木"})
    world.pass_minutes(10)

    assert settled(world)
    assert world.states() == {"delivered": 3}
    moved = play.position != "ignored" if play.switch == "email_change" else True
    customer = world.satori.customer("jiro@example.co.jp" if moved else "taro@example.co.jp")
    assert customer is not None
    assert (customer.hashcode, customer.values["last_name"]) == (code, "鈴木")


READINGS = Readings(
    vendor="SATORI",
    switches=SatoriSwitches,
    story=leads,
    stories={
        "bare_host": at_the_other_host,
        "forbidden": without_the_right,
        "collection_date": dated,
        "email_with_hashcode": by_hashcode,
        "email_change": by_hashcode,
    },
    positions={
        "permissions": (PERMISSIONS, ("create", "edit", "delete")),
        "account_required": ((), ("last_name",)),
        "rate_per_second": (0, 5),
        "conflict_seconds": (0.0, 5.0),
    },
    uncalled={
        "multipart": "calls are urlencoded",
        "bulk_envelope": "the bulk import is not used",
        "bulk_row_number": "the bulk import is not used",
        "bulk_route": "the bulk import is not used",
    },
    variants=("v3", "v4"),
)

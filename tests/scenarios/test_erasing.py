"""
A person asks to be forgotten: nothing they said is left in the table or in the files, and nobody else loses a word.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.model import State
from chalicelib.ports import Bucket
from chalicelib.relay.erasing import Receipt
from tests.sandbox.faults import Fault
from tests.scenarios.world import World

TARO, HANAKO = "taro@example.co.jp", "hanako@example.co.jp"
SECRET_WORDS = ("taro", "秘密太郎")


def submit(world: World, source: str, address: str, name: str) -> None:
    fields = {"email": address, "sei": name, "mei": "一", "name": name}
    assert world.submit(source, fields).status == 303


def erase(world: World, identity: str = TARO) -> Receipt:
    eraser = world.relay.eraser
    return eraser.erase(eraser.find(identity))


def remembered(world: World) -> str:
    """Everything that the table and the bucket hold."""
    objects = " ".join(data.decode("cp932", "replace") + data.decode("utf-8", "replace") for data in bucket(world))
    return repr(world.table.items()) + objects


def bucket(world: World) -> list[bytes]:
    return list(world.bucket.objects.values())


@pytest.fixture
def world() -> World:
    """
    Taro and Hanako, delivered to SATORI and in a file to 配配メール.
    """
    world = World()
    for address, name in ((HANAKO, "花子"), (TARO, "秘密太郎")):
        submit(world, "contact", address, name)
        submit(world, "newsletter", address, name)
    world.pass_minutes(2)
    assert world.states() == {"delivered": 4}
    return world


def test_delivered_submissions_are_emptied(world: World) -> None:
    """Table and files hold no word of the person; that there were two deliveries, and their ids, stays."""
    receipt = erase(world)

    assert not any(word in remembered(world) for word in SECRET_WORDS)
    assert world.states() == {"delivered": 2, "erased": 2}
    assert sorted(receipt.deliveries.values()) == ["delivered", "delivered"]
    assert (receipt.contacts, len(receipt.files), receipt.in_flight) == (2, 1, ())


def test_others_in_the_same_file_stay(world: World) -> None:
    """The file that carried both still has Hanako's row, byte for byte, and her line."""
    erase(world)

    (data,) = (each for name, each in world.bucket.objects.items() if name.endswith("/data"))
    (lines,) = (json.loads(each) for name, each in world.bucket.objects.items() if name.endswith("/lines.json"))
    assert data.decode("cp932").splitlines()[1:] == [f"{HANAKO},花子"]
    assert [line["payload"]["お名前"] for line in lines] == ["花子"]


def test_what_waits_dies_with_them(world: World) -> None:
    """A queued delivery is never sent afterwards; the others of its batch are."""
    world.relay.operator.pause("haihaimail-api-sample-import", "for the test")
    for address in (TARO, "jiro@example.co.jp"):
        submit(world, "newsletter", address, "新しい名前")
    erase(world)
    world.relay.operator.resume("haihaimail-api-sample-import")
    world.pass_minutes(10)

    assert world.haihai.customer("jiro@example.co.jp").values["お名前"] == "新しい名前"
    assert world.haihai.customer(TARO).values["お名前"] == "秘密太郎"
    assert {str(each.state) for each in world.deliveries()} == {"delivered", "erased"}
    assert not any("pending" in item for item in world.table.items() if item["sk"] == "CONTACT")


class Death(BaseException):
    """The worker is no more."""


class OneWordThenDeath:
    """A bucket whose worker dies when it has stored one object."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bucket, name)

    def put(self, name: str, data: bytes) -> None:
        self._bucket.put(name, data)
        raise Death


def test_a_file_whose_worker_died_half_way_is_emptied_too(world: World) -> None:
    """A worker that died while it stored a call's file left half of it; the person is taken out of that half."""
    submit(world, "newsletter", TARO, "新しい秘密太郎")
    whole, well = world.bucket, world.relay
    before = len(whole.objects)
    world.bucket = OneWordThenDeath(whole)  # type: ignore[assignment]
    world.relay = world._relay()
    with pytest.raises(Death):
        world.pass_minutes(30)
    world.bucket, world.relay = whole, well
    half = len(whole.objects) - before
    world.pass_minutes(30)
    erase(world)

    assert half == 1
    assert not any(word in remembered(world) for word in SECRET_WORDS)


def test_a_queued_single_call_dies_too(world: World) -> None:
    """A lead that waits for SATORI to come back is not delivered after its person was erased."""
    world.satori.faults.add(Fault("status", times=50, status=503))
    submit(world, "contact", TARO, "後の名")
    erase(world)
    world.satori.faults.clear()
    world.pass_minutes(30)

    assert world.satori.customer(TARO).values["last_name"] == "秘密太郎"
    assert world.states() == {"delivered": 2, "erased": 3}


def test_dead_letters_go(world: World) -> None:
    """A dead letter, its reason that quotes a value, and its place in the list are gone."""
    submit(world, "newsletter", TARO, "𠮷田")
    assert world.relay.operator.count(State.DEAD) == 1

    erase(world)

    assert world.relay.operator.count(State.DEAD) == 0
    assert not any(word in remembered(world) for word in (*SECRET_WORDS, "𠮷"))


def test_a_call_under_way_is_named_and_erased_later(world: World) -> None:
    """What is in an open call may have to be sent again with the same bytes: it is told, and the second run erases."""
    world.haihai.faults.add(Fault("timeout_after", times=1, seconds=200))
    submit(world, "newsletter", TARO, "秘密太郎の新しい名")
    for _ in range(5):
        if not world.lane("haihaimail-api-sample-import").get("call"):
            world.pass_minutes(1)
    assert world.lane("haihaimail-api-sample-import").get("call")

    first = erase(world)
    world.pass_minutes(30)
    second = erase(world)

    assert first.in_flight
    assert second.in_flight == ()
    assert not any(word in remembered(world) for word in SECRET_WORDS)


def test_the_address_may_be_written_in_other_ways(world: World) -> None:
    """Capitals and full-width letters are the same person."""
    assert len(erase(world, "ＴＡＲＯ@Example.co.jp ").submissions) == 2


def test_a_mention_is_listed_and_left_alone(world: World) -> None:
    """Somebody else's submission that quotes the address, and one whose address merely contains it, stay."""
    submit(world, "newsletter", "reiko@example.co.jp", f"上司は {TARO} です")
    submit(world, "newsletter", "xtaro@example.co.jp", "別人")
    world.pass_minutes(8)

    receipt = erase(world)

    assert len(receipt.mentioned_in) == 1
    assert world.states() == {"delivered": 4, "erased": 2}


def test_a_log_line_tells_of_it_without_the_address(world: World) -> None:
    """The record names a keyed digest and counts."""
    erase(world)

    (line,) = (each for each in world.journal.lines if "operator.erased" in repr(each))
    assert "'deliveries': 2" in repr(line)
    assert "taro" not in repr(line)


def test_nobody_else_is_found(world: World) -> None:
    """An address that never came finds nothing and changes nothing."""
    before = remembered(world)

    receipt = erase(world, "nobody@example.co.jp")

    assert (receipt.submissions, receipt.contacts, remembered(world)) == ((), 0, before)

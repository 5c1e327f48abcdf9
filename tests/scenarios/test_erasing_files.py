"""
A person asks to be forgotten, and stood in a file that was uploaded.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.errors import StoreUnavailable
from chalicelib.model import State
from chalicelib.model.upload import ImportState
from chalicelib.records import imports
from chalicelib.relay.erasing import Receipt
from tests.scenarios.test_imports import HAIHAI, arrived, csv_of, found, made, upload
from tests.scenarios.world import World

TARO = "u3@example.co.jp"


def erase(world: World, identity: str = TARO) -> Receipt:
    eraser = world.relay.eraser
    return eraser.erase(eraser.find(identity))


def remembered(world: World) -> str:
    objects = " ".join(data.decode("cp932", "replace") for data in world.bucket.objects.values())
    return repr(world.table.items()) + objects


def kept(world: World, data: bytes) -> str:
    """A file whose bytes were not taken away at its end: S3 did not answer just then."""
    put = world.bucket.put

    def away(name: str, data: bytes) -> None:
        if name.startswith("incoming/"):
            raise StoreUnavailable("S3 does not answer", maybe_applied=False)
        put(name, data)

    name = upload(world, data)
    world.bucket.put = away  # type: ignore[method-assign]
    world.pass_minutes(3)
    world.bucket.put = put  # type: ignore[method-assign]
    return name


def test_a_file_that_has_become_events_is_emptied() -> None:
    """Its rows are in the table; the bytes are needed no more, and nothing else can be put under that name."""
    world = made()
    name = upload(world, csv_of(5))
    world.pass_minutes(3)

    assert found(world, name).state is ImportState.DONE
    assert world.bucket.get(name) == b""

    world.incoming.send(arrived(name))
    world.pass_minutes(2)
    assert world.states() == {"delivered": 5}
    assert world.relay.operator.listed(State.HELD) == []


def test_a_file_that_could_not_be_emptied_is_done_all_the_same() -> None:
    """It stays until the lifecycle takes it, and a log line says so."""
    world = made()
    name = kept(world, csv_of(5))

    assert found(world, name).state is ImportState.DONE
    assert world.bucket.get(name)
    assert "import.not_emptied" in repr(world.journal.lines)
    assert world.states() == {"delivered": 5}


@pytest.mark.parametrize("charset", ["cp932", "utf-8", "utf-16"])
def test_a_settled_file_with_the_person_goes_whole(charset: str) -> None:
    """Whatever its charset; a file of others stays."""
    world = made()
    name, others = kept(world, csv_of(5)), kept(world, csv_of(2, name="佐藤"))
    world.bucket.put(name, csv_of(5).decode("cp932").encode(charset))

    receipt = erase(world)

    assert name in receipt.files
    assert world.bucket.get(name) is None
    assert world.bucket.get(others)
    assert receipt.in_flight == ()
    assert TARO not in remembered(world)
    assert world.states() == {"delivered": 6, "erased": 1}


def test_a_file_named_after_the_person_is_named_no_more() -> None:
    """The name that a sender gave its file goes, too; how many rows it had stays."""
    world = made()
    name = upload(world, csv_of(2), filename=f"{TARO}.csv")
    world.pass_minutes(3)

    erase(world)

    assert (found(world, name).filename, found(world, name).rows) == ("", 2)


def test_a_file_that_is_being_read_is_in_flight(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows of the person may still become events: it is named, nothing of it is lost, and a second run takes it all."""
    monkeypatch.setattr("chalicelib.relay.importing.CHUNK_ROWS", 2)
    world = made()
    world.relay.operator.pause(HAIHAI, "for the test")
    name = upload(world, csv_of(9))
    world.relay.expand(arrived(name), deadline=world.clock.now() + timedelta(seconds=1))

    first = erase(world)
    assert f"{name} (being read)" in first.in_flight
    assert world.bucket.get(name)

    world.pass_minutes(5)
    second = erase(world)

    assert second.in_flight == ()
    assert TARO not in remembered(world)
    assert world.states() == {"waiting": 8, "erased": 1}


def test_a_file_that_nobody_has_read_yet_is_in_flight() -> None:
    """It lies in the bucket, and its message is on the way."""
    world = made()
    world.bucket.put("incoming/list/by-hand.csv", csv_of(5))
    world.bucket.put("incoming/nobody/by-hand.csv", csv_of(5))

    receipt = erase(world)

    assert receipt.in_flight == ("incoming/list/by-hand.csv (not read yet)",)
    assert receipt.files == ("incoming/nobody/by-hand.csv",)


def test_a_held_file_waits_for_the_person_who_decides_on_it() -> None:
    """Others stand in it, too: it is named until it is dropped (or released), then it goes."""
    world = made()
    name = upload(world, b"wrong,header\nu3@example.co.jp,x\n")
    world.pass_minutes(2)
    (held,) = world.relay.operator.listed(State.HELD)

    first = erase(world)
    assert first.in_flight == (f"{name} (held: release or drop it first, see ekiden held list)",)
    assert world.bucket.get(name)

    world.relay.operator.drop(held.id)
    second = erase(world)

    assert (second.files, second.in_flight) == ((name,), ())
    assert TARO not in remembered(world)


def test_a_worker_that_comes_too_late_holds_nothing() -> None:
    """Another one has read the file to its end meanwhile, and its bytes are gone: that is no fault to be told."""
    world = made()
    name = upload(world, csv_of(3))
    get = world.bucket.get

    def meanwhile(asked: str) -> bytes | None:
        world.table.write(imports.close(replace(found(world, name), state=ImportState.DONE)))
        world.bucket.put(name, b"")
        return get(asked)

    world.bucket.get = meanwhile  # type: ignore[method-assign]
    world.pass_minutes(2)

    assert found(world, name).state is ImportState.DONE
    assert world.relay.operator.listed(State.HELD) == []

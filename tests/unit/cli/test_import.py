"""
`ekiden import`: the cost first, then the upload, then what came of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chalicelib.cli.sending import put_file
from chalicelib.model import State
from chalicelib.model.upload import Upload
from chalicelib.ops.stopped import Stopped
from tests.scenarios.test_imports import CONFIG, HAIHAI, LIST, csv_of
from tests.scenarios.world import TEN, World
from tests.unit.cli.conftest import Ekiden, Make, flat

LONG = '"お名前" = "name"\n\n[[routes]]\nname = "list-stop"'


@pytest.fixture
def world() -> World:
    return World(CONFIG + LIST)


@pytest.fixture
def ekiden(world: World, typed: Make) -> Ekiden:
    """
    The command line over the relay in memory; S3 takes what is PUT, and time passes while it waits.
    """

    def put(upload: Upload, data: bytes, progress: Callable[[int], None]) -> None:
        name = upload.url.removeprefix("memory:").partition("?")[0]
        world.bucket.put(name, data)
        progress(len(data))
        world.incoming.send(json.dumps({"detail": {"object": {"key": name}}}))

    return typed(connect=lambda _stage, _file: world.relay, put=put, pause=lambda _seconds: world.read_files())


@pytest.fixture
def file(tmp_path: Path) -> Callable[[bytes], str]:
    def make(data: bytes) -> str:
        path = tmp_path / "list.csv"
        path.write_bytes(data)
        return str(path)

    return make


def test_the_cost_is_told_first(ekiden: Ekiden, world: World, file: Any) -> None:
    """Five thousand contacts are one call of 240; without --yes nothing is uploaded."""
    result = ekiden("import", file(csv_of(5_000)), "--route", "list")

    assert result.exit_code == 1
    assert "5,000 contacts = 1 call of 240 a day (0 used today)" in flat(result)
    assert "5,000 rows, Shift_JIS, columns mail, name" in flat(result)
    assert "done about 2026-11-21 10:00 JST" in flat(result)
    assert "only the plan" in flat(result)
    assert world.bucket.objects == {}


def test_a_file_is_uploaded_and_followed(ekiden: Ekiden, world: World, file: Any) -> None:
    """With --yes it goes on to the last stored row, and says what came of them."""
    result = ekiden("import", file(csv_of(1_000)), "--source", "list", "--yes")
    world.pass_minutes(2)

    assert result.exit_code == 0
    assert "1,000 of 1,000 rows stored: 1,000 waiting." in flat(result)
    assert world.states() == {"delivered": 1_000}
    assert world.haihai.calls_today == 1


def test_lines_at_fault_are_shown_before_anything_is_sent(ekiden: Ekiden, world: World, file: Any) -> None:
    """Each with its line and reason; addresses are veiled. After the import they are dead or held as was told."""
    data = "mail,name\na@example.co.jp,一\nno address,二\nshort\nb@example.co.jp,𠮷田\n".encode()
    planned = flat(ekiden("import", file(data), "--route", "list"))
    result = ekiden("import", file(data), "--route", "list", "--yes")

    assert "3 rows at fault" in planned
    assert "U+20BB7" in planned
    assert "1 contact = 1 call" in planned
    assert result.exit_code == 1
    assert (len(world.relay.operator.listed(State.DEAD)), len(world.relay.operator.listed(State.HELD))) == (2, 1)


def test_leftovers_wait_for_the_evening(ekiden: Ekiden, world: World, file: Any) -> None:
    """It says when: from 22:00; and the rows wait until then."""
    result = ekiden("import", file(csv_of(10)), "--route", "list", "--leftovers", "--yes")
    world.pass_minutes(3)

    assert "done about 2026-11-21 22:00 JST, with what the evening leaves over" in flat(result)
    assert world.states() == {"waiting": 10}


def test_a_route_of_a_form_may_be_taken_alone(ekiden: Ekiden, world: World, file: Any) -> None:
    """A CSV with a form's field names goes the one way that is named, and no other of that source."""
    (route,) = (each.name for each in world.config.routes if each.source == "newsletter")
    result = ekiden("import", file(b"email,name\na@example.co.jp,x\n"), "--route", route, "--yes")

    assert result.exit_code == 0
    assert [each.route for each in world.deliveries()] == [route]


def test_programs_read_json(ekiden: Ekiden, file: Any) -> None:
    """The plan and what came of it, in one object; without --yes the import is null."""
    planned = json.loads(ekiden("import", file(csv_of(3)), "--route", "list", "--json").stdout)
    done = json.loads(ekiden("import", file(csv_of(3)), "--route", "list", "--json", "--yes").stdout)

    assert planned["import"] is None
    assert planned["lanes"] == [
        {
            "lane": HAIHAI,
            "contacts": 3,
            "calls": 1,
            "limit": 240,
            "used": 0,
            "done_at": "2026-11-21T10:00:00+09:00",
        }
    ]
    assert (done["import"]["state"], done["import"]["counts"], done["import"]["rows"]) == ("done", {"waiting": 3}, 3)


def test_the_same_file_again_is_told(ekiden: Ekiden, world: World, file: Any) -> None:
    """Nothing is sent twice, and the first import is named."""
    for _ in range(2):
        result = ekiden("import", file(csv_of(3)), "--route", "list", "--yes")
    world.pass_minutes(5)

    assert "within a week: nothing is sent twice" in flat(result)
    assert world.states() == {"delivered": 3}


def test_calls_are_counted_by_rows_and_by_bytes(typed: Make, file: Any) -> None:
    """A file that is more than one call's rows, or more than the vendor's 10 MB, says so."""
    small = World((CONFIG + LIST).replace('account = "api_sample"', 'account = "api_sample"\nrows_max = 10'))
    wide = World((CONFIG + LIST).replace(LONG, LONG.replace("お名前", "備考")))
    told = [
        flat(typed(connect=lambda _stage, _file, of=world: of.relay)("import", file(data), "--route", "list"))
        for world, data in ((small, csv_of(25)), (wide, csv_of(3_000, name="長" * 2_000)))
    ]

    assert "25 contacts = 3 calls of 240" in told[0]
    assert "3,000 contacts = 2 calls of 240" in told[1]


@pytest.mark.parametrize(
    ("data", "arguments", "code", "words"),
    [
        (b"", ("--route", "list"), 2, "is empty"),
        (b"x\n1\n", (), 2, "Name the route"),
        (b"x\n1\n", ("--route", "lst"), 2, 'has no route "lst"'),
        (b"x\n1\n", ("--source", "lst"), 2, 'has no source "lst"'),
        (b"x\n1\n", ("--source", "crm", "--route", "list"), 2, 'is of the source "list"'),
        (b"x\n1\n", ("--route", "list"), 1, 'no column "mail"'),
        (b"%PDF-1.7\n", ("--route", "list"), 1, "cannot be imported"),
        (b'mail,name\n"a,b\n', ("--route", "list"), 1, "never closed"),
        (b"mail,name\n", ("--route", "list"), 1, "nothing to send"),
    ],
)
def test_what_cannot_be_meant_is_said(
    ekiden: Ekiden, world: World, file: Any, data: bytes, arguments: tuple[str, ...], code: int, words: str
) -> None:
    """A sentence for each wrong use or wrong file, and nothing is uploaded."""
    result = ekiden("import", file(data), *arguments, "--yes")

    assert (result.exit_code, words in flat(result)) == (code, True), result.output
    assert world.bucket.objects == {}


def test_a_file_that_is_not_there_and_one_that_is_too_large(ekiden: Ekiden, tmp_path: Path) -> None:
    """Both are told before anything is read."""
    large = tmp_path / "large.csv"
    with large.open("wb") as opened:
        opened.truncate(31_457_281)

    assert "does not exist" in flat(ekiden("import", str(tmp_path / "no.csv"), "--route", "list"))
    assert "at most 31,457,280 are taken" in flat(ekiden("import", str(large), "--route", "list"))


def test_a_lane_that_is_paused_is_told(ekiden: Ekiden, world: World, file: Any) -> None:
    """Nobody can say when it will be done."""
    world.relay.operator.pause(HAIHAI, "maintenance")

    assert "not before the lane is resumed" in flat(ekiden("import", file(csv_of(2)), "--route", "list"))


def test_an_upload_that_s3_refuses_is_a_sentence() -> None:
    """Whether nothing listens or S3 says no: nothing was imported, and why."""
    upload = Upload(id="1", url="http://127.0.0.1:9/x", headers={}, size=1, expires_at=TEN)

    with pytest.raises(Stopped, match="could not be uploaded"):
        put_file(upload, b"x", lambda _more: None)

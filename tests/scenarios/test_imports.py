"""
Files that are uploaded, become events row by row, and reach the vendors in few calls.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.errors import StoreUnavailable
from chalicelib.model import Envelope, Response, State
from chalicelib.model.upload import Import, ImportState
from chalicelib.ports import Lost, Update, Write, Written
from chalicelib.records.layout import lane_key
from chalicelib.relay import importing
from tests.scenarios.world import CONFIG, SECRETS, TEN, World

HAIHAI = "haihaimail-api-sample-import"
SATORI = "satori-satori"
LIST = """
[sources.list]
preset = "csv_upload"
secret = "env:CRM_TOKEN"

[sources.leads]
preset = "csv_upload"
secret = "env:CRM_TOKEN"

[[routes]]
name = "list"
from = "list"
to = "haihai"
operation = "register"
[routes.settings]
gid = 12
[routes.fields]
"メールアドレス" = "mail"
"お名前" = "name"

[[routes]]
name = "list-stop"
from = "list"
to = "haihai"
operation = "stop"
on = ["unsubscribe"]
[routes.settings]
gid = 12
[routes.fields]
"メールアドレス" = "mail"

[[routes]]
name = "leads"
from = "leads"
to = "satori"
operation = "upsert"
[routes.fields]
email = "mail"
last_name = "name"
collection_route = { const = "名刺" }
"""


def made(extra: str = "") -> World:
    return World(CONFIG + LIST + extra)


def csv_of(count: int, *, name: str = "山田") -> bytes:
    lines = ["mail,name", *(f"u{number}@example.co.jp,{name}{number}" for number in range(count))]
    return "\r\n".join(lines).encode("cp932")


def ask(world: World, source: str = "list", **told: Any) -> Response:
    """A program asks where to put its file."""
    headers = {"content-type": "application/json", "x-relay-token": SECRETS["env:CRM_TOKEN"]}
    body = json.dumps({"filename": "list.csv", "size": 10, **told}).encode()
    return world.relay.accept(Envelope(source=source, headers=headers, body=body, received_at=world.clock.now()))


def arrived(name: str) -> str:
    """What S3 says, through EventBridge, when an object has come."""
    detail = {"bucket": {"name": "acme"}, "object": {"key": name, "size": 1}}
    return json.dumps({"source": "aws.s3", "detail-type": "Object Created", "detail": detail})


def upload(world: World, data: bytes, source: str = "list", **told: Any) -> str:
    """A program uploads a file; returns the object's name."""
    answer = ask(world, source, size=len(data), **told)
    assert answer.status == 201
    name = f"incoming/{source}/{json.loads(answer.body)['id']}"
    world.bucket.put(name, data)
    world.incoming.send(arrived(name))
    return name


def found(world: World, name: str) -> Import:
    item = world.relay.imports.find(name)
    assert item is not None
    return item


def test_a_file_of_five_thousand_rides_in_one_call() -> None:
    """Every row is an event with its line, all of them travel in one call of 240, and the program was answered 201."""
    world = made()
    name = upload(world, csv_of(5_000))
    world.pass_minutes(3)

    assert world.states() == {"delivered": 5_000}
    assert len(world.haihai.customers()) == 5_000
    assert world.haihai.calls_today == 1
    assert (found(world, name).state, found(world, name).counts) == (ImportState.DONE, {"waiting": 5_000})
    story = world.relay.operator.story(f"{name.rpartition('/')[2]}-000007")
    assert json.loads(story.event["evidence"])["line"] == "8"


def test_the_address_takes_one_file_of_the_size_told() -> None:
    """Size, type and digest are part of what is signed; nothing that is there already can be overwritten."""
    world = made()
    told = json.loads(ask(world, size=5_000_000, sha256="ab" * 32).body)

    assert told["method"] == "PUT"
    assert told["headers"]["If-None-Match"] == "*"
    assert told["headers"]["Content-Type"] == "text/csv"
    assert told["headers"]["x-amz-checksum-sha256"].startswith("q6ur")
    assert "size=5000000&seconds=900" in told["url"]


@pytest.mark.parametrize(
    ("told", "status", "words"),
    [
        ({"size": 31_457_281}, 413, "larger than 31,457,280 bytes"),
        ({"size": 0}, 422, "size"),
        ({"size": "12"}, 422, "size"),
        ({"size": True}, 422, "size"),
        ({"filename": " "}, 422, "filename"),
        ({"filename": "x" * 256}, 422, "filename"),
        ({"sha256": "abc"}, 422, "sha256"),
        ({"leftovers": "yes"}, 422, "leftovers"),
    ],
)
def test_a_question_that_cannot_be_meant_is_refused(told: dict[str, Any], status: int, words: str) -> None:
    """The program reads which of its values is at fault; no import is noted."""
    world = made()
    answer = ask(world, **told)

    assert (answer.status, words in answer.body) == (status, True)
    assert world.table.items() == []


@pytest.mark.parametrize(("media", "status"), [("text/csv", 415), ("application/json", 400)])
def test_a_file_sent_to_the_door_itself_is_told_the_way(media: str, status: int) -> None:
    """Whoever posts the CSV where the address is to be asked for reads how it is done."""
    headers = {"content-type": media, "x-relay-token": SECRETS["env:CRM_TOKEN"]}
    answer = made().relay.accept(Envelope(source="list", headers=headers, body=csv_of(2), received_at=TEN))

    assert answer.status == status
    assert "filename" in answer.body


def test_a_stranger_gets_no_address() -> None:
    """Without the token a source of files answers as an unknown source does."""
    world = made()
    headers = {"content-type": "application/json", "x-relay-token": "wrong"}
    answers = [
        world.relay.accept(Envelope(source=each, headers=headers, body=b"{}", received_at=TEN))
        for each in ("list", "no")
    ]

    assert [answer.status for answer in answers] == [401, 401]
    assert answers[0] == answers[1]


# ── crashes, repeats, losses ────────────────────────────────────────────────────────────────────────────────────────


class Dies(Exception):
    """
    A worker's end.
    """


@pytest.mark.parametrize("after", range(0, 60, 3))
def test_a_worker_that_dies_anywhere_repeats_and_loses_nothing(after: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """After each single write of the work the worker may end; the next one goes on, and each row is there once."""
    monkeypatch.setattr(importing, "CHUNK_ROWS", 70)
    world = made()
    name = upload(world, csv_of(300))
    writes = 0
    write = world.table.write

    def dying(*given: Write) -> Written | Lost:
        nonlocal writes
        writes += 1
        if writes == after:
            raise Dies
        return write(*given)

    world.table.write = dying  # type: ignore[method-assign]
    message = world.incoming.receive(1)[0]
    died = False
    try:
        world.relay.expand(message.body, deadline=world.clock.now() + timedelta(seconds=120))
    except Dies:
        died = True
    world.table.write = write  # type: ignore[method-assign]
    world.relay = world._relay()
    world.pass_minutes(6)

    assert died is (0 < after <= writes)
    assert found(world, name).state is ImportState.DONE
    assert found(world, name).rows_done == 300
    assert world.states() == {"delivered": 300}
    assert len(world.haihai.customers()) == 300


def test_messages_that_come_twice_change_nothing() -> None:
    """S3 notifies at least once: the second message finds the file read."""
    world = made()
    name = upload(world, csv_of(50))
    for _ in range(4):
        world.incoming.send(arrived(name))
    world.pass_minutes(4)

    assert world.states() == {"delivered": 50}
    assert world.haihai.calls_today == 1


def test_a_lost_notification_is_found_by_the_minute() -> None:
    """The file lies in the bucket and nobody was told: the minute's look finds it."""
    world = made()
    upload(world, csv_of(10))
    world.incoming._messages.clear()
    world.pass_minutes(4)

    assert world.states() == {"delivered": 10}


def test_an_address_that_is_never_used_is_forgotten() -> None:
    """After its quarter of an hour the import is closed, and the minutes look for it no more."""
    world = made()
    told = json.loads(ask(world).body)
    world.pass_minutes(30)

    assert found(world, f"incoming/list/{told['id']}").state is ImportState.ABSENT
    assert len(world.incoming) == 0
    assert world.states() == {}


def test_a_long_file_is_read_by_several_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each works within its time, leaves word, and the next goes on from the row that was noted."""
    monkeypatch.setattr(importing, "CHUNK_ROWS", 100)
    world = made()
    name = upload(world, csv_of(1_000))
    seen = []
    for _ in range(20):
        messages = world.incoming.receive(1)
        if not messages:
            break
        world.relay.expand(messages[0].body, deadline=world.clock.now() + timedelta(seconds=1))
        world.incoming.delete(messages[0])
        seen.append(found(world, name).rows_done)

    assert seen == [100, 200, 300, 400, 500, 600, 700, 800, 900, 1_000]
    world.pass_minutes(2)
    assert world.states() == {"delivered": 1_000}


def test_the_same_file_twice_is_sent_once() -> None:
    """Pressed twice by an operator, or repeated by a program: the second import says whose bytes it has."""
    world = made()
    first = upload(world, csv_of(20))
    world.pass_minutes(2)
    second = upload(world, csv_of(20))
    world.pass_minutes(8)

    again = found(world, second)
    assert (again.state, again.repeated, again.same_as) == (ImportState.DONE, 20, found(world, first).id)
    assert world.states() == {"delivered": 20}
    assert world.haihai.calls_today == 1


def test_the_same_file_a_week_later_is_meant() -> None:
    """After seven days the same bytes are a new import, as ids of senders are forgotten then."""
    world = made()
    upload(world, csv_of(3))
    world.pass_minutes(2)
    world.clock.move_to(world.clock.now() + timedelta(days=7, minutes=1))
    second = upload(world, csv_of(3))
    world.pass_minutes(5)

    assert found(world, second).same_as == ""
    assert world.states() == {"delivered": 6}


def test_while_the_table_is_away_the_file_waits() -> None:
    """Nothing is lost and nothing is held: the queue brings the message again, and a later worker reads the file."""
    world = made()
    name = upload(world, csv_of(40))
    write_many = world.table.write_many

    def away(_groups: Sequence[Sequence[Write]]) -> list[Written | Lost]:
        raise StoreUnavailable("DynamoDB: away", maybe_applied=False)

    world.table.write_many = away  # type: ignore[method-assign]
    with pytest.raises(StoreUnavailable):
        world.read_files()
    world.table.write_many = write_many  # type: ignore[method-assign]
    assert found(world, name).rows_done == 0
    world.pass_minutes(4)

    assert world.states() == {"delivered": 40}


# ── rows and files at fault ─────────────────────────────────────────────────────────────────────────────────────────


def test_rows_at_fault_say_their_line_and_stop_nobody() -> None:
    """A ragged row is held, a bad address is a dead letter, both with their line; the others arrive."""
    world = made()
    rows = [
        "mail,name",
        "a@example.co.jp,一",
        "only one cell",
        "not-an-address,二",
        "b@example.co.jp,𠮷田",
        "c@example.co.jp,三",
    ]
    name = upload(world, "\n".join(rows).encode())
    world.pass_minutes(3)

    assert world.states() == {"delivered": 2, "held": 1, "dead": 2}
    assert [each.reason.partition(":")[0] for each in world.relay.operator.listed(State.DEAD)] == ["line 4", "line 5"]
    assert "line 3" in world.relay.operator.listed(State.HELD)[0].reason
    assert found(world, name).counts == {"waiting": 2, "held": 1, "dead": 2}
    assert "import:list" in [cause for cause, _, _ in world.journal.notices]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\n\n", "empty"),
        (b"\xff\xfem\x00a\x00", "UTF-16"),
        ("宛先,name\na@example.co.jp,x\n".encode(), 'no column "mail"'),
        (b'mail,name\n"a@example.co.jp,x\n', "never closed"),
        (b"mail,mail\na,b\n", "named twice"),
        (b"%PDF-1.7\n1 0 obj\n", "no column"),
    ],
    ids=["empty", "utf16", "header", "quote", "twice", "pdf"],
)
def test_a_file_that_cannot_be_meant_is_held_as_a_whole(data: bytes, words: str) -> None:
    """No row of it is stored; a person sees the file among the held deliveries, with the reason, and is told."""
    world = made()
    name = upload(world, data)
    world.pass_minutes(3)

    (held,) = world.relay.operator.listed(State.HELD)
    assert words in held.reason
    assert "list.csv" in held.reason
    assert found(world, name).state is ImportState.HELD
    assert world.states() == {"held": 1}
    assert [cause for cause, _, _ in world.journal.notices] == ["held:list"]


def test_a_held_file_is_read_again_after_the_mend() -> None:
    """relay.toml named the wrong column: after the mend, releasing the held file sends its rows."""
    world = World((CONFIG + LIST).replace('"メールアドレス" = "mail"', '"メールアドレス" = "address"'))
    upload(world, csv_of(5))
    world.pass_minutes(2)
    (held,) = world.relay.operator.listed(State.HELD)

    world.config = made().config
    world.relay = world._relay()
    assert world.relay.operator.release(held.id) == []
    world.pass_minutes(3)

    assert world.states() == {"superseded": 1, "delivered": 5}


def test_a_file_larger_than_the_source_takes_is_held() -> None:
    """Also one that somebody put into the bucket past the door."""
    world = made()
    world.config = World(
        (CONFIG + LIST).replace('preset = "csv_upload"', 'preset = "csv_upload"\nupload = { bytes_max = 1024 }')
    ).config
    world.relay = world._relay()
    world.bucket.put("incoming/list/mine.csv", csv_of(100))
    world.incoming.send(arrived("incoming/list/mine.csv"))
    world.pass_minutes(2)

    assert world.states() == {"held": 1}
    assert "1,024 are taken" in world.relay.operator.listed(State.HELD)[0].reason


def test_a_file_put_into_the_bucket_by_hand_is_read() -> None:
    """An operator's own copy into the source's folder needs no address; an unknown folder is only logged."""
    world = made()
    world.bucket.put("incoming/list/mine.csv", csv_of(3))
    world.bucket.put("incoming/nobody/mine.csv", csv_of(3))
    for name in ("incoming/list/mine.csv", "incoming/nobody/mine.csv", "incoming/list/gone.csv"):
        world.incoming.send(arrived(name))
    world.incoming.send('{"Event": "s3:TestEvent"}')
    world.pass_minutes(3)

    assert world.states() == {"delivered": 3}
    assert [fact for fact, _ in world.journal.lines].count("import.unknown") == 2


def test_a_fault_of_our_own_holds_the_file_with_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a few workers that fell over it, a person sees it; the minutes bring it no more."""
    world = made()
    name = upload(world, csv_of(3))

    def broken(*_given: object, **_named: object) -> None:
        raise KeyError("ours")

    monkeypatch.setattr(importing, "row_event", broken)
    for _ in range(12):
        for message in world.incoming.receive(10):
            world.incoming.delete(message)
            try:
                world.relay.expand(message.body, deadline=world.clock.now() + timedelta(seconds=60))
            except KeyError:
                continue
        world.clock.move_to(world.clock.now() + timedelta(minutes=1))
        world.relay.tick()

    assert found(world, name).state is ImportState.HELD
    assert "KeyError" in world.relay.operator.listed(State.HELD)[0].reason


# ── other work goes first ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_visitor_is_served_at_once_beside_hundreds_of_leads() -> None:
    """A file keeps a lane of single calls busy for minutes; a form that comes meanwhile still gets its hashcode."""
    world = made()
    upload(world, csv_of(300), "leads")
    answers: list[tuple[str, int]] = []
    sleep, naps = world.clock.sleep, 0

    def meanwhile(seconds: float) -> None:
        nonlocal naps
        naps += 1
        if naps % 40 == 0:
            fields = {"email": f"v{naps}@example.co.jp", "sei": "訪", "mei": "問"}
            location = world.submit("contact", fields).headers["Location"]
            answers.append((location, world.states()["waiting"]))
        sleep(seconds)

    world.clock.sleep = meanwhile  # type: ignore[method-assign]
    world.pass_minutes(3)

    assert len(answers) >= 5
    assert all("c=" in location for location, _ in answers)
    assert [waiting for _, waiting in answers] == sorted((waiting for _, waiting in answers), reverse=True)
    assert answers[0][1] > 200
    assert world.states() == {"delivered": 300 + len(answers)}


def test_the_contact_of_a_waiting_row_is_served_at_once_too() -> None:
    """A visitor whose address waits in a file does not wait for the file; the row's older values do not come back."""
    world = made()
    world.relay.operator.pause(SATORI, "not yet")
    upload(world, b"mail,name\nv@example.co.jp,\xe6\x97\xa7\n", "leads")
    world.pass_minutes(2)
    world.relay.operator.resume(SATORI)
    location = world.submit("contact", {"email": "v@example.co.jp", "sei": "新", "mei": "人"}).headers["Location"]
    world.pass_minutes(3)

    assert "c=" in location
    assert world.satori.customer("v@example.co.jp").values["last_name"] == "新"  # type: ignore[union-attr]
    assert "waiting" not in world.states()


def test_forms_go_before_the_rows_of_a_file() -> None:
    """A call takes what came by itself first; the file's rows fill what is left of it."""
    world = World((CONFIG + LIST).replace('account = "api_sample"', 'account = "api_sample"\nrows_max = 10'))
    upload(world, csv_of(25))
    world.read_files()
    for number in range(4):
        world.submit("newsletter", {"email": f"form{number}@example.co.jp", "name": "髙﨑"})
    world.pass_minutes(1)

    addresses = {each.address for each in world.haihai.customers()}
    assert len(addresses) == 10
    assert {f"form{number}@example.co.jp" for number in range(4)} <= addresses


def test_a_stop_does_not_wait_for_an_older_row() -> None:
    """Somebody opts out while their row still waits: the stop goes at once, and the row is never sent."""
    world = made()
    upload(world, b"mail,name\ntaro@example.co.jp,x\nb@example.co.jp,y\n", leftovers=True)
    world.pass_minutes(2)
    record = {"id": "e1", "type": "stopped", "updated_at": "2026-11-21T10:05:00+09:00", "email": "taro@example.co.jp"}
    world.clock.move_to(TEN + timedelta(minutes=6))
    world.webhook(json.dumps({"events": [record]}).encode())
    world.pass_minutes(3)
    assert [str(each.state) for each in world.deliveries() if each.operation == "stop"] == ["delivered"]

    world.pass_until(datetime(2026, 11, 21, 13, 5, tzinfo=UTC))

    assert world.states() == {"delivered": 2, "superseded": 1}


# ── leftovers ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_leftovers_wait_for_the_evening_and_take_one_call_that_was_left() -> None:
    """Nothing of the file goes before 22:00; then it goes in one call, because the day has calls to spare."""
    world = made()
    upload(world, csv_of(500), leftovers=True)
    world.pass_until(datetime(2026, 11, 21, 12, 59, tzinfo=UTC))
    assert (world.states(), world.haihai.calls_today) == ({"waiting": 500}, 0)
    assert not [cause for cause, _, _ in world.journal.notices if cause.startswith("wait:")]

    world.pass_minutes(5)

    assert (world.states(), world.haihai.calls_today) == ({"delivered": 500}, 1)


def test_leftovers_wait_another_day_where_nothing_is_left() -> None:
    """The day's calls are nearly used up: what is left is kept for forms, and the file waits for a better evening."""
    world = made()
    upload(world, csv_of(50), leftovers=True)
    world.read_files()
    world.table.write(_used(219))
    world.pass_until(datetime(2026, 11, 21, 14, 10, tzinfo=UTC))
    assert world.states() == {"waiting": 50}

    world.submit("newsletter", {"email": "form@example.co.jp", "name": "髙﨑"})
    world.pass_until(datetime(2026, 11, 21, 14, 50, tzinfo=UTC))

    assert world.states() == {"delivered": 51}
    assert world.haihai.calls_today == 1


def test_leftovers_of_a_paused_lane_are_kept() -> None:
    """A paused lane makes no call in the evening either; after resume the next evening takes them."""
    world = made()
    upload(world, csv_of(5), leftovers=True)
    world.read_files()
    world.relay.operator.pause(HAIHAI, "maintenance")
    world.pass_until(datetime(2026, 11, 21, 15, 1, tzinfo=UTC))
    world.relay.operator.resume(HAIHAI)
    world.pass_minutes(30)
    assert world.states() == {"waiting": 5}

    world.clock.move_to(datetime(2026, 11, 22, 13, 0, tzinfo=UTC))
    world.pass_minutes(3)

    assert world.states() == {"delivered": 5}


def test_rows_that_find_nothing_left_for_days_are_told() -> None:
    """Evening after evening the calls are used up: the operators hear of it, and nothing is lost."""
    world = made()
    upload(world, csv_of(5), leftovers=True)
    world.read_files()
    for day in (21, 22, 23):
        world.table.write(Update(key=lane_key(HAIHAI), set={f"w:day#2026-11-{day}": 228}))
        world.clock.move_to(datetime(2026, 11, day, 13, 0, tzinfo=UTC))
        world.pass_minutes(2)

    assert world.states() == {"waiting": 5}
    assert [cause for cause, _, _ in world.journal.notices] == [f"wait:{HAIHAI}"]


def test_an_opt_out_in_a_file_of_leftovers_does_not_wait() -> None:
    """Who wants no more mail is not kept waiting for the evening."""
    config = (CONFIG + LIST).replace(
        "[sources.leads]",
        'event = { kind = "kind", kinds = { stop = "unsubscribe", "*" = "upsert" } }\n\n[sources.leads]',
    )
    world = World(config)
    upload(world, b"mail,name,kind\na@example.co.jp,x,stop\nb@example.co.jp,y,\n", leftovers=True)
    world.pass_minutes(5)

    assert world.states() == {"delivered": 1, "waiting": 1}


def test_a_paused_lane_keeps_the_rows_of_a_file() -> None:
    """They wait, are counted in the status, and go when the lane is resumed."""
    world = made()
    world.relay.operator.pause(HAIHAI, "maintenance")
    upload(world, csv_of(30))
    world.pass_minutes(10)
    assert world.relay.operator.lane_status(HAIHAI).waiting == 30

    world.relay.operator.resume(HAIHAI)
    world.pass_minutes(3)

    assert world.states() == {"delivered": 30}


def _used(calls: int) -> Write:
    """Calls that the ledger has counted today."""
    return Update(key=lane_key(HAIHAI), set={"w:day#2026-11-21": calls})

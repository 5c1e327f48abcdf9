"""
Polls: what 配配メール knows reaches the others within the hour, out of calls of its own; nothing is lost or doubled.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.errors import StoreUnavailable
from chalicelib.model import PollState
from chalicelib.ports import Lost, Write, Written
from tests.sandbox.faults import Fault
from tests.sandbox.haihaimail_get import RetrievalApi, Row
from tests.scenarios.world import CONFIG, TEN, World

PATH = "/api_sample/api/contract/stopped"
LANE = "haihaimail-api-sample-get-stopped"
STOPPED = """
[sources.stopped]
preset = "haihaimail_stopped"
destination = "haihai"
every_minutes = 30
path = "/{account}/api/contract/stopped"
method = "POST"
parameters = { loginid = "{login_id}" }
charset = "cp932"
columns = ["メールアドレス", "状態"]

[[routes]]
from = "stopped"
to = "satori"
operation = "upsert"
on = ["unsubscribe"]
[routes.fields]
email = "メールアドレス"
collection_route = { const = "配配メール" }
delivery_permission = { const = "reject" }
"""


class Stopped:
    """
    The list of stopped customers, as the account's document has it.
    """

    def __init__(self, *addresses: str) -> None:
        self.addresses = list(addresses)

    def rows(self, given: Mapping[str, str]) -> Sequence[Row]:
        assert given == {"loginid": "ekiden"}
        return [{"メールアドレス": each, "状態": "配信停止"} for each in self.addresses]


def world_with(*addresses: str, config: str = CONFIG + STOPPED, now: datetime = TEN) -> tuple[World, Stopped]:
    world, listed = World(config, now=now), Stopped(*addresses)
    world.haihai.retrievals.tell_of(
        RetrievalApi(path=PATH, columns=("メールアドレス", "状態"), rows=listed.rows, parameters=("loginid",))
    )
    return world, listed


def permission(world: World, address: str) -> str:
    found = world.satori.customer(address)
    return found.values.get("delivery_permission", "") if found else "(unknown)"


def poll(world: World) -> PollState:
    return world.relay.polls.states()[0]


def calls_today(world: World) -> int:
    return sum(world.haihai.retrievals.books[PATH].used.values())


def consent(world: World, address: str, at: str) -> None:
    record = {"id": at, "type": "changed", "updated_at": at, "email": address, "sei": "山田", "mei": "太郎"}
    assert world.webhook(json.dumps({"events": [record]}, ensure_ascii=False).encode()).status == 200


OPT_IN = """
[[routes]]
from = "crm"
to = "satori"
operation = "upsert"
[routes.fields]
email = "email"
collection_route = { const = "CRM" }
delivery_permission = { const = "approval" }
"""


# ── the route that pays ─────────────────────────────────────────────────────────────────────────────────────────────


def test_an_opt_out_in_haihaimail_reaches_satori_within_the_hour() -> None:
    """Whoever stops the mails there is stopped here too, out of a few calls of the list's own quota."""
    world, listed = world_with()
    world.pass_minutes(5)
    listed.addresses.append("taro@example.co.jp")
    world.pass_minutes(60)

    assert permission(world, "taro@example.co.jp") == "reject"
    assert world.states() == {"delivered": 1}
    assert (calls_today(world), world.haihai.calls_today) == (3, 0)


def test_an_opt_out_is_never_undone_by_an_older_consent() -> None:
    """A CRM that hands in yesterday's consent late does not put anybody back on the list; a newer one does."""
    world, listed = world_with(config=CONFIG + STOPPED + OPT_IN)
    listed.addresses.append("taro@example.co.jp")
    world.pass_minutes(3)
    consent(world, "taro@example.co.jp", "2026-11-20T10:00:00+09:00")
    world.pass_minutes(40)

    assert permission(world, "taro@example.co.jp") == "reject"

    consent(world, "taro@example.co.jp", "2026-11-21T10:30:00+09:00")
    world.pass_minutes(40)

    assert permission(world, "taro@example.co.jp") == "approval"


def test_who_stops_again_is_stopped_again() -> None:
    """A person who came back and leaves once more is news, although the same row was seen before."""
    world, listed = world_with("taro@example.co.jp", config=CONFIG + STOPPED + OPT_IN)
    world.pass_minutes(5)
    listed.addresses.clear()
    consent(world, "taro@example.co.jp", "2026-11-21T10:04:00+09:00")
    world.pass_minutes(40)
    assert permission(world, "taro@example.co.jp") == "approval"

    listed.addresses.append("taro@example.co.jp")
    world.pass_minutes(40)

    assert permission(world, "taro@example.co.jp") == "reject"


def test_the_same_list_again_is_no_news() -> None:
    """Asked all day, each person is told to SATORI once, and the day has calls left."""
    world, _ = world_with(*(f"u{number}@example.co.jp" for number in range(30)))
    world.pass_minutes(12 * 60)

    assert world.states() == {"delivered": 30}
    assert (poll(world).rows, poll(world).taken) == (30, 0)
    assert calls_today(world) == 24


def test_a_rotated_key_makes_no_news_of_what_was_known() -> None:
    """The key by which rows are remembered is replaced: nobody on the list is told to SATORI a second time."""
    rotating = CONFIG.replace('secret = "env:EKIDEN_SECRET"', 'secret = ["env:EKIDEN_SECRET", "env:BEFORE"]')
    world, listed = world_with("taro@example.co.jp", config=rotating + STOPPED)
    world.secrets.values["env:BEFORE"] = world.secrets.values["env:EKIDEN_SECRET"]
    world.pass_minutes(60)
    world.secrets.values["env:EKIDEN_SECRET"] = "the key after it, which only this test knows"
    listed.addresses.append("hana@example.co.jp")
    world.pass_minutes(90)

    assert world.states() == {"delivered": 2}


# ── quota ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("counts", ["accepted", "all"])
def test_polls_never_exceed_the_days_calls(counts: str) -> None:
    """Asked every minute, a list gets its 240 calls and no 241st; after midnight in Tokyo it goes on by itself."""
    config = CONFIG.replace('account = "api_sample"', f'account = "api_sample"\ncounts = "{counts}"')
    world, listed = world_with(config=config + STOPPED.replace("every_minutes = 30", "every_minutes = 1"))
    world.pass_until(datetime(2026, 11, 21, 14, 50, tzinfo=UTC))
    book = world.haihai.retrievals.books[PATH]

    assert (dict(book.used), dict(book.refused)) == ({"2026-11-21": 240}, {})
    assert "240 of 240 calls used" in poll(world).reason

    listed.addresses.append("taro@example.co.jp")
    world.pass_until(datetime(2026, 11, 21, 15, 5, tzinfo=UTC))

    assert permission(world, "taro@example.co.jp") == "reject"
    assert book.refused == {}


@pytest.mark.parametrize("over_quota", ["http_429", "body_429"])
def test_a_429_closes_the_list_and_nothing_else(over_quota: str) -> None:
    """Another program has used the list's calls up: it is asked rarely until midnight, imports go on."""
    world, _ = world_with()
    world.haihai.change_switches({"over_quota": over_quota})
    world.haihai.retrievals.books[PATH].spend(240, world.clock.now())
    world.submit("newsletter", {"email": "hanako@example.co.jp", "name": "花子"})
    world.pass_minutes(180)

    refused = world.haihai.retrievals.books[PATH].refused
    assert sum(refused.values()) <= 4
    assert world.states() == {"delivered": 1}
    assert (poll(world).watermark, poll(world).done_at) == (None, None)
    assert any(cause == f"closed:{LANE}" for cause, _, _ in world.journal.notices)


# ── what cannot be read ─────────────────────────────────────────────────────────────────────────────────────────────


STRANGE = {
    "a page": Fault("html_200", times=1),
    "maintenance": Fault("maintenance_200", times=1),
    "no answer": Fault("lose_after", times=1),
    "an error": Fault("status", times=1, status=500),
    "a bad token": Fault("status", times=1, status=401),
    "a refusal": Fault("status", times=1, status=400, body='{"code": 400}'),
    "JSON": Fault("status", times=1, status=200, body='{"status": "success"}'),
    "half of it": Fault("truncated", times=1),
}


@pytest.mark.parametrize("what", STRANGE)
def test_an_answer_that_cannot_be_read_is_no_success(what: str) -> None:
    """Nothing is taken of it, the watermark stays, and the next attempt takes everything, once."""
    world, _ = world_with("taro@example.co.jp", "花子@例え.jp", "hanako@example.co.jp")
    world.haihai.faults.add(STRANGE[what])
    world.pass_minutes(1)

    assert (poll(world).watermark, len(world.deliveries())) == (None, 0)
    assert poll(world).reason

    world.pass_minutes(20)

    assert permission(world, "taro@example.co.jp") == permission(world, "hanako@example.co.jp") == "reject"
    assert (poll(world).reason, poll(world).failures, poll(world).rows) == ("", 0, 3)


def test_a_list_whose_columns_have_changed_is_told() -> None:
    """An operator reads which column is missing and how the answer began, without anybody's address."""
    world, _ = world_with()
    world.haihai.retrievals.tell_of(
        RetrievalApi(
            path=PATH,
            columns=("Eメール", "状態"),
            rows=lambda _: [{"Eメール": "taro@example.co.jp", "状態": "停止"}],
            parameters=("loginid",),
        )
    )
    world.pass_minutes(1)
    (text,) = (text for cause, _, text in world.journal.notices if cause == "poll:stopped")

    assert "its header has no メールアドレス" in text
    assert "Eメール,状態" in text
    assert "taro@" not in text + poll(world).reply + json.dumps(world.journal.lines, default=str)
    assert world.deliveries() == []


def test_an_api_that_nobody_has_configured_is_not_taken_for_empty() -> None:
    """The account does not have it (501): nothing is taken, and an operator is told."""
    world, _ = world_with()
    world.haihai.retrievals = type(world.haihai.retrievals)(240)
    world.pass_minutes(20)

    assert "not configured" in poll(world).reason
    assert poll(world).done_at is None
    assert any(cause == "poll:stopped" for cause, _, _ in world.journal.notices)


# ── crashes ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("after", range(1, 30, 2))
def test_a_worker_that_dies_anywhere_loses_and_doubles_nothing(after: int) -> None:
    """The table goes away after so many writes of the run: when it is back each person is an event, once."""
    world, _ = world_with(*(f"u{number}@example.co.jp" for number in range(6)))
    world.relay.tick()
    (message,) = world.bell.receive(1)
    written, write = 0, world.table.write

    def dying(*writes: Write) -> Written | Lost:
        nonlocal written
        written += 1
        if written > after:
            raise StoreUnavailable("gone", maybe_applied=False)
        return write(*writes)

    world.table.write = dying  # type: ignore[method-assign]
    with contextlib.suppress(StoreUnavailable):
        world.relay.ring(message.body, deadline=world.clock.now() + timedelta(seconds=120))
    world.table.write = write  # type: ignore[method-assign]
    world.bell.delete(message)
    world.pass_minutes(40)

    assert world.states() == {"delivered": 6}
    assert {permission(world, f"u{number}@example.co.jp") for number in range(6)} == {"reject"}


def test_many_rows_take_several_workers() -> None:
    """A list that one worker has no time to store is gone on with by the next one, without asking for much again."""
    world, _ = world_with(*(f"u{number}@example.co.jp" for number in range(60)))
    write = world.table.write

    def slow(*writes: Write) -> Written | Lost:
        world.clock.sleep(2.0)
        return write(*writes)

    world.table.write = slow  # type: ignore[method-assign]
    world.pass_minutes(8)
    world.table.write = write  # type: ignore[method-assign]
    world.pass_minutes(10)

    assert world.states() == {"delivered": 60}
    assert calls_today(world) <= 4


def test_two_workers_at_once_ask_once() -> None:
    """A bell that comes twice starts one run."""
    world, _ = world_with("taro@example.co.jp")
    world.relay.tick()
    world.relay.tick()
    world.answer_bells()

    assert calls_today(world) == 1


# ── the door ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_nobody_can_send_to_a_source_that_is_asked() -> None:
    """Its address answers as that of no source."""
    world, _ = world_with()

    assert world.webhook(b'{"x": 1}', source="stopped").status == world.webhook(b"{}", source="nobody").status == 401
    assert world.deliveries() == []


def test_days_are_asked_for_one_by_one() -> None:
    """A list of a date is asked for each day since it was read last: what came shortly before midnight is not lost."""
    asked: list[str] = []
    config = STOPPED.replace('{ loginid = "{login_id}" }', '{ day = "{date:%Y%m%d}" }').replace("stopped", "mails")
    world = World(CONFIG + config.replace("every_minutes = 30", "every_minutes = 720"))

    def rows(given: Mapping[str, str]) -> Sequence[Row]:
        asked.append(given["day"])
        return [{"メールアドレス": f"{given['day']}@example.co.jp", "状態": "x"}]

    world.haihai.retrievals.tell_of(
        RetrievalApi(
            path="/api_sample/api/contract/mails", columns=("メールアドレス", "状態"), rows=rows, parameters=("day",)
        )
    )
    world.pass_minutes(25 * 60, step=5)

    assert asked == ["20261121", "20261121", "20261121", "20261122"]

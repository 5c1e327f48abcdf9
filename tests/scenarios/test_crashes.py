"""
A worker dies at any request it makes, before or after it took effect: nothing is lost, nothing is over.

Each story is played once to count its requests, then once for each of them with the worker's death there. Afterwards a
new worker goes on; what the dead one left is found by time-outs, the sweeper and the sender's own resend.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.relay import Relay
from tests.scenarios.world import World

FINAL = {"delivered", "superseded"}


class Killed(BaseException):
    """
    The worker is no more; nothing it would have done afterwards happens.
    """


class Mortal:
    """
    Counts the requests of a worker, and kills it at one of them.
    """

    def __init__(self, die_at: int, *, after: bool) -> None:
        self.die_at = die_at
        self.after = after
        self.requests = 0
        self.armed = True

    def watch(self, port: Any) -> Any:
        return _Watched(self, port)

    def request(self, call: Callable[[], Any]) -> Any:
        if not self.armed:
            return call()
        self.requests += 1
        if self.requests != self.die_at:
            return call()
        self.armed = False
        if self.after:
            call()
        raise Killed


class _Watched:
    def __init__(self, mortal: Mortal, port: Any) -> None:
        self._mortal = mortal
        self._port = port

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if not callable(found):
            return found
        return lambda *args, **kwargs: self._mortal.request(lambda: found(*args, **kwargs))


def mortal_world(mortal: Mortal) -> World:
    world = World()
    for name in ("table", "bucket", "bell", "inbox", "transport"):
        setattr(world, name, mortal.watch(getattr(world, name)))
    world.backlogs = {name: mortal.watch(queue) for name, queue in world.backlogs.items()}
    world.relay = world._relay()
    return world


def contact(world: World) -> None:
    world.submit("contact", {"email": "taro@example.co.jp", "sei": "山田", "mei": "太郎"})


def batch(world: World) -> None:
    for number in range(3):
        world.submit("newsletter", {"email": f"u{number}@example.co.jp", "name": "花子"})
    world.pass_minutes(2)


def webhook(world: World) -> None:
    world.webhook(
        b'{"events": ['
        b'{"id": "1", "type": "x", "updated_at": "2026-11-21T09:00:00+09:00", "email": "a@example.co.jp", "name": "A"},'
        b'{"id": "2", "type": "stopped", "updated_at": "2026-11-21T09:30:00+09:00", "email": "a@example.co.jp"}]}',
    )
    world.pass_minutes(8)


def backlog(world: World) -> None:
    for number in range(8):
        world.submit("contact", {"email": f"u{number}@example.co.jp", "sei": "山田", "mei": "太郎"})
    world.pass_minutes(2)


STORIES = {"contact": contact, "batch": batch, "webhook": webhook, "backlog": backlog}


def count_requests(story: Callable[[World], None]) -> int:
    mortal = Mortal(0, after=False)
    story(mortal_world(mortal))
    return mortal.requests


def play(story: Callable[[World], None], die_at: int, *, after: bool) -> tuple[World, bool]:
    """The story with a death in it; whether the sender had been answered by then."""
    mortal = Mortal(die_at, after=after)
    world = mortal_world(mortal)
    answers: list[int] = []
    accept = world.relay.accept

    def answered(envelope: Any) -> Any:
        answer = accept(envelope)
        answers.append(answer.status)
        return answer

    world.relay.accept = answered  # type: ignore[method-assign]
    try:
        story(world)
    except Killed:
        mortal.armed = False
    world.relay = Relay(world.relay._deps.config, world.relay._deps.vendors, world.relay._deps.ports)
    return world, bool(answers)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("name", sorted(STORIES))
def test_a_worker_may_die_anywhere(name: str, after: bool) -> None:  # noqa: FBT001
    """Wherever the worker dies, whatever was answered arrives, once at the vendor's, and no call is uncounted."""
    story = STORIES[name]
    for die_at in range(1, count_requests(story) + 1):
        world, _ = play(story, die_at, after=after)
        accepted = {each.id for each in world.deliveries()}
        world.pass_minutes(60, step=4)

        left = {each.id: each.state for each in world.deliveries() if each.state not in FINAL}
        where = f"{name}: death {'after' if after else 'before'} request {die_at}"
        assert left == {}, where
        assert accepted <= {each.id for each in world.deliveries()}, where
        assert world.lane("haihaimail-api-sample-import").get("w:day#2026-11-21", 0) >= world.haihai.calls_today, where
        assert all("lease" not in item for item in world.table.items() if item["sk"] == "CONTACT"), where
        assert all(not item.get("pending") for item in world.table.items() if item["sk"] == "CONTACT"), where
        assert all(not item.get("open") for item in world.table.items() if item["sk"] == "LANE"), where


def test_a_submission_is_not_answered_before_it_is_stored() -> None:
    """A death before the write leaves nothing behind and no answer: the sender knows to send again."""
    first = next(die_at for die_at in range(1, 10) if play(contact, die_at, after=True)[0].deliveries())
    for die_at in range(1, first):
        world, answered = play(contact, die_at, after=False)

        assert not answered
        assert world.deliveries() == []

        contact(world)
        world.pass_minutes(2)

        assert world.states() == {"delivered": 1}

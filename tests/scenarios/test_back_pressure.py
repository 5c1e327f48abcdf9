"""
Where AWS pushes back or forgets, work waits in a line; nobody is turned away, and nothing waits unseen.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.errors import StoreUnavailable
from chalicelib.model import State
from chalicelib.ports import Lost
from tests.scenarios.world import CONFIG, World

LANE = "haihaimail-api-sample-import"
SATORI = "satori-satori"
TARO = {"email": "taro@example.co.jp", "sei": "山田", "mei": "太郎"}
SWEPT = timedelta(minutes=15)

TWO_GROUPS = (
    CONFIG.replace(
        "[sources.crm]",
        """[sources.seminar]
preset = "form"
origins = ["https://www.example.co.jp"]
thanks = "https://www.example.co.jp/thanks"

[sources.crm]""",
    )
    + """
[[routes]]
from = "seminar"
to = "haihai"
operation = "register"
[routes.settings]
gid = 13
[routes.fields]
"メールアドレス" = "email"
"お名前" = "name"
"""
)


class Hot:
    """
    A table of which one lane's item, the counter that every call needs, is throttled or always just taken.
    """

    def __init__(self, table: Any, lane: str, answer: StoreUnavailable | Lost) -> None:
        self._table, self._pk, self._answer = table, f"LANE#{lane}", answer
        self.asked = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._table, name)

    def write(self, *writes: Any) -> Any:
        if not any(each.key.pk == self._pk and each.key.sk == "LANE" for each in writes):
            return self._table.write(*writes)
        self.asked += 1
        if isinstance(self._answer, StoreUnavailable):
            raise self._answer
        return self._answer


@pytest.mark.parametrize(
    "answer",
    [StoreUnavailable("DynamoDB stays busy: ThrottlingException", maybe_applied=False), Lost({0: None})],
    ids=["throttled", "contended"],
)
def test_a_hot_counter_makes_a_queue_and_no_error(answer: StoreUnavailable | Lost) -> None:
    """Nobody can reserve a call: twenty visitors are thanked all the same, and their leads go when it cools."""
    world = World()
    cool = world.table
    hot = Hot(cool, SATORI, answer)
    world.table = hot  # type: ignore[assignment]
    world.relay = world._relay()

    statuses = {world.submit("contact", {**TARO, "email": f"u{n}@example.co.jp"}).status for n in range(20)}
    world.pass_minutes(3)
    waiting = world.states()
    world.table = cool
    world.relay = world._relay()
    world.pass_minutes(10)

    assert statuses == {303}
    assert hot.asked >= 20
    assert waiting == {"waiting": 20}
    assert world.states() == {"delivered": 20}
    assert all(each.attempts == 0 for each in world.deliveries())


def test_a_hot_counter_of_a_batching_lane_makes_a_longer_file() -> None:
    """What could not be reserved travels with what came later, in one call."""
    world = World()
    cool = world.table
    world.table = Hot(cool, LANE, StoreUnavailable("throttled", maybe_applied=False))  # type: ignore[assignment]
    world.relay = world._relay()
    for number in range(30):
        assert world.submit("newsletter", {"email": f"u{number}@example.co.jp", "name": "花子"}).status == 303
    world.pass_minutes(5)
    world.table = cool
    world.relay = world._relay()
    world.pass_minutes(5)

    assert world.states() == {"delivered": 30}
    assert len(world.haihai.results()) == 1


@pytest.mark.parametrize("source", ["contact", "newsletter"])
def test_a_delivery_whose_message_vanished_is_back_within_a_quarter_of_an_hour(source: str) -> None:
    """SQS forgets what waits in a closed lane; fifteen minutes after the lane opens, at the latest, it is delivered."""
    world = World()
    lane = SATORI if source == "contact" else LANE
    world.relay.operator.pause(lane, "for the test")
    world.submit(source, {**TARO, "name": "花子"})
    world.backlogs[lane]._messages.clear()
    world.bell._messages.clear()
    world.relay.operator.resume(lane)
    world.bell._messages.clear()

    world.pass_until(world.clock.now() + SWEPT)

    assert world.states() == {"delivered": 1}


def test_a_message_that_vanished_beside_another_keys_is_missed_too() -> None:
    """One group's rows keep the queue busy all the time; the other group's lost message is back in fifteen minutes."""
    world = World(TWO_GROUPS)
    queue = world.backlogs[LANE]
    world.submit("seminar", {"email": "taro@example.co.jp", "name": "太郎"})
    queue._messages.clear()
    end = world.clock.now() + SWEPT
    number = 0
    while world.clock.now() < end:
        number += 1
        world.submit("newsletter", {"email": f"u{number}@example.co.jp", "name": "花子"})
        world.pass_minutes(1)

    (seminar,) = [each for each in world.deliveries() if each.source == "seminar"]
    assert seminar.state is State.DELIVERED


def test_what_waits_longer_than_queues_remember_is_told_of_and_delivered() -> None:
    """A lane is paused for sixteen days, two longer than SQS keeps anything: operators hear, and all of it goes out."""
    world = World()
    for lane in (SATORI, LANE):
        world.relay.operator.pause(lane, "a long holiday")
    world.submit("contact", TARO)
    world.submit("newsletter", {"email": "hanako@example.co.jp", "name": "花子"})
    world.pass_minutes(16 * 24 * 60, step=240)
    for queue in (*world.backlogs.values(), world.bell):
        queue._messages.clear()
    told = " ".join(repr(each) for each in world.journal.notices)
    for lane in (SATORI, LANE):
        world.relay.operator.resume(lane)
    world.pass_minutes(15)

    assert all(f"{lane}: deliveries wait long" in told for lane in (SATORI, LANE))
    assert world.states() == {"delivered": 2}

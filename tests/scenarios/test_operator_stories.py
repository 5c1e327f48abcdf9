"""
A submission's whole story: what came, what was made of it, each call with its answer, and what replaced what.
"""

from __future__ import annotations

from chalicelib.errors import StoreUnavailable
from chalicelib.model import State
from tests.sandbox.faults import Fault
from tests.scenarios.world import World


def submit(world: World, source: str, name: str = "山田") -> str:
    fields = {"email": "taro@example.co.jp", "name": name, "sei": name, "mei": "太郎"}
    world.submit(source, fields)
    return max(each.event_id for each in world.deliveries())


def test_a_file_is_told_with_its_size_and_its_answer() -> None:
    """The call that a row travelled in, with how many others, and where its bytes are for ten days."""
    world = World()
    world.submit("newsletter", {"email": "other@example.co.jp", "name": "花子"})
    event_id = submit(world, "newsletter")
    world.pass_minutes(3)

    story = world.relay.operator.story(event_id)
    (call,) = world.relay.operator.calls(story)
    assert (call.rows, call.tries, call.reply) == (2, 1, "delivered: accepted")
    assert call.file_bytes == len(world.bucket.objects[f"{call.file}/data"])


def test_a_file_that_is_gone_or_may_not_be_read_is_told_by_its_id() -> None:
    """After ten days, or for whoever has no right to the bucket, the story still stands."""
    world = World()
    event_id = submit(world, "newsletter")
    world.pass_minutes(3)
    story = world.relay.operator.story(event_id)
    (before,) = world.relay.operator.calls(story)

    def refused(_name: str) -> int | None:
        raise StoreUnavailable("S3: AccessDenied", maybe_applied=False)

    world.bucket.size = refused  # type: ignore[method-assign]
    (call,) = world.relay.operator.calls(story)
    assert (call.id, call.rows, call.file) == (before.id, 0, "")
    assert call.reply == "delivered: accepted"


def test_each_single_call_is_told_with_what_came_back() -> None:
    """A call that failed, the one that went well, in the order of time."""
    world = World()
    world.satori.faults.add(Fault("status_after", status=500, body="<html>oops</html>", times=1))
    event_id = submit(world, "contact")
    world.pass_minutes(10)

    calls = world.relay.operator.calls(world.relay.operator.story(event_id))
    assert [each.reply.partition(":")[0] for each in calls] == ["uncertain", "delivered"]
    assert len({each.id for each in calls}) == 2


def test_a_replay_is_part_of_the_story() -> None:
    """The dead letter, what took its place, and the call of that one."""
    world = World()
    event_id = submit(world, "newsletter", name="😀")
    (dead,) = world.relay.operator.listed(State.DEAD)
    new = world.relay.operator.replay(dead.id, {"お名前": "吉田"})
    world.pass_minutes(5)

    story = world.relay.operator.story(event_id)
    assert [each.superseded_by for each in story.deliveries] == [new.id, ""]
    assert [each.delivery for each in world.relay.operator.calls(story)] == [new.id]

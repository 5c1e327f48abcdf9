from __future__ import annotations

import pytest

from chalicelib.ports import Bucket, Queue


def test_a_message_is_received_once_and_hidden(queue: Queue) -> None:
    """A received message is invisible to others until its time is up."""
    queue.send("one")

    (message,) = queue.receive(10)

    assert (message.body, message.receives) == ("one", 1)
    assert queue.receive(10) == []


def test_a_batch_of_messages_arrives_whole(queue: Queue) -> None:
    """More messages than fit into one request all arrive, with any characters."""
    queue.send(*(f'{{"n": "{number} 髙😀"}}' for number in range(25)))

    received: list[str] = []
    for _ in range(20):
        received += [message.body for message in queue.receive(10)]
        if len(received) >= 25:
            break

    assert sorted(received) == sorted(f'{{"n": "{number} 髙😀"}}' for number in range(25))


def test_a_deleted_message_is_gone_and_may_be_deleted_again(queue: Queue) -> None:
    """Deleting is done when it is done; a second time is no error."""
    queue.send("one")
    (message,) = queue.receive(1)
    queue.delete(message)
    queue.delete(message)
    queue.hide(message, 0)

    assert queue.receive(1) == []


def test_a_message_may_be_shown_at_once(queue: Queue) -> None:
    """What a worker received and cannot use now is there for the next one."""
    queue.send("one")
    (message,) = queue.receive(1)
    queue.hide(message, 0)

    (again,) = queue.receive(1)

    assert (again.body, again.receives) == ("one", 2)


def test_a_delayed_message_is_not_there_yet(queue: Queue) -> None:
    """A delivery that backs off does not come back at once."""
    queue.send("later", delay_seconds=600)

    assert queue.receive(1) == []


@pytest.mark.parametrize("data", [b"", bytes(range(256)), b"x" * 6_000_000])
def test_a_bucket_keeps_bytes(bucket: Bucket, data: bytes) -> None:
    """Files of any content and size come back byte for byte."""
    bucket.put("calls/lane/id/data", data)

    assert bucket.get("calls/lane/id/data") == data
    assert bucket.get("calls/lane/id/missing") is None


def test_a_bucket_lists_and_deletes(bucket: Bucket) -> None:
    """More objects than one page are all named, and only those of the prefix; deleting twice is no error."""
    wanted = [f"calls/lane/{number:04d}/data" for number in range(1_005)]
    for name in [*wanted, "incoming/file"]:
        bucket.put(name, b"x")

    assert list(bucket.names("calls/")) == wanted

    bucket.delete(wanted[0])
    bucket.delete(wanted[0])

    assert next(bucket.names("calls/")) == wanted[1]

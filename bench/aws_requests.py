"""
Requests to AWS per accepted submission, counted by botocore's own events, on the embedded AWS.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from bench.figures import Figure
from chalicelib.adapters.aws import Clients
from chalicelib.adapters.dynamo import DynamoTable
from chalicelib.adapters.s3 import S3Bucket
from chalicelib.adapters.sqs import SqsQueue
from chalicelib.ops.stack import CREDENTIALS, LocalStack
from tests.contract.conftest import create_table
from tests.scenarios.world import World


class Counter:
    """
    Counts what the clients send.
    """

    def __init__(self, clients: Clients) -> None:
        self.requests: list[str] = []
        for client in (clients.dynamodb, clients.sqs, clients.sqs_poll, clients.s3):
            client.meta.events.register("before-send.*", self._count)

    def _count(self, request: Any, event_name: str, **_: Any) -> None:
        del request
        self.requests.append(event_name.rpartition(".")[2])

    def take(self) -> int:
        """How many requests since the last time."""
        count = len(self.requests)
        self.requests.clear()
        return count


def world_on(clients: Clients) -> World:
    """The real relay with the real adapters, and vendors in memory."""
    world = World()
    name = create_table(clients)
    world.table = DynamoTable(clients, name)  # type: ignore[assignment]

    def queue(of: str) -> SqsQueue:
        return SqsQueue(clients, clients.sqs.create_queue(QueueName=f"{name}-{of}")["QueueUrl"])

    world.bell, world.inbox = queue("bell"), queue("inbox")  # type: ignore[assignment]
    world.backlogs = {lane: queue(lane) for lane in world.config.lanes}  # type: ignore[misc]
    clients.s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    world.bucket = S3Bucket(clients, name)  # type: ignore[assignment]
    world.relay = world._relay()  # noqa: SLF001 - the bench rewires it
    return world


def figures() -> list[Figure]:
    """Counts of single submissions, each of its kind."""
    with tempfile.TemporaryDirectory() as folder, LocalStack(Path(folder)) as stack:
        os.environ |= {**CREDENTIALS, "AWS_ENDPOINT_URL": stack.endpoint}
        clients = Clients(read_seconds=10)
        world = world_on(clients)
        counter = Counter(clients)
        person = {"email": "taro@example.co.jp", "sei": "山田", "mei": "太郎", "name": "太郎"}
        counts: dict[str, int] = {}
        assert world.submit("newsletter", person).status == 303
        counts["waits for a batch, first of its key"] = counter.take()
        for number in range(10):
            world.submit("newsletter", {**person, "email": f"u{number}@example.co.jp"})
        counts["waits for a batch, each of the next ten"] = counter.take() // 10
        assert "c=" in world.submit("contact", person).headers["Location"]
        counts["delivered to SATORI inside the request"] = counter.take()
        assert world.submit("contact", person).status == 303
        counts["the same form again (double click)"] = counter.take()
        bounds = {"waits": 2.0, "delivered": 4.0}
        return [
            Figure(what=what, value=count, digits=0, target=bounds.get(what.partition(" ")[0]))
            for what, count in counts.items()
        ]

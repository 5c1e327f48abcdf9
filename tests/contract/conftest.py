"""
The stores under one suite: the memory twins, and the real adapters on the embedded local AWS.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from chalicelib.adapters.aws import Clients
from chalicelib.adapters.dynamo import DynamoTable
from chalicelib.adapters.memory import MemoryBucket, MemoryQueue, MemoryTable
from chalicelib.adapters.s3 import S3Bucket
from chalicelib.adapters.sqs import SqsQueue
from chalicelib.ops.stack import CREDENTIALS, LocalStack
from chalicelib.ports import Bucket, Queue, Table

TWINS = ["memory", pytest.param("aws", marks=pytest.mark.stack)]


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """
    The embedded AWS, once a run.
    """
    with LocalStack(tmp_path_factory.mktemp("aws")) as running:
        yield running


@pytest.fixture(scope="session")
def clients(stack: LocalStack) -> Iterator[Clients]:
    """
    The adapters' own clients, pointed at the embedded AWS.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**CREDENTIALS, "AWS_ENDPOINT_URL": stack.endpoint}.items():
            patch.setenv(name, value)
        made = Clients(read_seconds=10)
        for service in ("dynamodb", "sqs", "s3"):
            getattr(made, service)
        yield made


def create_table(clients: Clients) -> str:
    """
    A table as the resources template makes it, under a name of its own.
    """
    name = f"t-{uuid.uuid4().hex[:12]}"
    indexes = ("waiting", "attention")
    attributes = ["pk", "sk", *(f"{index}_{part}" for index in indexes for part in ("pk", "sk"))]
    clients.dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": each, "AttributeType": "S"} for each in attributes],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": index,
                "KeySchema": [
                    {"AttributeName": f"{index}_pk", "KeyType": "HASH"},
                    {"AttributeName": f"{index}_sk", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
            for index in indexes
        ],
    )
    return name


@pytest.fixture(params=TWINS)
def table(request: pytest.FixtureRequest) -> Table:
    """
    An empty table of either kind.
    """
    if request.param == "memory":
        return MemoryTable()
    clients = request.getfixturevalue("clients")
    return DynamoTable(clients, create_table(clients))


@pytest.fixture(params=TWINS)
def queue(request: pytest.FixtureRequest) -> Queue:
    """
    An empty queue of either kind; a received message is hidden for 30 seconds.
    """
    if request.param == "memory":
        return MemoryQueue(lambda: datetime(2026, 11, 21, tzinfo=UTC), visibility_seconds=30)
    clients = request.getfixturevalue("clients")
    made = clients.sqs.create_queue(QueueName=f"q-{uuid.uuid4().hex[:12]}", Attributes={"VisibilityTimeout": "30"})
    return SqsQueue(clients, made["QueueUrl"])


@pytest.fixture(params=TWINS)
def bucket(request: pytest.FixtureRequest) -> Bucket:
    """
    An empty bucket of either kind.
    """
    if request.param == "memory":
        return MemoryBucket()
    clients = request.getfixturevalue("clients")
    name = f"b-{uuid.uuid4().hex[:12]}"
    clients.s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    return S3Bucket(clients, name)

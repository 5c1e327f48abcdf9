from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chalicelib.ops.cloud import describe
from chalicelib.ops.package import Packaged
from chalicelib.ops.stack import LocalStack, is_free
from chalicelib.ops.stopped import Stopped
from chalicelib.ops.waiting import check_dropped, count_waiting
from tests.stack.helpers import Until, answers, processes_of


@pytest.mark.stack
def test_the_packaged_app_answers_under_a_stable_address(stack: LocalStack) -> None:
    """
    API Gateway, the function and its libraries work together as packaged.
    """
    assert answers(stack)


@pytest.mark.stack
def test_deploying_again_changes_nothing(stack: LocalStack, packaged: Packaged) -> None:
    """
    The same package twice is one deployment.
    """
    told: list[str] = []
    stack.deploy(packaged, report=told.append)

    assert told == ["Nothing to change."]


@pytest.mark.stack
def test_an_installation_survives_a_restart(tmp_path: Path, packaged: Packaged, local_secrets: dict[str, str]) -> None:
    """
    After an orderly end everything is there again, at another port too; and nothing is left running.
    """
    stack = LocalStack(tmp_path, environment=local_secrets)
    with stack:
        deployed = stack.deploy(packaged)
        stack.client("sqs").send_message(QueueUrl=deployed.lanes["satori-satori"], MessageBody="kept")
    assert processes_of(tmp_path) == []

    with stack:
        stack.deploy(packaged)
        assert answers(stack)
        found = stack.client("sqs").receive_message(QueueUrl=deployed.lanes["satori-satori"])
        assert [each["Body"] for each in found["Messages"]] == ["kept"]
    assert processes_of(tmp_path) == []
    assert not (tmp_path / "tmp").exists()


@pytest.mark.stack
def test_the_embedded_aws_ends_with_its_starter(tmp_path: Path, until: Until) -> None:
    """
    Even a starter that is killed leaves no process behind.
    """
    program = (
        "import sys; from pathlib import Path; from chalicelib.ops.stack import LocalStack\n"
        "stack = LocalStack(Path(sys.argv[1])); stack.start(); print(stack.port, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as starter:
        assert starter.stdout
        port = int(starter.stdout.readline())
        assert not is_free(port)
        starter.kill()

    assert until(lambda: not processes_of(tmp_path))


@pytest.mark.stack
def test_a_lane_with_waiting_deliveries_is_not_dropped(stack: LocalStack, packaged: Packaged) -> None:
    """
    What waits is counted over all keys and shards of the lane; FORCE lets it go.
    """
    table, dynamodb = packaged.name, stack.client("dynamodb")
    put(dynamodb, table, pk="LANE#satori-satori", sk="KEY#urgent")
    for number, partition in enumerate(("-#0", "-#7", "urgent#3")):
        place = f"satori-satori#{partition}"
        put(dynamodb, table, pk=f"EVENT#{number}", sk="DELIVERY#000", waiting_pk=place, waiting_sk=str(number))

    assert count_waiting(dynamodb, table, "satori-satori") == 3
    deployed = describe(stack.cloud(), packaged.name)
    with pytest.raises(Stopped, match="satori-satori: 3 waiting"):
        check_dropped(dynamodb, deployed, ["haihaimail-acme-import"], force=False)
    assert check_dropped(dynamodb, deployed, ["satori-satori"], force=False) == [("haihaimail-acme-import", 0)]
    assert check_dropped(dynamodb, deployed, [], force=True)[1] == ("satori-satori", 3)


def put(dynamodb: Any, table: str, **attributes: str) -> None:
    """
    Put one item of texts.
    """
    dynamodb.put_item(TableName=table, Item={name: {"S": value} for name, value in attributes.items()})

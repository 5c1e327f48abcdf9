import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.model import Config
from chalicelib.ops.cloud import Cloud, Deployed
from chalicelib.ops.package import INLINE_TEMPLATE_BYTES_MAX, Packaged
from chalicelib.ops.rollout import roll_out
from chalicelib.ops.stopped import Stopped
from tests.unit.ops.fakes import FakeCloudFormation, FakeDynamoDB, FakeS3

Make = Callable[..., Config]


@pytest.fixture
def packaged(make: Make, tmp_path: Path) -> Packaged:
    """
    A package that was already verified.
    """
    (tmp_path / "deployment.zip").write_bytes(b"zip")
    function = {"Type": "AWS::Serverless::Function", "Properties": {"CodeUri": "./deployment.zip"}}
    (tmp_path / "template.json").write_text(json.dumps({"Resources": {"Advance": function}}))
    return Packaged(
        config=make(),
        stage="prod",
        archive=tmp_path / "deployment.zip",
        template=tmp_path / "template.json",
        archive_bytes=3,
        template_bytes=100,
        digest="0123",
    )


def cloud(stack: FakeCloudFormation, *, s3: FakeS3 | None = None, tables: tuple[str, ...] = ()) -> Cloud:
    """
    An account in which nobody really waits.
    """
    return Cloud(
        account="123456789012",
        region="ap-northeast-1",
        cloudformation=stack,
        s3=s3 or FakeS3(),
        dynamodb=FakeDynamoDB(*tables),
        wait=lambda _: None,
    )


def silent(_: str) -> None:
    """
    No progress is shown.
    """


def test_a_first_deployment_creates_and_takes_everything_back_if_it_fails(packaged: Packaged) -> None:
    """
    A table left over from a failed first try would stop the second.
    """
    stack = FakeCloudFormation(then=("CREATE_IN_PROGRESS", "CREATE_COMPLETE"))
    told: list[str] = []

    assert roll_out(packaged, cloud(stack), report=told.append).status == "CREATE_COMPLETE"
    assert stack.change_set["ChangeSetType"] == "CREATE"
    assert stack.executed["RetainExceptOnCreate"] is True
    assert "Modify  Table AWS::DynamoDB::Table (will be replaced)" in told


def test_an_update_waits_until_the_stack_has_begun_to_move(packaged: Packaged) -> None:
    """
    Just after the order the stack still shows how the last deployment ended.
    """
    stack = FakeCloudFormation("UPDATE_COMPLETE", then=("UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"))

    assert roll_out(packaged, cloud(stack), report=silent).status == "UPDATE_COMPLETE"
    assert stack.change_set["ChangeSetType"] == "UPDATE"
    assert stack.then == []


def test_a_stack_that_was_only_planned_is_created(packaged: Packaged) -> None:
    """
    A change set that nobody carried out leaves an empty stack.
    """
    stack = FakeCloudFormation("REVIEW_IN_PROGRESS", then=("CREATE_IN_PROGRESS", "CREATE_COMPLETE"))
    roll_out(packaged, cloud(stack), report=silent)

    assert stack.change_set["ChangeSetType"] == "CREATE"


def test_an_unchanged_installation_is_left_alone(packaged: Packaged) -> None:
    """
    Nothing is carried out where CloudFormation finds no difference.
    """
    stack = FakeCloudFormation("CREATE_COMPLETE", refusal="The submitted information didn't contain changes.")
    told: list[str] = []

    assert roll_out(packaged, cloud(stack), report=told.append).outputs["Name"] == "acme-prod"
    assert told[-1] == "Nothing to change."
    assert not stack.executed


def test_a_refused_template_is_told_with_cloudformations_reason(packaged: Packaged) -> None:
    """
    The operator sees why, and nothing has been changed.
    """
    stack = FakeCloudFormation("CREATE_COMPLETE", refusal="Circular dependency between resources")

    with pytest.raises(Stopped, match="Circular dependency"):
        roll_out(packaged, cloud(stack), report=silent)
    assert not stack.executed


def test_a_failed_deployment_names_the_resource_and_its_reason(packaged: Packaged) -> None:
    """
    CloudFormation's events are read for the operator.
    """
    stack = FakeCloudFormation("CREATE_COMPLETE", then=("UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"))

    with pytest.raises(Stopped, match="Table: quota exceeded"):
        roll_out(packaged, cloud(stack), report=silent)


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        ("ROLLBACK_COMPLETE", "aws cloudformation delete-stack --stack-name acme-prod"),
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback --stack-name acme-prod"),
        ("UPDATE_IN_PROGRESS", "being changed by somebody else"),
        ("DELETE_FAILED", "Read its events"),
    ],
)
def test_a_stack_in_a_bad_state_is_explained_before_anything_is_uploaded(
    packaged: Packaged,
    status: str,
    remedy: str,
) -> None:
    """
    The answer holds the command that helps.
    """
    s3 = FakeS3()

    with pytest.raises(Stopped, match=remedy):
        roll_out(packaged, cloud(FakeCloudFormation(status), s3=s3), report=silent)
    assert not s3.objects


def test_a_table_that_outlived_its_stack_is_pointed_out(packaged: Packaged) -> None:
    """
    A new stack could not make its table; whether the old one is still needed is for a person to say.
    """
    with pytest.raises(Stopped, match="its table is still there"):
        roll_out(packaged, cloud(FakeCloudFormation(), tables=("acme-prod",)), report=silent)


def test_a_key_once_given_stays(packaged: Packaged) -> None:
    """
    Forgetting KEY= at the next deployment does not take the table's own key away.
    """
    stack = FakeCloudFormation("CREATE_COMPLETE", then=("UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"))
    roll_out(packaged, cloud(stack), report=silent)

    assert stack.change_set["Parameters"] == [{"ParameterKey": "KeyArn", "UsePreviousValue": True}]


def test_code_is_uploaded_once_to_a_private_bucket_in_the_region(packaged: Packaged) -> None:
    """
    The same zip is not sent twice.
    """
    s3 = FakeS3()
    stack = FakeCloudFormation(then=("CREATE_IN_PROGRESS", "CREATE_COMPLETE"))
    roll_out(packaged, cloud(stack, s3=s3), report=silent)

    assert s3.objects == {"acme-prod/0123.zip": b"zip"}
    assert s3.arguments["CreateBucketConfiguration"] == {"LocationConstraint": "ap-northeast-1"}
    assert s3.private
    assert s3.encrypted
    template = json.loads(stack.change_set["TemplateBody"])
    assert template["Resources"]["Advance"]["Properties"]["CodeUri"].endswith("/acme-prod/0123.zip")

    s3.owner = "us"
    roll_out(
        packaged, cloud(FakeCloudFormation("CREATE_COMPLETE", refusal="didn't contain changes"), s3=s3), report=silent
    )
    assert len(s3.objects) == 1


def test_a_bucket_of_somebody_elses_is_not_written_to(packaged: Packaged) -> None:
    """
    Bucket names are shared by the whole world.
    """
    with pytest.raises(Stopped, match="belongs to somebody else"):
        roll_out(packaged, cloud(FakeCloudFormation(), s3=FakeS3(owner="them")), report=silent)


def test_a_long_template_travels_through_s3(packaged: Packaged) -> None:
    """
    An installation with many lanes is not stopped by the length of a request.
    """
    long = {name: getattr(packaged, name) for name in packaged.__slots__} | {
        "template_bytes": INLINE_TEMPLATE_BYTES_MAX + 1,
    }
    stack = FakeCloudFormation(then=("CREATE_IN_PROGRESS", "CREATE_COMPLETE"))
    s3 = FakeS3()
    roll_out(Packaged(**long), cloud(stack, s3=s3), report=silent)

    assert "TemplateBody" not in stack.change_set
    bucket, _, key = (
        stack.change_set["TemplateURL"].removeprefix("https://s3.ap-northeast-1.amazonaws.com/").partition("/")
    )
    assert bucket == "ekiden-deploy-123456789012-ap-northeast-1"
    assert b"AWS::Serverless::Function" in s3.objects[key]


def test_waiting_has_an_end(packaged: Packaged) -> None:
    """
    A stack that never settles is left to CloudFormation, with words.
    """

    def forever() -> Iterator[str]:
        while True:
            yield "UPDATE_IN_PROGRESS"

    class Endless(FakeCloudFormation):
        def describe_stacks(self, **_: str) -> dict[str, Any]:
            if self.executed:
                self.status = next(states)
            return super().describe_stacks()

    states = forever()
    with pytest.raises(Stopped, match="CloudFormation goes on"):
        roll_out(packaged, cloud(Endless("CREATE_COMPLETE")), report=silent)


def test_a_stack_tells_a_program_where_everything_is() -> None:
    """
    The operator's commands need no settings of their own.
    """
    deployed = Deployed(
        outputs={
            "Name": "acme-prod",
            "Stage": "prod",
            "TableName": "acme-prod",
            "BellUrl": "https://sqs/bell",
            "InboxUrl": "https://sqs/inbox",
            "IncomingUrl": "https://sqs/incoming",
            "BucketName": "bucket",
            "TopicArn": "arn",
            "LaneSatoriUrl": "https://sqs/1/acme-prod-lane-satori",
        },
    )

    environment = deployed.environment()
    assert environment["EKIDEN_TABLE"] == "acme-prod"
    assert json.loads(environment["EKIDEN_LANES"]) == {"satori": "https://sqs/1/acme-prod-lane-satori"}

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
import requests
from botocore.exceptions import ClientError

from chalicelib.ops.cloud import describe
from chalicelib.ops.package import REGION, Packaged
from chalicelib.ops.stack import ACCOUNT, LocalStack
from tests.stack.helpers import Until

Json = dict[str, Any]


class Role:
    """
    What one function may do, tried out with the credentials of its role.
    """

    def __init__(self, stack: LocalStack, logical: str) -> None:
        found = stack.client("cloudformation").describe_stack_resource(StackName="acme-prod", LogicalResourceId=logical)
        name = found["StackResourceDetail"]["PhysicalResourceId"]
        arn = f"arn:aws:iam::{ACCOUNT}:role/{name}"
        session = stack.client("sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
        self._session = boto3.Session(
            aws_access_key_id=session["AccessKeyId"],
            aws_secret_access_key=session["SecretAccessKey"],
            aws_session_token=session["SessionToken"],
            region_name=REGION,
        )
        self._endpoint = stack.endpoint

    def may(self, service: str, operation: str, **arguments: Any) -> bool:
        """
        Whether the call is let through.
        """
        client = self._session.client(service, endpoint_url=self._endpoint)
        try:
            getattr(client, operation)(**arguments)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in {"AccessDenied", "AccessDeniedException"}:
                return False
            if code != "NoSuchKey":
                raise
        return True


ROLES = {
    "api": "ApiHandlerRole",
    "advance": "AdvanceRole",
    "tick": "TickRole",
    "unpack": "UnpackRole",
    "expand": "ExpandRole",
}


@pytest.fixture(scope="module")
def may(guarded: LocalStack) -> Callable[..., set[str]]:
    """
    The functions whose role may make a call.
    """
    roles = {short: Role(guarded, logical) for short, logical in ROLES.items()}
    return lambda *call, **arguments: {short for short, role in roles.items() if role.may(*call, **arguments)}


EVERY = set(ROLES)


@pytest.mark.stack
def test_each_function_may_do_its_work_and_no_more(guarded: LocalStack, may: Callable[..., set[str]]) -> None:
    """
    Tried with each role on an AWS that enforces them.
    """
    outputs = describe(guarded.cloud(), "acme-prod").outputs
    table, lane = outputs["TableName"], outputs["LaneSatoriSatoriUrl"]
    item = {"pk": {"S": "EVENT#1"}, "sk": {"S": "EVENT"}}
    put = {"Put": {"TableName": table, "Item": item}}

    assert may("dynamodb", "get_item", TableName=table, Key=item) == EVERY
    assert may("dynamodb", "transact_write_items", TransactItems=[put]) == EVERY
    assert may("dynamodb", "update_item", TableName=table, Key=item) == EVERY - {"tick"}
    assert may("dynamodb", "scan", TableName=table) == set()
    assert may("dynamodb", "query", **waiting(table)) == {"advance", "tick"}
    assert may("sqs", "send_message", QueueUrl=outputs["BellUrl"], MessageBody="{}") == EVERY
    assert may("sqs", "send_message", QueueUrl=lane, MessageBody="{}") == EVERY - {"tick"}
    assert may("sqs", "send_message", QueueUrl=outputs["InboxUrl"], MessageBody="{}") == {"api"}
    assert may("sqs", "send_message", QueueUrl=outputs["IncomingUrl"], MessageBody="{}") == {"tick", "expand"}
    assert may("sqs", "receive_message", QueueUrl=lane) == {"advance"}
    assert may("sqs", "purge_queue", QueueUrl=lane) == set()
    assert may("sns", "publish", TopicArn=outputs["TopicArn"], Message="x") == EVERY
    assert may("ssm", "get_parameter", Name="/acme/key") == EVERY - {"tick"}
    assert may("ssm", "get_parameter", Name="/acme/satori") == {"api", "advance"}
    assert may("ssm", "get_parameter", Name="/acme/haihai") == {"advance"}
    assert may("ssm", "get_parameter", Name="/acme/unrelated") == set()


def waiting(table: str) -> Json:
    """
    A query of the index of waiting deliveries.
    """
    values = {":pk": {"S": "satori-satori#-#0"}}
    return {
        "TableName": table,
        "IndexName": "waiting",
        "KeyConditionExpression": "waiting_pk = :pk",
        "ExpressionAttributeValues": values,
    }


@pytest.mark.stack
def test_the_bucket_takes_encrypted_connections_from_advance_only(
    guarded: LocalStack,
    may: Callable[..., set[str]],
) -> None:
    """
    Over plain HTTP it refuses everybody; without that rule it is one function's, which also sees what is gone.
    """
    bucket = describe(guarded.cloud(), "acme-prod").outputs["BucketName"]
    assert may("s3", "put_object", Bucket=bucket, Key="calls/1/data", Body=b"") == set()

    guarded.client("s3").delete_bucket_policy(Bucket=bucket)
    assert may("s3", "put_object", Bucket=bucket, Key="calls/1/data", Body=b"") == {"advance"}
    assert may("s3", "get_object", Bucket=bucket, Key="calls/1/data") == {"advance"}
    assert may("s3", "get_object", Bucket=bucket, Key="calls/0/gone") == {"advance"}
    assert may("s3", "delete_object", Bucket=bucket, Key="calls/1/data") == set()
    assert may("s3", "put_object", Bucket=bucket, Key="incoming/list/1", Body=b"") == {"advance", "api", "expand"}
    assert may("s3", "get_object", Bucket=bucket, Key="incoming/list/1") == {"advance", "expand"}


@pytest.mark.stack
def test_a_submission_is_taken_and_carried_on_where_roles_are_enforced(
    guarded: LocalStack,
    packaged: Packaged,
    until: Until,
) -> None:
    """
    The rights are not only narrow but enough: door, bell, backlog and minute run without a denial.
    """
    stack, logs = packaged.name, guarded.client("logs")
    guarded.deploy(packaged)
    answer = requests.post(
        f"{guarded.api_url}/in/contact",
        data={"your-email": "taro@example.co.jp"},
        allow_redirects=False,
        timeout=20,
    )
    assert answer.status_code == 303

    minute = {"version": "0", "id": "1", "detail-type": "Scheduled Event", "source": "aws.events", "account": ACCOUNT}
    minute |= {"time": "2026-11-21T00:00:00Z", "region": REGION, "resources": [], "detail": {}}
    done = guarded.client("lambda").invoke(FunctionName=f"{stack}-tick", Payload=json.dumps(minute))
    assert "FunctionError" not in done, done["Payload"].read()
    assert until(lambda: "REPORT" in said_by(logs, f"{stack}-advance"))
    for short in ROLES:
        assert "Denied" not in said_by(logs, f"{stack}-{short}")


def said_by(logs: Any, function: str) -> str:
    """
    Everything that a function has logged.
    """
    events = logs.filter_log_events(logGroupName=f"/aws/lambda/{function}")["events"]
    return "\n".join(event["message"] for event in events)

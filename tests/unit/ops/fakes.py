"""
An AWS account in memory, as much of it as a rollout touches.
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError


def refused(code: str, message: str = "") -> ClientError:
    """
    What boto3 raises where AWS refuses.
    """
    return ClientError({"Error": {"Code": code, "Message": message}}, "Operation")


class FakeCloudFormation:
    """
    One stack that goes through the statuses of a script.
    """

    def __init__(self, status: str = "", *, then: tuple[str, ...] = (), refusal: str = "") -> None:
        self.status = status
        self.then = list(then)
        self.refusal = refusal
        self.change_set: dict[str, Any] = {}
        self.executed: dict[str, Any] = {}
        self.events: list[dict[str, str]] = []

    def describe_stacks(self, **_: str) -> dict[str, Any]:
        """
        The stack, one step further in its script.
        """
        if self.executed and self.then:
            self.status = self.then.pop(0)
            self.event("Table", "CREATE_FAILED" if "ROLLBACK" in self.status else "CREATE_COMPLETE", "quota exceeded")
        if not self.status:
            raise refused("ValidationError", "Stack with id acme-prod does not exist")
        outputs = [{"OutputKey": "Name", "OutputValue": "acme-prod"}]
        return {"Stacks": [{"StackStatus": self.status, "Outputs": outputs}]}

    def event(self, name: str, status: str, reason: str) -> None:
        """
        Note what happened to a resource.
        """
        self.events.insert(
            0,
            {
                "EventId": str(len(self.events)),
                "LogicalResourceId": name,
                "ResourceStatus": status,
                "ResourceStatusReason": reason,
            },
        )

    def create_change_set(self, **arguments: Any) -> dict[str, str]:
        """
        Remember what was asked for.
        """
        self.change_set = arguments
        return {"Id": "plan"}

    def get_paginator(self, _: str) -> FakeCloudFormation:
        """
        The stack is its own paginator.
        """
        return self

    def paginate(self, **_: str) -> FakeCloudFormation:
        """
        There is one page.
        """
        return self

    def build_full_result(self) -> dict[str, Any]:
        """
        The plan, or why there is none.
        """
        if self.refusal:
            return {"Status": "FAILED", "StatusReason": self.refusal}
        change = {"Action": "Modify", "LogicalResourceId": "Table", "ResourceType": "AWS::DynamoDB::Table"}
        change["Replacement"] = "True"
        return {"Status": "CREATE_COMPLETE", "ChangeSetId": "plan", "Changes": [{"ResourceChange": change}]}

    def delete_change_set(self, **_: str) -> None:
        """
        Forget it.
        """
        self.change_set = {}

    def execute_change_set(self, **arguments: Any) -> None:
        """
        Begin the script.
        """
        self.executed = arguments

    def describe_stack_events(self, **_: str) -> dict[str, Any]:
        """
        Newest first.
        """
        return {"StackEvents": list(self.events)}


class FakeS3:
    """
    One bucket's objects.
    """

    def __init__(self, *, owner: str = "nobody") -> None:
        self.owner = owner
        self.objects: dict[str, bytes] = {}
        self.arguments: dict[str, Any] = {}
        self.private = False
        self.encrypted = False

    def create_bucket(self, **arguments: Any) -> None:
        """
        Refused where the name is taken.
        """
        if self.owner != "nobody":
            raise refused("BucketAlreadyOwnedByYou" if self.owner == "us" else "BucketAlreadyExists")
        self.arguments = arguments

    def put_public_access_block(self, **_: Any) -> None:
        """
        Closed.
        """
        self.private = True

    def put_bucket_encryption(self, **_: Any) -> None:
        """
        Encrypted.
        """
        self.encrypted = True

    def head_object(self, *, Bucket: str, Key: str) -> None:  # noqa: N803 - AWS's names
        """
        404 where there is none.
        """
        assert Bucket
        if Key not in self.objects:
            raise refused("404")

    def put_object(self, *, Bucket: str, Key: str, Body: bytes) -> None:  # noqa: N803 - AWS's names
        """
        Each object is put once.
        """
        assert Bucket
        assert Key not in self.objects
        self.objects[Key] = Body


class FakeDynamoDB:
    """
    Tables by name.
    """

    class exceptions:  # noqa: N801 - boto3's name
        """
        As boto3's clients carry them.
        """

        class ResourceNotFoundException(Exception):
            """
            No such table.
            """

    def __init__(self, *tables: str) -> None:
        self.tables = tables

    def describe_table(self, *, TableName: str) -> None:  # noqa: N803 - AWS's name
        """
        Raises where there is none.
        """
        if TableName not in self.tables:
            raise self.exceptions.ResourceNotFoundException

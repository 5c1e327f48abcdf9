"""
An AWS account and region as the operator's commands use them, and what a deployed stack says of itself.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.ops.names import lane_of_queue

Client = Any


def _wait(seconds: float) -> None:
    threading.Event().wait(seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """
    One AWS account and region (or the embedded one), as a rollout needs it.
    """

    account: str
    region: str
    cloudformation: Client = field(repr=False)
    s3: Client = field(repr=False)
    dynamodb: Client = field(repr=False)
    poll_seconds: float = 3.0
    wait: Callable[[float], None] = _wait

    @property
    def code_bucket(self) -> str:
        """
        The bucket that zips and long templates are uploaded to: one an account and region.
        """
        return f"ekiden-deploy-{self.account}-{self.region}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """
    What a stack has said of itself: its status and its outputs. A stack that does not exist has neither.
    """

    status: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict)

    @property
    def lanes(self) -> dict[str, str]:
        """
        The backlog queue of each lane.
        """
        name = self.outputs.get("Name", "")
        urls = [url for key, url in self.outputs.items() if key.startswith("Lane") and key.endswith("Url")]
        return {lane_of_queue(url, name): url for url in sorted(urls)}

    def environment(self) -> dict[str, str]:
        """
        The EKIDEN_ variables that point a program of the operator's at this installation.
        """
        wanted = {
            "EKIDEN_STAGE": "Stage",
            "EKIDEN_TABLE": "TableName",
            "EKIDEN_BELL_URL": "BellUrl",
            "EKIDEN_INBOX_URL": "InboxUrl",
            "EKIDEN_INCOMING_URL": "IncomingUrl",
            "EKIDEN_BUCKET": "BucketName",
            "EKIDEN_TOPIC_ARN": "TopicArn",
        }
        return {name: self.outputs[key] for name, key in wanted.items()} | {"EKIDEN_LANES": json.dumps(self.lanes)}


def describe(cloud: Cloud, stack: str) -> Deployed:
    """
    The stack as it stands now.
    """
    try:
        found = cloud.cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return Deployed()
        raise
    outputs = {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}
    return Deployed(status=found["StackStatus"], outputs=outputs)

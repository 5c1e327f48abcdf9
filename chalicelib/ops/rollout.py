"""
Carrying a package out: upload to S3, a change set of CloudFormation, and waiting with words.

The same code serves AWS and the embedded local AWS; only the clients' endpoint differs.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.ops.cloud import Cloud, Deployed, describe
from chalicelib.ops.package import Packaged
from chalicelib.ops.stopped import Stopped

Json = dict[str, Any]
Report = Callable[[str], None]

CAPABILITIES = ("CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND")
UPDATABLE = frozenset(
    {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"},
)
ROLLOUT_SECONDS_MAX = 1_800
NOTHING = ("didn't contain changes", "No updates are to be performed")


def roll_out(packaged: Packaged, cloud: Cloud, *, key_arn: str = "", report: Report) -> Deployed:
    """
    Bring the stack to what the package says; returns it as it stands afterwards.

    Raises Stopped, with CloudFormation's own reasons, where it does not get there.
    """
    before = describe(cloud, packaged.name)
    _check_status(packaged.name, before.status)
    template = upload(packaged, cloud, report=report)
    change_set = _plan(packaged.name, cloud, template, before=before, key_arn=key_arn)
    if change_set is None:
        report("Nothing to change.")
        return before
    for change in change_set["Changes"]:
        report(_told(change["ResourceChange"]))
    seen = {event["EventId"] for event in _events(cloud, packaged.name)}
    cloud.cloudformation.execute_change_set(
        ChangeSetName=change_set["ChangeSetId"],
        # A first try that fails must not leave a table behind that stops the second one.
        **({} if _exists(before) else {"RetainExceptOnCreate": True}),
    )
    return _follow(packaged.name, cloud, seen, report)


def upload(packaged: Packaged, cloud: Cloud, *, report: Report) -> Json:
    """
    Upload the zip, and the template where it is too long for a request. Returns CloudFormation's template argument.
    """
    _ensure_bucket(cloud)
    code = f"{packaged.name}/{packaged.digest}.zip"
    if not _is_there(cloud, code):
        report(f"Uploading {packaged.archive_bytes / 1e6:.1f} MB of code.")
        cloud.s3.put_object(Bucket=cloud.code_bucket, Key=code, Body=packaged.archive.read_bytes())
    template = json.loads(packaged.template.read_text())
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = f"s3://{cloud.code_bucket}/{code}"
    body = json.dumps(template, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    if packaged.inline:
        return {"TemplateBody": body}
    key = f"{packaged.name}/{hashlib.sha256(body.encode()).hexdigest()}.json"
    cloud.s3.put_object(Bucket=cloud.code_bucket, Key=key, Body=body.encode())
    return {"TemplateURL": f"https://s3.{cloud.region}.amazonaws.com/{cloud.code_bucket}/{key}"}


def _ensure_bucket(cloud: Cloud) -> None:
    # us-east-1 is the one region that may not be named.
    place = {} if cloud.region == "us-east-1" else {"LocationConstraint": cloud.region}
    arguments = {"CreateBucketConfiguration": place} if place else {}
    try:
        cloud.s3.create_bucket(Bucket=cloud.code_bucket, **arguments)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "BucketAlreadyOwnedByYou":
            return
        if code == "BucketAlreadyExists":
            raise Stopped(f"The bucket {cloud.code_bucket} belongs to somebody else; nothing was uploaded.") from error
        raise
    closed = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    cloud.s3.put_public_access_block(
        Bucket=cloud.code_bucket,
        PublicAccessBlockConfiguration=dict.fromkeys(closed, True),
    )
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    cloud.s3.put_bucket_encryption(
        Bucket=cloud.code_bucket,
        ServerSideEncryptionConfiguration={"Rules": [rule]},
    )


def _is_there(cloud: Cloud, key: str) -> bool:
    try:
        cloud.s3.head_object(Bucket=cloud.code_bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] in {"404", "NoSuchKey", "NotFound"}:
            return False
        raise
    return True


def _check_status(stack: str, status: str) -> None:
    if status in UPDATABLE | {"", "REVIEW_IN_PROGRESS"}:
        return
    if status.endswith("_IN_PROGRESS"):
        raise Stopped(f"The stack {stack} is being changed by somebody else ({status}). Wait until that has ended.")
    remedy = {
        "ROLLBACK_COMPLETE": f"Its first deployment failed. Remove what is left, then deploy again:\n"
        f"  aws cloudformation delete-stack --stack-name {stack}",
        "UPDATE_ROLLBACK_FAILED": f"Let CloudFormation finish its way back, then deploy again:\n"
        f"  aws cloudformation continue-update-rollback --stack-name {stack}",
    }.get(status, "Read its events in the CloudFormation console, mend or delete it, then deploy again.")
    raise Stopped(f"The stack {stack} cannot be updated: it is in {status}.\n{remedy}")


def _exists(deployed: Deployed) -> bool:
    return deployed.status not in {"", "REVIEW_IN_PROGRESS"}


def _plan(stack: str, cloud: Cloud, template: Json, *, before: Deployed, key_arn: str) -> Json | None:
    """
    The changes CloudFormation would make, or None where there are none.
    """
    updates = _exists(before)
    if not updates:
        _check_no_orphan(stack, cloud)
    # A key once given stays: the next deployment need not repeat it.
    keep = updates and not key_arn
    parameter = {"ParameterKey": "KeyArn"} | ({"UsePreviousValue": True} if keep else {"ParameterValue": key_arn})
    made = cloud.cloudformation.create_change_set(
        StackName=stack,
        ChangeSetName=f"ekiden-{uuid.uuid4().hex}",
        ChangeSetType="UPDATE" if updates else "CREATE",
        Capabilities=list(CAPABILITIES),
        Parameters=[parameter],
        **template,
    )
    for _ in _patience(cloud):
        pages = cloud.cloudformation.get_paginator("describe_change_set")
        found: Json = pages.paginate(ChangeSetName=made["Id"]).build_full_result()
        if found["Status"] == "CREATE_COMPLETE":
            return found
        if found["Status"] == "FAILED":
            cloud.cloudformation.delete_change_set(ChangeSetName=made["Id"])
            reason = found.get("StatusReason", "")
            if any(words in reason for words in NOTHING):
                return None
            raise Stopped(f"CloudFormation refuses the template: {reason}")
    raise Stopped("CloudFormation did not plan the changes in time. Deploy again.")


def _check_no_orphan(stack: str, cloud: Cloud) -> None:
    """
    A table outlives its stack; a new stack of the same name could not make its own.
    """
    try:
        cloud.dynamodb.describe_table(TableName=stack)
    except cloud.dynamodb.exceptions.ResourceNotFoundException:
        return
    raise Stopped(
        f"There is no stack {stack}, but its table is still there: tables are kept when a stack is deleted.\n"
        f"Deploy under another name or stage, or, if nothing in it is needed any more:\n"
        f"  aws dynamodb delete-table --table-name {stack}",
    )


def _told(change: Json) -> str:
    replaced = " (will be replaced)" if change.get("Replacement") == "True" else ""
    return f"{change['Action']:7} {change['LogicalResourceId']} {change['ResourceType']}{replaced}"


def _follow(stack: str, cloud: Cloud, seen: set[str], report: Report) -> Deployed:
    """
    Report each resource as it is done; afterwards return the stack, or raise with the reasons of what failed.
    """
    failed: list[str] = []
    begun = False
    for _ in _patience(cloud):
        # Events first: until there is one, the stack still shows how the last deployment ended.
        begun = _tell_events(stack, cloud, seen, failed, report) or begun
        now = describe(cloud, stack)
        if not begun or now.status.endswith("_IN_PROGRESS"):
            continue
        _tell_events(stack, cloud, seen, failed, report)
        if now.status in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
            return now
        reasons = "\n".join(f"- {each}" for each in failed) or "- CloudFormation gave no reason"
        raise Stopped(f"The deployment failed and was taken back ({now.status or 'deleted'}):\n{reasons}")
    raise Stopped(f"The stack {stack} is still being changed. CloudFormation goes on; look at it in its console.")


def _tell_events(stack: str, cloud: Cloud, seen: set[str], failed: list[str], report: Report) -> bool:
    """
    Report what is new and collect what failed; whether there was anything new.
    """
    fresh = [event for event in reversed(_events(cloud, stack)) if event["EventId"] not in seen]
    for event in fresh:
        seen.add(event["EventId"])
        status = event["ResourceStatus"]
        if status.endswith("_FAILED"):
            failed.append(f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', status)}")
        elif status.endswith("_COMPLETE"):
            report(f"{status.lower().replace('_', ' ')} {event['LogicalResourceId']}")
    return bool(fresh)


def _events(cloud: Cloud, stack: str) -> Sequence[Json]:
    found: Sequence[Json] = cloud.cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
    return found


def _patience(cloud: Cloud) -> Iterator[int]:
    """
    Turns of looking again, with a pause before each but the first.
    """
    for turn in range(int(ROLLOUT_SECONDS_MAX / cloud.poll_seconds)):
        if turn:
            cloud.wait(cloud.poll_seconds)
        yield turn

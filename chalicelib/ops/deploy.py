"""
`make deploy`: check relay.toml, package, and bring the installation's CloudFormation stack to it.

It speaks to AWS as the environment says (profile, region, credentials; AWS_ENDPOINT_URL for another endpoint).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
import click
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
)
from rich.console import Console

from chalicelib.errors import ConfigError
from chalicelib.model import Config
from chalicelib.ops.addresses import source_addresses
from chalicelib.ops.cloud import Cloud, Deployed, describe
from chalicelib.ops.package import REGION, Packaged, advice, package, read_config
from chalicelib.ops.rollout import Report, roll_out
from chalicelib.ops.stopped import USAGE, Stopped
from chalicelib.ops.waiting import check_dropped

DENIED = frozenset(
    {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "AccessDeniedFault"},
)
EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException"})


@click.command(help=__doc__)
@click.option("--stage", required=True, help="prod, staging, … ; a part of every name.")
@click.option("--config", "config_file", default="relay.toml", show_default=True, type=click.Path(path_type=Path))
@click.option("--key", "key_arn", default="", help="ARN of a KMS key of yours; once given it stays.")
@click.option("--force", is_flag=True, help="Drop lanes although deliveries wait in them.")
@click.option("--project", default=".", type=click.Path(path_type=Path, file_okay=False, exists=True), hidden=True)
def main(stage: str, config_file: Path, key_arn: str, force: bool, project: Path) -> None:  # noqa: FBT001 - click's flag
    """
    Deploy, and print the addresses. Exit code 2 where nothing could be begun.
    """
    console = Console(highlight=False)

    def report(line: str) -> None:
        console.print(line, markup=False, soft_wrap=True)

    try:
        text = read_config(config_file)
        report(f"Packaging {config_file} for {stage}.")
        out = project.resolve() / ".ekiden" / "package" / stage
        packaged = package(project.resolve(), text, stage, out)
        for fault in advice(text, stage):
            report(f"Note: {fault}")
        with aws_errors_told():
            deploy(packaged, connect(), key_arn=key_arn, force=force, report=report)
    except ConfigError as error:
        console.print(f"[bold]{config_file} cannot be deployed:[/bold]")
        for fault in error.faults:
            console.print(f"- {fault}", markup=False, soft_wrap=True)
        sys.exit(USAGE)
    except Stopped as error:
        console.print(str(error), markup=False, soft_wrap=True)
        sys.exit(error.exit_code)


def deploy(
    packaged: Packaged,
    cloud: Cloud,
    *,
    key_arn: str = "",
    force: bool = False,
    report: Report,
) -> Deployed:
    """
    Roll a package out, unless a lane with waiting deliveries would be dropped. Returns the stack as it then stands.
    """
    before = describe(cloud, packaged.name)
    for lane, count in check_dropped(cloud.dynamodb, before, tuple(packaged.config.lanes), force=force):
        report(f"Dropping the lane {lane} ({count:,} waiting).")
    deployed = roll_out(packaged, cloud, key_arn=key_arn, report=report)
    _tell(packaged.config, deployed, report)
    return deployed


def connect() -> Cloud:
    """
    The account and region that the environment names; the region is Tokyo where it names none.
    """
    session = boto3.Session()
    region = session.region_name or REGION
    # An embedded AWS answers within milliseconds; AWS need not be asked more often than every few seconds.
    poll_seconds = 0.1 if os.environ.get("AWS_ENDPOINT_URL") else 3.0
    return Cloud(
        account=session.client("sts", region_name=region).get_caller_identity()["Account"],
        region=region,
        cloudformation=session.client("cloudformation", region_name=region),
        s3=session.client("s3", region_name=region),
        dynamodb=session.client("dynamodb", region_name=region),
        poll_seconds=poll_seconds,
    )


@contextmanager
def aws_errors_told() -> Iterator[None]:
    """
    Turn AWS's errors into words that say what to do.
    """
    try:
        yield
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise Stopped(
            "There are no AWS credentials. Log in (aws sso login), or set AWS_PROFILE or AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY.",
            exit_code=USAGE,
        ) from error
    except ProfileNotFound as error:
        raise Stopped(f"{error}. Set AWS_PROFILE to one of `aws configure list-profiles`.", exit_code=USAGE) from error
    except EndpointConnectionError as error:
        raise Stopped(f"AWS cannot be reached: {error}. Check the network and the region.") from error
    except ClientError as error:
        raise Stopped(_told(error)) from error
    except BotoCoreError as error:
        raise Stopped(f"AWS: {error}") from error


def _told(error: ClientError) -> str:
    code, message = error.response["Error"].get("Code", ""), error.response["Error"].get("Message", "")
    if code in DENIED:
        return (
            f"These credentials may not call {error.operation_name}: {message}\n"
            "Deploy as a role that may manage CloudFormation, IAM, Lambda, API Gateway, SQS, DynamoDB, S3, SNS,\n"
            "EventBridge, CloudWatch and its logs."
        )
    if code in EXPIRED:
        return f"The AWS credentials are no longer valid ({message}). Log in again."
    return f"AWS refuses {error.operation_name}: {message} ({code})"


def _tell(config: Config, deployed: Deployed, report: Report) -> None:
    base = config.public_url or deployed.outputs["ApiUrl"]
    report("")
    for name, kind, address in source_addresses(config, base):
        report(f"{kind:8} {name:20} {address}")
    if config.public_url:
        report(f"{config.public_url} must lead to {deployed.outputs['ApiUrl']}")
    if config.alarms.emails:
        report(f"Alarms go to {', '.join(config.alarms.emails)}, once the confirmation mail of AWS was answered.")


if __name__ == "__main__":
    main()

"""
Errors as sentences: what is wrong, and what to do. Expected errors never show a traceback.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

from chalicelib.adapters.journal import mask
from chalicelib.errors import ConfigError, EnvelopeRefused, RelayError, SecretUnavailable, StoreUnavailable

FAILED = 1
LOG_IN = (
    "There are no AWS credentials. Log in (aws sso login), or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and "
    "AWS_SECRET_ACCESS_KEY."
)
NO_REGION = "No AWS region is named. Set AWS_DEFAULT_REGION, for example to ap-northeast-1 (Tokyo)."
GONE = frozenset({"ResourceNotFoundException", "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"})


def told(error: Exception) -> tuple[str, int] | None:
    """
    The words for an error and the exit status; None for a fault of our own, which shall show its traceback.
    """
    words = next((words for each in _causes(error) if (words := _of_aws(each))), "") or _of_ours(error)
    return (words, getattr(error, "exit_code", FAILED)) if words else None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _of_ours(error: Exception) -> str:
    if isinstance(error, ConfigError):
        return _faults(error)
    if isinstance(error, SecretUnavailable):
        return _secret(str(error))
    if isinstance(error, StoreUnavailable):
        then = "It may have taken effect: look before you repeat it" if error.maybe_applied else "Try again in a moment"
        return f"{error}. {then}."
    if isinstance(error, EnvelopeRefused):
        return f"The sender would be answered {error.status}: {error.detail}"
    return str(mask(str(error))) if isinstance(error, RelayError) else ""


def _faults(error: ConfigError) -> str:
    lines = "\n".join(f"- {fault}" for fault in error.faults)
    file = next(iter(getattr(error, "__notes__", ())), "relay.toml")
    stage = next((each for each in getattr(error, "__notes__", ())[1:]), "")
    return f"{file} cannot be used:\n{lines}\nSee them in a table: ekiden config check {file}{stage}"


def _secret(words: str) -> str:
    reference = words.removeprefix("secret ").removesuffix(" cannot be read")
    kind, _, name = reference.partition(":")
    if kind == "env":
        return (
            f"The secret {reference} is not set in this shell. Set the environment variable {name} to the value that "
            "the relay was started with."
        )
    return (
        f"The secret {reference} cannot be read. See which are there: ekiden secret list. Reading one needs "
        "ssm:GetParameters or secretsmanager:GetSecretValue on it, and kms:Decrypt on its key."
    )


def _of_aws(error: BaseException) -> str:
    """
    What AWS, or the way to it, says; empty for an error of another kind.
    """
    if "botocore" not in sys.modules:
        return ""
    from botocore import exceptions as aws  # noqa: PLC0415 - only where botocore has raised something

    kinds: tuple[tuple[Any, Callable[[Any], str]], ...] = (
        (aws.ClientError, lambda found: _refused(found.response.get("Error", {}), found.operation_name)),
        ((aws.NoCredentialsError, aws.PartialCredentialsError), lambda _: LOG_IN),
        (aws.NoRegionError, lambda _: NO_REGION),
        (aws.ProfileNotFound, lambda found: f"{found}. Set AWS_PROFILE to one of: aws configure list-profiles"),
        ((aws.SSOError, aws.TokenRetrievalError), lambda _: "The AWS login has ended. Log in again: aws sso login"),
        ((aws.ConnectionError, aws.HTTPClientError), _unreachable),
        (aws.BotoCoreError, lambda found: f"AWS: {found}"),
    )
    return next((words(error) for kind, words in kinds if isinstance(error, kind)), "")


def _unreachable(error: Any) -> str:  # noqa: ANN401 - botocore has no types
    place = getattr(error, "kwargs", {}).get("endpoint_url") or "AWS"
    return (
        f"Nothing answers at {place}. For the stage local: is it served (make serve)? Else check the network, the "
        "region, and AWS_ENDPOINT_URL."
    )


def _refused(error: dict[str, str], operation: str) -> str:
    from chalicelib.ops.deploy import DENIED, EXPIRED  # noqa: PLC0415 - only where AWS has refused something

    code, words = error.get("Code", ""), error.get("Message", "")
    if code in DENIED or code == "AccessDenied":
        return f"These AWS credentials may not call {operation}: {words}\nUse a role that may, or ask for the right."
    if code in EXPIRED:
        return f"The AWS credentials are no longer valid ({words}). Log in again: aws sso login"
    if code in GONE:
        return (
            f"AWS does not have it ({operation}: {words}). Was the stage deployed here? Check --stage and AWS_PROFILE."
        )
    return f"AWS refuses {operation}: {words} ({code})"

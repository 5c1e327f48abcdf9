"""
AWS clients, made when they are first needed, with the short patience that a visitor's request can afford.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

CONNECT_SECONDS = 1
READ_SECONDS = 2
POLL_READ_SECONDS = 10
"""
A long poll answers within its wait; its client must be more patient than that.
"""


class Clients:
    """
    Lazy clients. `read_seconds` bounds one answer of DynamoDB, SQS sends, S3 and SNS.
    """

    def __init__(self, *, read_seconds: int = READ_SECONDS) -> None:
        self._read_seconds = read_seconds

    @cached_property
    def dynamodb(self) -> Any:
        """
        DynamoDB.
        """
        return self._make("dynamodb", self._read_seconds)

    @cached_property
    def sqs(self) -> Any:
        """
        SQS, for sending and deleting.
        """
        return self._make("sqs", self._read_seconds)

    @cached_property
    def sqs_poll(self) -> Any:
        """
        SQS, for long polls.
        """
        return self._make("sqs", max(self._read_seconds, POLL_READ_SECONDS))

    @cached_property
    def s3(self) -> Any:
        """
        S3.
        """
        return self._make("s3", max(self._read_seconds, POLL_READ_SECONDS))

    @cached_property
    def s3_signer(self) -> Any:
        """
        S3, for signing addresses: with no checksum but the one that is asked for, since somebody else sends the bytes.
        """
        return self._make(
            "s3", self._read_seconds, signature_version="s3v4", request_checksum_calculation="when_required"
        )

    @cached_property
    def sns(self) -> Any:
        """
        SNS.
        """
        return self._make("sns", self._read_seconds)

    def ses(self, read_seconds: float) -> Any:
        """
        SES, for one message: with no second try of its own, which could be a second message.
        """
        return self._make("sesv2", read_seconds, retries={"total_max_attempts": 1, "mode": "standard"})

    @cached_property
    def _session(self) -> Any:
        """
        boto3's own engine: what boto3 adds to it (transfers, resources) costs a third of a cold start and is not used.
        """
        from botocore.session import get_session  # noqa: PLC0415 - 60 ms that the memory twins need not pay

        return get_session()

    def _make(self, service: str, read_seconds: float, **more: Any) -> Any:
        from botocore.config import Config  # noqa: PLC0415 - as above

        given = {"retries": {"total_max_attempts": 2, "mode": "standard"}, "max_pool_connections": 16, **more}
        config = Config(connect_timeout=CONNECT_SECONDS, read_timeout=read_seconds, **given)
        return self._session.create_client(service, config=config)


def unavailable(service: str, error: Exception) -> tuple[str, bool]:
    """
    What to say of a failed request, and whether it may have taken effect: (words, maybe applied).
    """
    response = getattr(error, "response", None)
    if response is None:
        return f"{service}: {type(error).__name__}", True
    return f"{service}: {response.get('Error', {}).get('Code', type(error).__name__)}", False

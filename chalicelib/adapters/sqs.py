"""
The queue port on SQS.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from chalicelib.adapters.aws import Clients, unavailable
from chalicelib.errors import StoreUnavailable
from chalicelib.ports import Message

ENTRIES_MAX = 10
HANDLE_GONE = frozenset({"ReceiptHandleIsInvalid", "InvalidParameterValue", "MessageNotInflight"})
"""
What SQS says of a receipt handle that has expired or was used: the message is no longer ours, which is what was wanted.
"""


class SqsQueue:
    """
    One standard queue, by its URL.
    """

    def __init__(self, clients: Clients, url: str) -> None:
        self._clients = clients
        self._url = url

    def send(self, *bodies: str, delay_seconds: int = 0) -> None:
        """
        Send messages, ten to a request.
        """
        delay = {"DelaySeconds": delay_seconds} if delay_seconds else {}
        if len(bodies) == 1:
            self._ask(lambda sqs: sqs.send_message(QueueUrl=self._url, MessageBody=bodies[0], **delay))
            return
        for start in range(0, len(bodies), ENTRIES_MAX):
            part = bodies[start : start + ENTRIES_MAX]
            entries = [{"Id": str(number), "MessageBody": body, **delay} for number, body in enumerate(part)]
            answer = self._ask(partial(self._send_batch, entries))
            if answer.get("Failed"):
                raise StoreUnavailable(f"SQS refused {len(answer['Failed'])} of {len(entries)} messages")

    def _send_batch(self, entries: list[dict[str, Any]], sqs: Any) -> Any:
        return sqs.send_message_batch(QueueUrl=self._url, Entries=entries)

    def receive(self, count: int, *, wait_seconds: int = 1) -> list[Message]:
        """
        Up to `count` messages by a long poll.
        """
        answer = self._ask(
            lambda sqs: sqs.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=max(1, min(count, ENTRIES_MAX)),
                WaitTimeSeconds=wait_seconds,
                AttributeNames=["ApproximateReceiveCount"],
            ),
            poll=True,
        )
        return [
            Message(
                body=raw["Body"],
                handle=raw["ReceiptHandle"],
                receives=int(raw.get("Attributes", {}).get("ApproximateReceiveCount", 1)),
            )
            for raw in answer.get("Messages", ())
        ]

    def delete(self, message: Message) -> None:
        """
        Forget a message.
        """
        self._ask(lambda sqs: sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message.handle), gone_is_fine=True)

    def hide(self, message: Message, seconds: int) -> None:
        """
        Keep a received message invisible for so long from now.
        """
        self._ask(
            lambda sqs: sqs.change_message_visibility(
                QueueUrl=self._url,
                ReceiptHandle=message.handle,
                VisibilityTimeout=seconds,
            ),
            gone_is_fine=True,
        )

    def _ask(self, request: Callable[[Any], Any], *, gone_is_fine: bool = False, poll: bool = False) -> Any:
        import botocore.exceptions  # noqa: PLC0415 - loaded with the client anyway

        try:
            return request(self._clients.sqs_poll if poll else self._clients.sqs)
        except (botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError) as error:
            code = getattr(error, "response", {}).get("Error", {}).get("Code", "").rpartition(".")[2]
            if gone_is_fine and code in HANDLE_GONE:
                return {}
            words, maybe_applied = unavailable("SQS", error)
            raise StoreUnavailable(words, maybe_applied=maybe_applied) from error

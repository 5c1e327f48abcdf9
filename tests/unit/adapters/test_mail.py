"""
Mail over real sockets on this machine: SES's own protocol, and SMTP.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.adapters.aws import Clients
from chalicelib.adapters.transport import Outbound
from chalicelib.model import Call, NoReply, Reply
from tests.sandbox.clock import Clock
from tests.sandbox.faults import Fault
from tests.sandbox.own_service import Receiver
from tests.sandbox.server import serve
from tests.sandbox.smtp_sink import smtp_sink
from tests.sandbox.wire import SandboxAnswer, SandboxRequest, json_answer

MESSAGE = b"Subject: hello\r\nTo: a@example.co.jp, b@example.co.jp\r\n\r\nline\r\n.\r\nend\r\n"
ENVELOPE = {"from": "info@example.co.jp", "to": "a@example.co.jp, b@example.co.jp"}


class Ses(Receiver):
    """
    SES v2's door for outgoing mail; `refusal` is the status and code that it answers instead.
    """

    name = "ses"
    refusal: tuple[int, str] | None = None

    def answer(self, request: SandboxRequest) -> SandboxAnswer:
        """
        A message id, or an error as AWS tells it.
        """
        assert (request.method, request.path) == ("POST", "/v2/email/outbound-emails")
        if self.refusal is None:
            return json_answer(200, {"MessageId": "0100-abc"})
        status, code = self.refusal
        told = json_answer(status, {"message": "no"})
        return SandboxAnswer(status=status, headers={**told.headers, "x-amzn-errortype": code}, body=told.body)


@pytest.fixture
def ses(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ses]:
    """
    SES on loopback, and the environment that leads there.
    """
    sandbox = Ses(clock=_clock())
    with serve(sandbox) as served:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", served.url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-northeast-1")
        yield sandbox


def _clock() -> Clock:
    return lambda: datetime(2026, 11, 21, 1, tzinfo=UTC)


def send(url: str = "ses:", seconds: float = 5.0) -> Reply | NoReply:
    return Outbound(Clients()).send(Call(url=url, headers=ENVELOPE, body=MESSAGE), timeout_seconds=seconds)


def said(reply: Reply | NoReply) -> Any:
    assert isinstance(reply, Reply), reply
    return json.loads(reply.body)


def test_ses_is_handed_the_message_as_it_is(ses: Ses) -> None:
    """
    The exact bytes, the sender and each recipient.
    """
    reply = send()
    document = json.loads(ses.requests[0].body)

    assert said(reply) == {"message_id": "0100-abc"}
    assert base64.b64decode(document["Content"]["Raw"]["Data"]) == MESSAGE
    assert document["FromEmailAddress"] == "info@example.co.jp"
    assert document["Destination"]["ToAddresses"] == ["a@example.co.jp", "b@example.co.jp"]


def test_a_comma_within_quotes_is_part_of_one_address(ses: Ses) -> None:
    """
    A visitor who writes another's address between commas does not make us write to it.
    """
    quoted = '"a,victim@example.co.jp,b"@example.jp'
    call = Call(url="ses:", headers={**ENVELOPE, "to": f"{quoted},c@example.co.jp"}, body=MESSAGE)
    Outbound(Clients()).send(call, timeout_seconds=5.0)

    assert json.loads(ses.requests[0].body)["Destination"]["ToAddresses"] == [quoted, "c@example.co.jp"]


@pytest.mark.parametrize(("status", "code"), [(429, "TooManyRequestsException"), (400, "MessageRejected"), (500, "X")])
def test_what_ses_refuses_is_told_once_with_its_code(ses: Ses, status: int, code: str) -> None:
    """
    There is no second try behind the relay's back: it could be a second message.
    """
    ses.refusal = status, code
    reply = send()

    assert isinstance(reply, Reply)
    assert (reply.status, said(reply)["code"]) == (status, code)
    assert len(ses.requests) == 1


def test_a_silent_ses_may_have_sent(ses: Ses) -> None:
    """
    Nobody knows, and the relay is told so.
    """
    ses.faults.add(Fault("lose_after"))
    reply = send()

    assert isinstance(reply, NoReply)
    assert reply.sent


def test_an_ses_that_cannot_be_reached_has_not_sent(ses: Ses, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A refused connection is certainly no message.
    """
    assert ses.requests == []
    monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", "http://127.0.0.1:9")
    reply = send()

    assert isinstance(reply, NoReply)
    assert not reply.sent


def test_an_smtp_server_of_this_machine_gets_the_message() -> None:
    """
    Every recipient is in the envelope, and a line of one dot stays one.
    """
    with smtp_sink() as sink:
        reply = send(sink.url)

    assert said(reply) == {"message_id": "smtp"}
    assert sink.mails == [("info@example.co.jp", ["a@example.co.jp", "b@example.co.jp"], MESSAGE)]


@pytest.mark.parametrize(
    ("answers", "status", "code"),
    [
        ({"RCPT": "550 no such user"}, 400, "SmtpRefused"),
        ({"RCPT": "451 try later"}, 503, "SmtpBusy"),
        ({".": "554 spam"}, 400, "SmtpRefused"),
        ({".": "452 full"}, 503, "SmtpBusy"),
    ],
)
def test_smtps_own_codes_are_told_as_what_they_mean(answers: dict[str, str], status: int, code: str) -> None:
    """
    SMTP's 4xx is "later" and its 5xx "never".
    """
    with smtp_sink(answers) as sink:
        reply = send(sink.url)

    assert isinstance(reply, Reply)
    assert (reply.status, said(reply)["code"]) == (status, code)


def test_a_connection_that_breaks_after_the_message_may_have_sent_it() -> None:
    """
    The server had every byte when it went away.
    """
    with smtp_sink({".": ""}) as sink:
        reply = send(sink.url)

    assert isinstance(reply, NoReply)
    assert reply.sent


def test_nothing_listens_and_nothing_was_sent() -> None:
    """
    No server on that port.
    """
    reply = send("smtp://127.0.0.1:9")

    assert isinstance(reply, NoReply)
    assert not reply.sent


def test_an_address_of_no_known_kind_leads_nowhere() -> None:
    """
    Neither a request nor a message: nothing is sent.
    """
    reply = send("ftp://127.0.0.1/")

    assert isinstance(reply, NoReply)
    assert not reply.sent

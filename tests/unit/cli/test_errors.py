"""
Errors are sentences that say what to do; nobody sees a traceback for what can be expected.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from botocore import exceptions as aws

from chalicelib.cli.telling import told
from chalicelib.errors import EnvelopeRefused, RelayError, SecretUnavailable, StoreUnavailable
from chalicelib.ops.stopped import Stopped
from tests.unit.cli.conftest import Ekiden, Make

ROOT = Path(__file__).resolve().parents[3]


def refused(code: str, message: str = "no") -> aws.ClientError:
    return aws.ClientError({"Error": {"Code": code, "Message": message}}, "GetItem")


def caused(error: Exception) -> StoreUnavailable:
    """
    What an adapter makes of an error of AWS.
    """
    unavailable = StoreUnavailable("DynamoDB: unavailable")
    unavailable.__cause__ = error
    return unavailable


ERRORS = [
    (aws.NoCredentialsError(), "Log in (aws sso login)"),
    (caused(aws.NoCredentialsError()), "Log in (aws sso login)"),
    (aws.PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"), "Log in"),
    (aws.NoRegionError(), "Set AWS_DEFAULT_REGION"),
    (aws.ProfileNotFound(profile="acme"), "aws configure list-profiles"),
    (aws.TokenRetrievalError(provider="sso", error_msg="expired"), "aws sso login"),
    (aws.EndpointConnectionError(endpoint_url="http://127.0.0.1:8080/"), "Nothing answers at http://127.0.0.1:8080/"),
    (aws.ConnectTimeoutError(endpoint_url="https://x.example"), "Nothing answers at https://x.example"),
    (aws.ReadTimeoutError(endpoint_url="https://x.example"), "Nothing answers at https://x.example"),
    (refused("AccessDeniedException", "not you"), "may not call GetItem: not you"),
    (caused(refused("AccessDenied")), "may not call GetItem"),
    (refused("ExpiredTokenException"), "Log in again"),
    (refused("ResourceNotFoundException"), "Was the stage deployed here?"),
    (refused("ValidationException", "bad"), "AWS refuses GetItem: bad (ValidationException)"),
    (aws.ParamValidationError(report="x"), "AWS: "),
    (StoreUnavailable("SQS: ReadTimeout"), "It may have taken effect"),
    (StoreUnavailable("SQS refused", maybe_applied=False), "Try again in a moment"),
    (SecretUnavailable("env:EKIDEN_SECRET"), "Set the environment variable EKIDEN_SECRET"),
    (SecretUnavailable("ssm:/acme/key"), "ekiden secret list"),
    (EnvelopeRefused(413, "too_large", "The body is too large."), "would be answered 413"),
    (RelayError("refused: taro@example.co.jp"), "refused: ***"),
]


@pytest.mark.parametrize(("error", "words"), ERRORS)
@pytest.mark.parametrize("command", [("status",), ("dead", "list"), ("held", "release", "x.1"), ("ring",)])
def test_an_expected_error_is_a_sentence(command: tuple[str, ...], error: Exception, words: str, typed: Make) -> None:
    """Status 1, the words on standard error, nothing on standard output."""

    def connect(*_: object) -> None:
        raise error

    shown = typed(connect=connect)(*command)

    assert shown.exit_code == 1
    assert words in shown.stderr
    assert shown.stdout == ""


def test_wrong_input_has_its_own_status() -> None:
    """Where nothing could be begun the status is 2."""
    assert told(Stopped("There is no file.", exit_code=2)) == ("There is no file.", 2)


@pytest.mark.parametrize("fault", [KeyError("x"), AssertionError(), ValueError("x")])
def test_our_own_faults_are_not_hidden(fault: Exception, typed: Make) -> None:
    """A defect shows where it is, so that it can be reported."""

    def connect(*_: object) -> None:
        raise fault

    with pytest.raises(type(fault)):
        typed(connect=connect)("status")


@pytest.mark.parametrize(
    "words", [("status",), ("try", "-", "--source", "x"), ("secret", "list"), ("template",), ("package",)]
)
def test_a_missing_relay_toml_is_told(
    words: tuple[str, ...], typed: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which file was looked for, and how to name another; status 2."""
    monkeypatch.chdir(tmp_path)
    served = {"EKIDEN_STAGE": "local", "EKIDEN_TABLE": "acme-local"}
    shown = typed()(*words, env=served, input=b"a=b")

    assert shown.exit_code == 2
    assert "relay.toml cannot be read" in shown.output


def test_a_faulty_relay_toml_is_told_by_every_command(ekiden: Ekiden, tmp_path: Path) -> None:
    """All faults, and the command that shows them in a table."""
    file = tmp_path / "relay.toml"
    file.write_text("[relay]\n")
    shown = ekiden("secret", "list", "--config", str(file))

    assert shown.exit_code == 1
    assert "relay.name" in shown.output
    assert f"ekiden config check {file}" in shown.output


def test_a_pipe_of_another_encoding_gets_escapes(relay_toml: Path) -> None:
    """On Windows a pipe may speak CP932: what it cannot carry does not end the command half-way."""
    code = "from chalicelib.cli import main; main()"
    words = [sys.executable, "-c", code, "try", "-", "--source", "contact", "--config", str(relay_toml)]
    done = subprocess.run(
        words,
        cwd=ROOT,
        env={"PYTHONIOENCODING": "cp932"},
        input=b"email=a%40example.co.jp&sei=%F0%A0%AE%B7&mei=%E5%A4%AA",
        capture_output=True,
        check=True,
    )

    assert "customer[last_name]         \\U00020bb7" in done.stdout.decode("cp932")

"""
Secrets stand in relay.toml by reference only, and what stands there by mistake is not repeated.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.config import check
from chalicelib.config.texts import Wrong, reference
from tests.unit.config.fakes import PRESETS, VENDORS

FILE = """
[relay]
name = "ekiden"
secret = {0}
[sources.crm]
preset = "webhook"
secret = {0}
verify = [{{ token = {{ in = "path", secret = {0} }} }}]
[destinations.a]
vendor = "solo"
version = 4
credentials = {0}
[destinations.b]
vendor = "bulk"
base_url = "https://bulk.example.jp"
credentials = {{ token = {0} }}
"""
SECRET_PATHS = {
    "relay.secret",
    "sources.crm.secret",
    "sources.crm.verify[0].token.secret",
    "destinations.a.credentials",
    "destinations.b.credentials.token",
}


def told(secret: str) -> str:
    """
    All words about a file that has this value wherever a secret is wanted.
    """
    faults = check(FILE.format(secret), vendors=VENDORS, presets=PRESETS)
    assert {fault.path for fault in faults if not fault.warning} == SECRET_PATHS
    return "\n".join(map(str, faults))


@settings(deadline=None)
@given(st.text("abcdefXYZ0123456789_+/=", min_size=12))
def test_a_secret_in_the_file_is_refused_and_never_repeated(secret: str) -> None:
    """
    A literal secret is a fault wherever a secret is wanted; its words do not contain it and say what to write.
    """
    words = told(f'"{secret}"')
    assert secret not in words
    assert words.count("a secret itself must not stand in this file") == len(SECRET_PATHS)
    assert "ssm:/ekiden/prod/name" in words


def test_a_number_that_may_be_a_secret_is_not_repeated_either() -> None:
    """
    A secret of digits without quotes stays out of the words too.
    """
    assert "73219846" not in told("73219846")


@pytest.mark.parametrize(
    "text",
    [
        "ssm:/ekiden/prod/satori",
        "ssm:/a",
        "secretsmanager:ekiden/prod/satori",
        "secretsmanager:arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:ekiden-AbCdEf",
        "env:SATORI_USER_KEY",
    ],
)
def test_references_are_taken_as_they_are(text: str) -> None:
    """
    Parameters by path, secrets by name or ARN, and on a local stage environment variables.
    """
    assert reference(text, "") == text
    assert reference(text, "local") == text


@pytest.mark.parametrize(
    "text", ["ssm:/", "ssm:/a/", "ssm:a", "secretsmanager:", "env:", "env:1A", "env:A B", "", " ssm:/a"]
)
def test_what_only_resembles_a_reference_is_refused(text: str) -> None:
    """
    A reference that nothing could be read by is a fault before the deployment.
    """
    assert isinstance(reference(text, ""), Wrong)


def test_a_deployed_stage_has_no_environment_secrets() -> None:
    """
    An environment variable is fine on this machine and a fault for a stage in AWS.
    """
    wrong = reference("env:RELAY_SECRET", "prod")
    assert isinstance(wrong, Wrong)
    assert '"prod"' in wrong.message

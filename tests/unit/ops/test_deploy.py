import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, ProfileNotFound
from click.testing import CliRunner

from chalicelib.ops.deploy import aws_errors_told, main
from chalicelib.ops.stopped import Stopped


def refusal(code: str) -> ClientError:
    """
    An answer of AWS.
    """
    return ClientError({"Error": {"Code": code, "Message": "the reason"}}, "CreateChangeSet")


@pytest.mark.parametrize(
    ("error", "words", "exit_code"),
    [
        (NoCredentialsError(), "There are no AWS credentials", 2),
        (ProfileNotFound(profile="x"), "AWS_PROFILE", 2),
        (EndpointConnectionError(endpoint_url="https://sts"), "cannot be reached", 1),
        (refusal("AccessDenied"), "may not call CreateChangeSet", 1),
        (refusal("ExpiredToken"), "Log in again", 1),
        (refusal("LimitExceededException"), r"AWS refuses CreateChangeSet: the reason \(LimitExceededException\)", 1),
    ],
)
def test_what_aws_says_becomes_words_with_a_remedy(error: Exception, words: str, exit_code: int) -> None:
    """
    No traceback reaches the operator.
    """
    with pytest.raises(Stopped, match=words) as raised, aws_errors_told():
        raise error
    assert raised.value.exit_code == exit_code


def test_a_missing_file_is_named() -> None:
    """
    The first thing looked at is the configuration.
    """
    outcome = CliRunner().invoke(main, ["--stage", "prod", "--config", "/nowhere/relay.toml"])

    assert outcome.exit_code == 2
    assert "/nowhere/relay.toml cannot be read" in outcome.output
    assert "CONFIG=" in outcome.output

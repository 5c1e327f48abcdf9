import pytest

from chalicelib.guard import movable_clock_allowed, refuse_plain_chalice


def test_chalice_alone_is_pointed_to_the_right_command() -> None:
    """
    `chalice deploy` would make functions without queues, table and rights.
    """
    with pytest.raises(SystemExit) as raised:
        refuse_plain_chalice({"AWS_CHALICE_CLI_MODE": "true"})

    assert "make deploy STAGE=prod" in str(raised.value)


@pytest.mark.parametrize("environ", [{}, {"AWS_CHALICE_CLI_MODE": "true", "EKIDEN_PACKAGING": "1"}])
def test_the_functions_and_the_packager_load_the_app(environ: dict[str, str]) -> None:
    """
    Lambda sets no such variable; the packager says who it is.
    """
    refuse_plain_chalice(environ)


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:8080", "http://localhost:4566", "http://[::1]:4566"])
def test_the_clock_moves_on_this_machine(endpoint: str) -> None:
    """
    Where all calls go to the loopback interface, time may be played with.
    """
    assert movable_clock_allowed({"AWS_ENDPOINT_URL": endpoint})


@pytest.mark.parametrize(
    "endpoint",
    ["", "https://dynamodb.ap-northeast-1.amazonaws.com", "http://10.0.0.5:4566", "http://127.0.0.1.example.co.jp"],
)
def test_the_clock_never_moves_on_real_aws(endpoint: str) -> None:
    """
    Quotas are counted by the vendor's real clock.
    """
    assert not movable_clock_allowed({"AWS_ENDPOINT_URL": endpoint} if endpoint else {})

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chalicelib.adapters.clock import ShiftedClock, SystemChance, SystemClock
from chalicelib.adapters.ids import new_id
from chalicelib.adapters.secrets import ReferencedSecrets
from chalicelib.errors import RelayError, SecretUnavailable
from chalicelib.wiring import build


def test_a_shifted_clock_follows_its_file(tmp_path: Path) -> None:
    """The file names the seconds; a missing one names none, and what is no number changes nothing."""
    file = tmp_path / "clock"
    clock = ShiftedClock(file)
    real = SystemClock()

    assert abs(clock.now() - real.now()) < timedelta(seconds=5)
    file.write_text("3600")
    assert abs(clock.now() - real.now() - timedelta(hours=1)) < timedelta(seconds=5)
    for half_written in ("what?", ""):
        file.write_text(half_written)
        assert abs(clock.now() - real.now() - timedelta(hours=1)) < timedelta(seconds=5)
    file.unlink()
    assert abs(clock.now() - real.now()) < timedelta(seconds=5)


def test_ids_grow_with_time_and_do_not_repeat() -> None:
    """An id sorts by when it was made, whatever its chance part is."""
    early, late = datetime(2026, 11, 21, tzinfo=UTC), datetime(2026, 11, 21, 0, 0, 0, 1_000, tzinfo=UTC)
    chance = SystemChance()

    assert new_id(early, 2**80 - 1) < new_id(late, 0)
    assert len(new_id(early, 0)) == 26
    assert len({chance.id(early) for _ in range(1_000)}) == 1_000
    assert all(0 <= chance.jitter() < 1 for _ in range(100))


def test_an_environment_secret_is_read_by_its_name() -> None:
    """On a developer's machine a reference names a variable; an empty or missing one is unreadable."""
    secrets = ReferencedSecrets((), {"TOKEN": "t", "EMPTY": ""})

    assert secrets.get("env:TOKEN") == "t"
    for reference in ("env:EMPTY", "env:MISSING", "what:ever", "plain"):
        with pytest.raises(SecretUnavailable):
            secrets.get(reference)


def test_the_movable_clock_is_refused_on_real_aws(tmp_path: Path) -> None:
    """EKIDEN_CLOCK_FILE without a local endpoint stops the worker with a clear word."""
    relay_toml = tmp_path / "relay.toml"
    relay_toml.write_text('[relay]\nname = "ekiden"\nsecret = "env:SECRET"\n')
    environment = {
        "EKIDEN_CONFIG": str(relay_toml),
        "EKIDEN_LANES": "{}",
        "EKIDEN_TABLE": "t",
        "EKIDEN_BELL_URL": "b",
        "EKIDEN_INBOX_URL": "i",
        "EKIDEN_INCOMING_URL": "f",
        "EKIDEN_BUCKET": "b",
        "EKIDEN_CLOCK_FILE": str(tmp_path / "clock"),
    }

    with pytest.raises(RelayError, match="refused on real AWS"):
        build(environment)

    assert build({**environment, "AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}) is not None


def test_a_package_without_its_configuration_says_so(tmp_path: Path) -> None:
    """Whoever deployed past the packager reads what to do."""
    with pytest.raises(RelayError, match="make deploy"):
        build({"EKIDEN_CONFIG": str(tmp_path / "missing.toml")})

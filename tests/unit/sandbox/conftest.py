from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sandbox.clock import HandClock
from tests.sandbox.haihaimail import HaihaiSandbox
from tests.sandbox.satori import SatoriSandbox
from tests.sandbox.server import Served, serve
from tests.unit.sandbox.vendors import NOON, haihai, satori


@pytest.fixture
def clock() -> HandClock:
    """
    A clock that shows noon in Tokyo until it is moved.
    """
    return HandClock(NOON)


@pytest.fixture
def sandbox(clock: HandClock) -> SatoriSandbox:
    """
    SATORI.
    """
    return satori(clock)


@pytest.fixture
def served(sandbox: SatoriSandbox) -> Iterator[Served]:
    """
    SATORI, listening.
    """
    with serve(sandbox) as listening:
        yield listening


@pytest.fixture
def mail(clock: HandClock) -> HaihaiSandbox:
    """
    配配メール.
    """
    return haihai(clock)


@pytest.fixture
def mail_served(mail: HaihaiSandbox) -> Iterator[Served]:
    """
    配配メール, listening.
    """
    with serve(mail) as listening:
        yield listening

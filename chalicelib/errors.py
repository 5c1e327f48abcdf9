"""
The few exceptions. Expected turns (no quota, a lost race, a vendor's refusal) are values, not exceptions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chalicelib.model import Fault, FieldProblem


class RelayError(Exception):
    """
    The base of all errors that Ekiden raises on purpose.
    """


class ConfigError(RelayError):
    """
    relay.toml is at fault; the operator must act, before deployment.

    Carries every fault that was found, each with its path and a remedy.
    """

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class EnvelopeRefused(RelayError):
    """
    The sender must act: the envelope is answered with a 4xx and nothing is kept.

    `code` is a stable word for programs ("too_large", "unsupported_type", "malformed", "unauthorized", "invalid");
    `detail` is safe to show to anybody; `problems` name form fields for the visitor's page. `values` are what the
    visitor typed, so that the page can show them again.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        problems: Sequence[FieldProblem] = (),
        values: Sequence[tuple[str, str]] = (),
    ) -> None:
        self.status = status
        self.code = code
        self.detail = detail
        self.problems = tuple(problems)
        self.values = tuple(values)
        super().__init__(f"{status} {code}: {detail}")


class Unusable(RelayError):
    """
    An authentic webhook that cannot be understood or mapped: acknowledged with 200, kept as held, raised as an alarm.
    """


class StoreUnavailable(RelayError):
    """
    The table, a queue, the bucket or the secret store did not answer, or refuses for now; the shell decides what next.

    `maybe_applied` is true where the request may have taken effect although no answer came.
    """

    def __init__(self, what: str, *, maybe_applied: bool = True) -> None:
        self.maybe_applied = maybe_applied
        super().__init__(what)


class SecretUnavailable(StoreUnavailable):
    """
    A secret reference cannot be read now: vendor work waits, a source answers 503.
    """

    def __init__(self, reference: str) -> None:
        super().__init__(f"secret {reference} cannot be read", maybe_applied=False)

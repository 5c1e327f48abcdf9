"""
The secrets port: SSM parameters and Secrets Manager through Powertools Parameters, `env:` on a developer's machine.
"""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.errors import SecretUnavailable

CACHE_SECONDS = 300


class ReferencedSecrets:
    """
    Values by reference, cached for five minutes.

    `references` are all that the configuration names: the first read of an SSM value fetches all of them in one
    GetParameters, so that a cold start pays once.
    """

    def __init__(self, references: tuple[str, ...], environ: Mapping[str, str]) -> None:
        self._parameters = tuple(sorted({ref.removeprefix("ssm:") for ref in references if ref.startswith("ssm:")}))
        self._environ = environ

    def get(self, reference: str) -> str:
        """
        The value of a reference.
        """
        kind, _, name = reference.partition(":")
        try:
            value = {"ssm": self._parameter, "secretsmanager": self._secret, "env": self._variable}[kind](name)
        except Exception as error:  # every library error means the same here: not readable now
            raise SecretUnavailable(reference) from error
        if not value:
            raise SecretUnavailable(reference)
        return value

    def refresh(self) -> None:
        """
        Read anew next time.
        """
        from aws_lambda_powertools.utilities import parameters  # noqa: PLC0415 - as below

        parameters.clear_caches()  # type: ignore[no-untyped-call]

    def _parameter(self, name: str) -> str:
        from aws_lambda_powertools.utilities import parameters  # noqa: PLC0415 - only where SSM is used

        known = self._parameters if name in self._parameters else (name,)
        names: dict[str, dict[str, str]] = {each: {} for each in known}
        values = parameters.get_parameters_by_name(names, decrypt=True, max_age=CACHE_SECONDS, raise_on_error=False)
        return str(values[name])

    def _secret(self, name: str) -> str:
        from aws_lambda_powertools.utilities import parameters  # noqa: PLC0415 - only where Secrets Manager is used

        return str(parameters.get_secret(name, max_age=CACHE_SECONDS))

    def _variable(self, name: str) -> str:
        return self._environ[name]

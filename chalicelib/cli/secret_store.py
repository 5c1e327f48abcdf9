"""
Whether secrets are there, and writing them: SSM parameters of the stage's account.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.cli.connecting import LOCAL
from chalicelib.cli.secret_rules import PARAMETER, Use
from chalicelib.cli.tools import Tools
from chalicelib.cli.words import iso

NAMES_MAX = 10
"""
How many parameters one GetParameters takes.
"""

ENVIRONMENT = "env:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """
    One reference as it stands: present, missing, or not looked at here (Secrets Manager).
    """

    use: Use
    state: str
    changed: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        """
        For programs.
        """
        return {
            "reference": self.use.reference,
            "for": list(self.use.places),
            "state": self.state,
            "changed": iso(self.changed),
        }


def standing(found: Sequence[Use], tools: Tools) -> list[Standing]:
    """
    How each reference stands. Values are not decrypted.
    """
    names = [use.reference.removeprefix(PARAMETER) for use in found if use.reference.startswith(PARAMETER)]
    changed = _changed(names, tools) if names and tools.stage != LOCAL else {}
    return [_standing(use, changed, local=tools.stage == LOCAL) for use in found]


def put_parameter(tools: Tools, use: Use, value: str, *, replacing: bool) -> int:
    """
    Write a value, encrypted; returns the parameter's version.
    """
    written = tools.parameters(tools.stage).put_parameter(
        Name=use.reference.removeprefix(PARAMETER),
        Value=value,
        Type="SecureString",
        Overwrite=replacing,
    )
    return int(written["Version"])


def _changed(names: Sequence[str], tools: Tools) -> dict[str, datetime]:
    client = tools.parameters(tools.stage)
    found: dict[str, datetime] = {}
    for start in range(0, len(names), NAMES_MAX):
        answer = client.get_parameters(Names=list(names[start : start + NAMES_MAX]), WithDecryption=False)
        found |= {each["Name"]: each["LastModifiedDate"] for each in answer["Parameters"]}
    return found


def _standing(use: Use, changed: dict[str, datetime], *, local: bool) -> Standing:
    kind, _, name = use.reference.partition(":")
    if f"{kind}:" == ENVIRONMENT:
        return Standing(use=use, state="present" if os.environ.get(name) else "missing")
    if f"{kind}:" != PARAMETER or local:
        return Standing(use=use, state="not looked at here")
    return Standing(use=use, state="present" if name in changed else "missing", changed=changed.get(name))

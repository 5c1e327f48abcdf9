"""
What each secret of relay.toml is for, and what its value must therefore be.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from chalicelib.destinations import VENDORS
from chalicelib.destinations.checks import nearest
from chalicelib.model import Config, Token
from chalicelib.sources import secret_refs

PARAMETER = "ssm:"
CHARS_MAX = 4_096
"""
What a standard SSM parameter holds.
"""

KEY_CHARS_MIN = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """
    One reference and everything that it is used for. `names`: the value is JSON with these names.

    `is_key`: the relay's own key. `may_be_random`: nobody else decides the value. `accounts`: the console's.
    """

    reference: str
    places: tuple[str, ...]
    names: tuple[str, ...] = ()
    is_key: bool = False
    may_be_random: bool = False
    accounts: bool = False

    @property
    def words(self) -> str:
        """
        Where relay.toml uses it.
        """
        return ", ".join(self.places)


def uses(config: Config) -> list[Use]:
    """
    Every reference once, in the order of relay.toml: the relay, its sources, its destinations.
    """
    found: dict[str, Use] = {}
    for use in _each(config):
        other = found.get(use.reference)
        if other is None:
            found[use.reference] = use
            continue
        found[use.reference] = Use(
            reference=use.reference,
            places=tuple(dict.fromkeys((*other.places, *use.places))),
            names=tuple(dict.fromkeys((*other.names, *use.names))),
            is_key=other.is_key or use.is_key,
            may_be_random=other.may_be_random and use.may_be_random,
            accounts=other.accounts or use.accounts,
        )
    return list(found.values())


def problem_of(use: Use, value: str) -> str:
    """
    Why a value cannot be what the reference is used for; empty where it can. Never repeats the value.
    """
    if not value.strip():
        return "the value is empty"
    if len(value) > CHARS_MAX:
        return f"the value has {len(value):,} characters; a parameter holds {CHARS_MAX:,}"
    if use.is_key and len(value) < KEY_CHARS_MIN:
        return f"a key has at least {KEY_CHARS_MIN} characters. Make one: ekiden secret generate {use.reference}"
    if use.accounts:
        return _accounts_problem(value)
    return _credentials_problem(use.names, value) if use.names else ""


def _accounts_problem(value: str) -> str:
    from chalicelib.console import passwords  # noqa: PLC0415 - only where accounts are written

    try:
        passwords.accounts(value)
    except ValueError as error:
        return f"{error}. Make one: ekiden console password NAME"
    return ""


def _credentials_problem(names: tuple[str, ...], value: str) -> str:
    wanted = ", ".join(f'"{name}": "…"' for name in names)
    try:
        given = json.loads(value)
    except ValueError:
        return f"it is not JSON. Write it like {{{wanted}}}"
    if not isinstance(given, dict):
        return f"it is not a JSON object. Write it like {{{wanted}}}"
    missing = [name for name in names if not isinstance(given.get(name), str) or not given[name].strip()]
    if not missing:
        return ""
    strange = [name for name in given if name not in names]
    guesses = [f'"{near}" is perhaps meant to be "{name}"' for name in missing if (near := nearest(name, strange))]
    return "; ".join([f"these names are missing, blank or no text: {', '.join(missing)}", *guesses])


def _each(config: Config) -> Iterator[Use]:
    for number, reference in enumerate(config.secret):
        place = "relay key" if number == 0 else "relay key before"
        yield Use(reference=reference, places=(place,), is_key=True, may_be_random=True)
    for reference in config.console.accounts if config.console else ():
        yield Use(reference=reference, places=("console accounts",), accounts=True)
    for name, source in config.sources.items():
        ours = {ref for check in source.verify if isinstance(check, Token) for ref in check.secret}
        for reference in secret_refs(source):
            yield Use(reference=reference, places=(f"source {name}",), may_be_random=reference in ours)
    for name, destination in config.destinations.items():
        given = destination.credentials
        if isinstance(given, str):
            yield Use(reference=given, places=(f"destination {name}",), names=VENDORS[destination.vendor].credentials)
            continue
        for credential, reference in given.items():
            yield Use(reference=reference, places=(f"destination {name}: {credential}",))

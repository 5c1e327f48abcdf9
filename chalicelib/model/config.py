"""
Config: what relay.toml says, validated whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from chalicelib.model.lane import Lane
from chalicelib.model.poll import Lookup
from chalicelib.model.route import Route
from chalicelib.model.secret import SecretRefs
from chalicelib.model.source import Source
from chalicelib.value import value


@value
class Destination:
    """
    One vendor account: settings, credentials (references), and the lane its calls are counted in.

    `credentials` is one reference to a JSON object, or a reference per name. `settings` are checked by the vendor's
    module. `substitutes` maps characters to what may be sent instead.
    """

    name: str
    vendor: str
    lane: str
    base_url: str
    credentials: str | Mapping[str, str]
    settings: Mapping[str, Any] = field(default_factory=dict)
    substitutes: Mapping[str, str] = field(default_factory=dict)


@value
class Retention:
    """
    How long payloads are kept, per state, in days.
    """

    delivered_days: int = 30
    dead_days: int = 180
    event_days: int = 180


@value
class Alarms:
    """
    Who is told, and when waiting becomes worth telling.
    """

    emails: tuple[str, ...] = ()
    wait_seconds_max: int = 7_200


@value
class Egress:
    """
    Where the advancing function runs when a lane has `egress = "fixed"`: private subnets behind one Elastic IP.
    """

    subnet_ids: tuple[str, ...] = ()
    security_group_ids: tuple[str, ...] = ()


@value
class Console:
    """
    The operator's console; `accounts` references a JSON object: name → password, as `ekiden console password` makes it.
    """

    accounts: SecretRefs


@value
class Config:
    """
    The whole of relay.toml.

    `secret` references the key that signs form tokens and digests addresses. `public_url` is the address that senders
    use (URL-signing schemes need it). `leftovers_hour` is when, in Tokyo, rows may go that take a day's leftovers only.
    Without `console` there is none.
    """

    name: str
    secret: SecretRefs
    public_url: str = ""
    sources: Mapping[str, Source] = field(default_factory=dict)
    destinations: Mapping[str, Destination] = field(default_factory=dict)
    routes: tuple[Route, ...] = ()
    lanes: Mapping[str, Lane] = field(default_factory=dict)
    lookups: Mapping[str, Lookup] = field(default_factory=dict)
    retention: Retention = Retention()
    alarms: Alarms = Alarms()
    egress: Egress = Egress()
    api_rate: int = 200
    api_burst: int = 1_000
    leftovers_hour: int = 22
    console: Console | None = None

"""
Every sender's own requests, read from tests/data/senders/requests, and a relay that each of them sends to.

One file describes one preset: the secret, what its relay.toml adds, how address and name are mapped, and requests as
the sender makes them, with what has to come of each. Signed requests carry the signatures of 10:00 in Tokyo.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chalicelib.model import Envelope, Response
from chalicelib.sources import PRESETS
from tests.scenarios.world import World

FOLDER = Path(__file__).parents[1] / "data" / "senders" / "requests"
PUBLIC_URL = "https://relay.example.co.jp/api"
NAME = "sender"
SENDER_SECRET = "env:SENDER_SECRET"


HAIHAI = "https://a01.hm-f.jp"


def company(haihai: str) -> str:
    """
    The part of a relay.toml that does not depend on who sends; `haihai` is the address of 配配メール.
    """
    return f"""
[relay]
name = "test"
secret = "env:EKIDEN_SECRET"
public_url = "{PUBLIC_URL}"

[destinations.haihai]
vendor = "haihaimail"
base_url = "{haihai}"
account = "api_sample"
credentials = {{ login_id = "env:HAIHAI_LOGIN_ID", api_token = "env:HAIHAI_TOKEN" }}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """
    One request of a sender, and what comes of it.

    The answer ("ids": JSON with ids; "": nothing), addresses that are registered or stopped, and the reason of what is
    skipped, held or dead.
    """

    about: str
    headers: dict[str, str]
    body: str
    answer: str
    contacts: list[str]
    token: str | None = None
    stops: list[str] = field(default_factory=list)
    skipped: str = ""
    held: str = ""
    dead: str = ""

    @property
    def says_something(self) -> bool:
        """
        Whether it holds a record at all: a handshake and a connection check do not.
        """
        return bool(self.contacts or self.stops or self.skipped or self.held or self.dead)

    @property
    def envelope(self) -> dict[str, Any]:
        """
        The request as an envelope's fields.
        """
        headers = {name.lower(): value for name, value in self.headers.items()}
        return {"headers": headers, "body": self.body.encode(), "path_token": self.token}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """
    One preset with its requests.
    """

    preset: str
    secret: str
    email: Any
    name: Any
    requests: list[Asked]
    source: str = ""

    def config(self) -> str:
        """
        The relay.toml of a company that this sender alone sends to.
        """
        return company(HAIHAI) + self.tables(NAME, SENDER_SECRET)

    def tables(self, source: str, secret: str) -> str:
        """
        The part of a relay.toml that is this sender's: its source and its routes.
        """
        return f"""
[sources.{source}]
preset = "{self.preset}"
secret = "{secret}"
{self.source}
[[routes]]
from = "{source}"
to = "haihai"
operation = "register"
[routes.settings]
gid = 12
[routes.fields]
"メールアドレス" = {_toml(self.email)}
"お名前" = {_toml(self.name)}

[[routes]]
from = "{source}"
to = "haihai"
operation = "stop"
on = ["unsubscribe"]
[routes.settings]
gid = 12
[routes.fields]
"メールアドレス" = {_toml(self.email)}
"""

    def world(self) -> World:
        """
        A relay at 10:00 in Tokyo that knows this sender's secret.
        """
        world = World(self.config())
        world.secrets.values[SENDER_SECRET] = self.secret
        return world


def send(world: World, asked: Asked, source: str = NAME, **changed: Any) -> Response:
    """
    The sender's request, now; `changed` are fields of the envelope that differ.
    """
    given = asked.envelope | changed
    return world.relay.accept(Envelope(source=source, received_at=world.clock.now(), **given))


def senders() -> dict[str, Sender]:
    """
    Every sender by its preset.
    """
    return {path.stem: _sender(path) for path in sorted(FOLDER.glob("*.toml"))}


def every_request() -> Iterator[tuple[Sender, Asked]]:
    """
    Every request of every sender.
    """
    for sender in senders().values():
        for asked in sender.requests:
            yield sender, asked


def _sender(path: Path) -> Sender:
    found = tomllib.loads(path.read_text(encoding="utf-8"))
    asked = [Asked(**one) for one in found.pop("requests")]
    assert path.stem in PRESETS, f"{path.name} is named after no preset"
    return Sender(preset=path.stem, requests=asked, **found)


def _toml(mapped: Any) -> str:
    def text(value: str) -> str:
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'

    return text(mapped) if isinstance(mapped, str) else f"{{ expr = {text(mapped['expr'])} }}"

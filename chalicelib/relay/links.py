"""
Links from notices into the console: only where there is one, and relay.toml says at which address.
"""

from __future__ import annotations

from urllib.parse import quote

from chalicelib.model import Config

PLACES = {
    "status": "",
    "submission": "submissions/",
    "lane": "lanes/",
    "dead": "dead",
    "held": "held",
    "day": "days/",
}
"""
What can be linked, and where it is below `<public_url>/console/`.
"""


def link_to(config: Config, kind: str, name: str = "") -> str:
    """
    The console's page of a thing; empty where there is no console, or no `public_url`.

    >>> from chalicelib.model import Console
    >>> door = Console(accounts=("env:ACCOUNTS",))
    >>> at = Config(name="acme", secret=("env:KEY",), public_url="https://relay.example.co.jp", console=door)
    >>> link_to(at, "submission", "01JE"), link_to(at, "dead")
    ('https://relay.example.co.jp/console/submissions/01JE', 'https://relay.example.co.jp/console/dead')
    """
    if not config.public_url or config.console is None:
        return ""
    place = PLACES[kind]
    return f"{config.public_url.rstrip('/')}/console/{place}{quote(name) if place.endswith('/') else ''}"

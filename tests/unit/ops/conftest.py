"""
Configurations to make templates from.
"""

from collections.abc import Callable

import pytest

from chalicelib.model import Alarms, Config, Destination, Form, Hmac, Lane, Route, Source, Token

Make = Callable[..., Config]

SATORI = Lane(name="satori", vendor="satori", batching=False)
HAIHAI = Lane(name="haihai-import", vendor="haihaimail", batching=True, rows_max=20_000)


@pytest.fixture
def make() -> Make:
    """
    A form to SATORI and 配配メール and a webhook, changed as the test says.
    """

    def build(**changes: object) -> Config:
        form = Source(name="contact", preset="form", form=Form(thanks="https://www.example.co.jp/thanks"))
        hook = Source(
            name="shop",
            preset="shopify",
            verify=(
                Hmac(headers=("x-signature",), secret=("ssm:/acme/shop", "ssm:/acme/shop-before")),
                Token(place="path", secret=("ssm:/acme/shop-token",)),
            ),
        )
        values: dict[str, object] = {
            "name": "acme",
            "secret": ("ssm:/acme/key",),
            "sources": {"contact": form, "shop": hook},
            "destinations": {
                "satori": _destination("satori", "satori", "ssm:/acme/satori"),
                "haihai": _destination("haihai", "haihai-import", "secretsmanager:acme/haihai"),
            },
            "routes": (
                Route(name="a", source="contact", destination="satori", operation="upsert"),
                Route(name="b", source="contact", destination="haihai", operation="import"),
            ),
            "lanes": {"satori": SATORI, "haihai-import": HAIHAI},
            "alarms": Alarms(emails=("ops@example.co.jp", "web@example.co.jp")),
        }
        return Config(**(values | changes))

    return build


def _destination(name: str, lane: str, credentials: str) -> Destination:
    return Destination(
        name=name,
        vendor=lane,
        lane=lane,
        base_url="https://vendor.example.co.jp",
        credentials=credentials,
    )

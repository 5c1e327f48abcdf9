"""
Accounts at vendors that the tests of this room share.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.model import Destination


def satori_account(
    *, base_url: str = "https://api.satr.jp", substitutes: Mapping[str, str] | None = None, **settings: Any
) -> Destination:
    """
    A SATORI account; keywords are its settings.
    """
    return Destination(
        name="satori",
        vendor="satori",
        lane="satori-satori",
        base_url=base_url,
        credentials="ssm:/ekiden/test/satori",
        settings={"version": 4} | settings,
        substitutes=substitutes or {},
    )


def mail_account(
    *, base_url: str = "https://a01.hm-f.jp", substitutes: Mapping[str, str] | None = None, **settings: Any
) -> Destination:
    """
    A 配配メール account; keywords are its settings.
    """
    return Destination(
        name="mail",
        vendor="haihaimail",
        lane="haihaimail-api-sample-import",
        base_url=base_url,
        credentials="ssm:/ekiden/test/mail",
        settings={"account": "api_sample"} | settings,
        substitutes=substitutes or {},
    )


def desk_account(
    *, base_url: str = "https://md00.maildealer.jp", substitutes: Mapping[str, str] | None = None, **settings: Any
) -> Destination:
    """
    A Mail Dealer mailbox; keywords are its settings.
    """
    return Destination(
        name="desk",
        vendor="maildealer",
        lane="maildealer-md00-1",
        base_url=base_url,
        credentials="ssm:/ekiden/test/desk",
        settings={"mailbox": 1} | settings,
        substitutes=substitutes or {},
    )


def legacy_account(
    *, base_url: str = "https://a03.hm-f.jp", substitutes: Mapping[str, str] | None = None, **settings: Any
) -> Destination:
    """
    An account with 配配メール's older import; keywords are its settings.
    """
    return Destination(
        name="mail",
        vendor="haihaimail_legacy",
        lane="haihaimail-legacy-24",
        base_url=base_url,
        credentials="ssm:/ekiden/test/mail-legacy",
        settings={"aid": 24} | settings,
        substitutes=substitutes or {},
    )


def kuru_account(
    *, base_url: str = "https://kuru.example.jp", substitutes: Mapping[str, str] | None = None, **settings: Any
) -> Destination:
    """
    A クルメル account whose import was written down; keywords are its settings, None leaves one out.
    """
    written = {
        "path": "/api/made-up/import",
        "parameters": {
            "login": "made_login",
            "password": "made_pass",
            "file": "made_file",
            "import_type": "made_type",
            "is_overwrite": "made_overwrite",
            "gid": "made_group",
        },
        "import_types": {"register": "add", "stop": 2},
        **settings,
    }
    return Destination(
        name="kuru",
        vendor="curumeru",
        lane="curumeru-kuru",
        base_url=base_url,
        credentials="ssm:/ekiden/test/kuru",
        settings={name: value for name, value in written.items() if value is not None},
        substitutes=substitutes or {},
    )

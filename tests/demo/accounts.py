"""
The demo's made-up accounts, and the one change that the configuration needs for them: four hosts.
"""

from __future__ import annotations

import json
import secrets

from chalicelib.config import parse
from chalicelib.console.passwords import SALT_BYTES, digest
from chalicelib.destinations import VENDORS
from chalicelib.model import Config
from chalicelib.sources import PRESETS
from tests.sandbox.run import HAIHAI_LOGIN_ID, HAIHAI_TOKEN, MAILDEALER_TOKEN, SATORI_KEYS

STAGE = "local"
WEBSITE = "https://www.example.co.jp"
SATORI = "https://api.satr.jp"
HAIHAI = "https://a01.hm-f.jp"
DESK = "https://md00.maildealer.jp"
CRM_TOKEN = "demo-crm-token"
CONSOLE_NAME = "demo"
CONSOLE_PASSWORD = secrets.token_urlsafe(12)
"""
Another one for each demo: it opens the console of this machine, and only while the demo runs.
"""

SECRETS = {
    "EKIDEN_SECRET": "a key that signs and digests in the demo only",
    "SATORI_USER_KEY": SATORI_KEYS.user_key,
    "SATORI_USER_SECRET": SATORI_KEYS.user_secret,
    "SATORI_COMPANY_KEY": SATORI_KEYS.company_key,
    "SATORI_COMPANY_SECRET": SATORI_KEYS.company_secret,
    "HAIHAI_LOGIN_ID": HAIHAI_LOGIN_ID,
    "HAIHAI_TOKEN": HAIHAI_TOKEN,
    "CRM_TOKEN": CRM_TOKEN,
    "MAILDEALER_TOKEN": MAILDEALER_TOKEN,
    "EKIDEN_CONSOLE": json.dumps({CONSOLE_NAME: digest(CONSOLE_PASSWORD, secrets.token_bytes(SALT_BYTES))}),
}


def on_this_machine(text: str, *, website: str, satori: str, haihai: str, desk: str = "") -> str:
    """
    The configuration with its hosts replaced by addresses on this machine; raises ValueError where one is not in it.
    """
    hosts = [(WEBSITE, website), (SATORI, satori), (HAIHAI, haihai), *([(DESK, desk)] if desk else [])]
    for real, here in hosts:
        if real not in text:
            raise ValueError(f"relay.toml does not name {real}")
        text = text.replace(real, here)
    return text


def parsed(text: str) -> Config:
    """
    The configuration, checked whole. Raises ConfigError.
    """
    return parse(text, vendors=VENDORS, presets=PRESETS, stage=STAGE)

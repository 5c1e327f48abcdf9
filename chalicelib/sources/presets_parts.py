"""
What several presets share.
"""

from __future__ import annotations

from typing import Final

TOKEN_HEADER: Final = [{"token": {"in": "header", "name": "X-Relay-Token"}}]
TOKEN_URL: Final = [{"token": {"in": "path"}}]

# A product is not taught by a refusal: it gives up, or switches the webhook off. What is genuine and cannot be read is
# held for a person.
LENIENT: Final = {"format": "auto", "lenient": True}

EMPTY: Final = {"kind": "empty", "status": 200}
JSON: Final = {"kind": "json", "status": 200}

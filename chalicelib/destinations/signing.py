"""
What proves to a receiver who calls, and tells it a repeat: Standard Webhooks, Basic authentication, ids of calls.

The signature is HMAC-SHA256 over "id.timestamp.body", as the Standard Webhooks specification 1.0.0 has it. The id is
the delivery's, so that a call that is made again is known for what it is.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime

from chalicelib.destinations.kit import credential
from chalicelib.model import Batch

PREFIX = "whsec_"
ID_CHARS = 32


def batch_id(batch: Batch) -> str:
    """
    An id that the same deliveries always give: the delivery's own where it travels alone.
    """
    names = [each for line in batch.lines for each in line.deliveries]
    return names[0] if len(names) == 1 else hashlib.sha256("\n".join(names).encode()).hexdigest()[:ID_CHARS]


def signed(body: bytes, name: str, at: datetime | None, secret: str) -> dict[str, str]:
    """
    The three headers of a Standard Webhook. A secret that is none still signs: the receiver will refuse it, and say so.
    """
    stamp = str(int(at.timestamp())) if at else "0"
    content = f"{name}.{stamp}.".encode() + body
    digest = hmac.new(_key(secret), content, hashlib.sha256).digest()
    return {
        "webhook-id": name,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def _key(secret: str) -> bytes:
    try:
        encoded = secret.removeprefix(PREFIX).rstrip("=")
        return base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except ValueError:
        return secret.encode()


def basic(credentials: Mapping[str, str], names: str) -> str:
    """
    Two credentials ("user:password") as Basic authentication wants them.
    """
    user, _, password = names.partition(":")
    pair = f"{credential(credentials, user)}:{credential(credentials, password)}"
    return base64.b64encode(pair.encode()).decode()

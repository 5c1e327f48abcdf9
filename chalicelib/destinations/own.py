"""
Destinations of the operator's own over HTTP: declared in relay.toml, with no line of Python.

One call posts one event's values as JSON, as a form or, where many rows travel together, as a JSON list or a CSV file.
What the answer means is declared too; what is not declared means what HTTP says of it (replies.py).

- Limits: what relay.toml says; one call a second, five at once, where it says nothing.
- A repeat is not harmless unless it is declared so, or the call bears an id that the receiver knows it by again.
"""

from __future__ import annotations

from chalicelib.destinations.declared import CHARSETS, STANDARD_WEBHOOKS, by_name
from chalicelib.destinations.declared_fields import Pace
from chalicelib.destinations.declared_vendor import Shape, vendor_of
from chalicelib.destinations.kit import Operation, Setting
from chalicelib.model import Effect

BYTES_MAX = 1_000_000
BATCH_SECONDS = 30
ROWS_MAX = 10_000

SEND = Operation(
    name="send",
    label="Send each event by itself",
    effect=Effect.DATA,
    open_fields=True,
    repeat_harmless=False,
    merges=False,
)
UPSERT = Operation(
    name="upsert",
    label="Store a contact: what waits for one contact travels as one",
    effect=Effect.DATA,
    open_fields=True,
)

METHOD = Setting(name="method", default="POST", choices=("POST", "PUT", "PATCH"), help="of the request")
PACE = (
    Setting(name="calls_per_second", kind="number", help="Ekiden's own pace"),
    Setting(name="burst", kind="integer", least=1, most=100, help="calls that may go at once"),
    Setting(name="timeout_seconds", kind="seconds", default=20, least=1, most=60, help="patience with one call"),
    Setting(name="egress", default="any", choices=("any", "fixed"), help="`fixed`: only from the fixed address"),
)
REQUEST = (
    METHOD,
    Setting(name="path", help="what follows base_url, with places for values"),
    Setting(name="charset", default="utf-8", choices=CHARSETS, help="of a form or a CSV file"),
    Setting(name="headers", kind="table", help="header to text, with places for credentials"),
    Setting(name="body", kind="table", help="the request's body, with places for values"),
    Setting(name="fields", kind="table", help="the fields that may be mapped, each with its form"),
    Setting(name="identity", help="the field that names the contact"),
    Setting(name="idempotency_header", help="the header that bears an id by which a repeat is known"),
    Setting(name="sign", choices=(STANDARD_WEBHOOKS,), help="how requests are signed"),
    Setting(name="repeat_harmless", kind="flag", help="whether the same call twice does no harm"),
)
ANSWERS = (
    Setting(name="success", kind="table", help="the answers that mean success"),
    Setting(name="refused", kind="table", help="the answers that refuse the values: a dead letter"),
    Setting(name="quota", kind="table", help="the answers that mean a limit was reached"),
    Setting(name="busy", kind="table", help="the answers that mean not now"),
    Setting(name="paused", kind="table", help="the answers that need an operator: the lane pauses"),
    Setting(name="result", kind="table", help="what is kept of the answer, name to path"),
)
LIMITS = Setting(name="limits", kind="tables", help="the receiver's windows: calls, per and reserve")
FORMATS = Setting(name="format", default="json", choices=("json", "form"), help="of the body")
OWN = by_name(*REQUEST, FORMATS, *ANSWERS, LIMITS, *PACE)
BATCH = by_name(
    *REQUEST,
    Setting(name="format", default="json", choices=("json", "csv"), help="of the body"),
    Setting(name="row", kind="table", help="one row of the list, with places for values"),
    Setting(name="rows_max", kind="integer", default=1_000, least=1, most=ROWS_MAX, help="rows a call"),
    Setting(name="bytes_max", kind="integer", default=BYTES_MAX, least=1_000, most=30_000_000, help="of all rows"),
    Setting(name="gap_seconds_min", kind="seconds", default=BATCH_SECONDS, most=3_600, help="between two calls"),
    *ANSWERS,
    LIMITS,
    *PACE,
)

KEYS = "Check the credentials of this destination, and what the receiver allows them to do."
ADDRESS = "Check base_url, path and method of this destination."
HTTP = vendor_of(
    Shape(
        slug="http",
        label="A service of your own",
        settings=OWN,
        open_credentials=True,
        operations=(SEND, UPSERT),
        expand=lambda given: given,
        pace=Pace(slug="http", batching=False, calls_per_second=1, burst=5),
        keys=KEYS,
        address=ADDRESS,
    )
)
HTTP_BATCH = vendor_of(
    Shape(
        slug="http_batch",
        label="A service of your own that takes many rows a call",
        settings=BATCH,
        open_credentials=True,
        operations=(SEND, UPSERT),
        expand=lambda given: {"rows_max": 1_000, "bytes_max": BYTES_MAX, "gap_seconds_min": BATCH_SECONDS, **given},
        pace=Pace(slug="http_batch", batching=True, calls_per_second=1, burst=5),
        keys=KEYS,
        address=ADDRESS,
    )
)

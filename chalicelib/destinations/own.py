"""
Destinations of the operator's own over HTTP: declared in relay.toml, with no line of Python.

One call posts one event's values as JSON, as a form or, where many rows travel together, as a JSON list or a CSV file.
What the answer means is declared too; what is not declared means what HTTP says of it (replies.py).

- Limits: what relay.toml says; one call a second, five at once, where it says nothing.
- A repeat is not harmless unless it is declared so, or the call bears an id that the receiver knows it by again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from chalicelib.destinations import declared_answers, declared_calls, declared_fields, declared_routes
from chalicelib.destinations.declared import CHARSETS, STANDARD_WEBHOOKS, Declaration, Expand, by_name, declare
from chalicelib.destinations.declared_checks import check
from chalicelib.destinations.declared_fields import Pace
from chalicelib.destinations.kit import Operation, Packed, Setting, Settings, Vendor
from chalicelib.destinations.replies import Causes
from chalicelib.model import Batch, Destination, Effect, Fault, Line, NoReply, Reading, Reply, Route
from chalicelib.value import value

BYTES_MAX = 1_000_000
BATCH_SECONDS = 30
ROWS_MAX = 10_000
DECLARED_MAX = 64
"""
So many destinations are read once only; a batch asks thousands of times.
"""

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


@value
class Shape:
    """
    A vendor that is made of declarations: what it is called, what it asks for, and what its settings become.

    `expand` turns a preset's few settings into those of a destination of the operator's own.
    """

    slug: str
    label: str
    base_url: str = ""
    settings: Mapping[str, Setting]
    credentials: tuple[str, ...] = ()
    open_credentials: bool = False
    operations: tuple[Operation, ...]
    expand: Expand
    pace: Pace
    keys: str
    address: str


class _Same:
    """
    A destination as a key: the very same value, not one that says the same, since its tables cannot be hashed.
    """

    __slots__ = ("destination",)

    def __init__(self, destination: Destination) -> None:
        self.destination = destination

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.destination is other.destination

    def __hash__(self) -> int:
        return id(self.destination)


def vendor_of(shape: Shape) -> Vendor:
    """
    The vendor that the declarations make.
    """
    files = shape.pace.batching

    @lru_cache(maxsize=DECLARED_MAX)
    def declared(same: _Same) -> Declaration:
        return declare(shape.expand(same.destination.settings), same.destination)

    def of(destination: Destination) -> Declaration:
        return declared(_Same(destination))

    def harmless(operation: Operation, destination: Destination) -> bool:
        return of(destination).is_harmless(operation.repeat_harmless)

    def checked(destination: Destination) -> list[Fault]:
        return check(of(destination), shape.expand(destination.settings), destination)

    def checked_route(route: Route, destination: Destination) -> list[Fault]:
        merges = operations[route.operation].merges
        return declared_routes.check_route(of(destination), route, destination, merges=merges)

    def read(reply: Reply | NoReply, batch: Batch, destination: Destination | None = None) -> Reading:
        account = destination or _nobody(shape, batch)
        causes = Causes(vendor=account.name, keys=shape.keys, address=shape.address)
        safe = harmless(operations[batch.operation], account)
        return declared_answers.read(of(account), causes, reply, batch, harmless=safe, files=files)

    def pack(_operation: Operation, _settings: Settings, lines: Sequence[Line], destination: Destination) -> Packed:
        return declared_calls.pack(of(destination), lines)

    operations = {each.name: each for each in shape.operations}
    return Vendor(
        slug=shape.slug,
        label=shape.label,
        base_url=shape.base_url,
        settings=shape.settings,
        credentials=shape.credentials,
        open_credentials=shape.open_credentials,
        operations=operations,
        batching=files,
        lane=lambda destination, name: declared_fields.lane_of(shape.expand(destination.settings), name, shape.pace),
        lane_name=lambda name, _settings: f"{shape.slug.replace('_', '-')}-{name}",
        check=checked,
        check_route=checked_route,
        prepare=lambda operation, fields, _settings, destination, overflow: declared_fields.prepare(
            of(destination), operation, fields, destination, overflow
        ),
        rules=lambda operation, _settings, destination: declared_fields.rules_of(of(destination), operation),
        pack=pack if files else None,
        build=lambda batch, data, destination, credentials: declared_calls.build(
            of(destination), batch, data, destination, credentials
        ),
        read=read,
        cut=declared_calls.cut if files else None,
        harmless=harmless,
    )


def _nobody(shape: Shape, batch: Batch) -> Destination:
    """
    Whose answer it is where the relay does not say: a destination that declares nothing.
    """
    return Destination(
        name=batch.destination, vendor=shape.slug, lane=batch.lane, base_url=shape.base_url, credentials={}
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

"""
A vendor made of declarations: the functions of kit.py, once, for every destination that is declared and not programmed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from functools import lru_cache
from typing import Any

from chalicelib.destinations import declared_answers, declared_calls, declared_fields, declared_routes
from chalicelib.destinations.checks import base_url_faults, place
from chalicelib.destinations.declared import Declaration, Expand, declare
from chalicelib.destinations.declared_checks import check
from chalicelib.destinations.declared_fields import Pace
from chalicelib.destinations.kit import Operation, Overflow, Packed, PrepareResult, Setting, Settings, Vendor
from chalicelib.destinations.replies import Causes
from chalicelib.model import (
    Batch,
    Call,
    Destination,
    Fault,
    Lane,
    Line,
    MergeRules,
    NoReply,
    Reading,
    Reply,
    Route,
)
from chalicelib.model.arrival import Json
from chalicelib.value import value

DECLARED_MAX = 64
"""
So many destinations are read once only; a batch asks thousands of times.
"""


@value
class Shape:
    """
    A vendor that is made of declarations: what it is called, what it asks for, and what its settings become.

    `expand` turns a preset's few settings into those of a destination of the operator's own; `stands_for` says of parts
    of what it makes which setting they come from, so that a fault is told where the operator wrote it. `host_only` is
    an example of a base URL, where the vendor's path follows the host.
    """

    slug: str
    label: str
    base_url: str = ""
    host_only: str = ""
    settings: Mapping[str, Setting]
    credentials: tuple[str, ...] = ()
    open_credentials: bool = False
    operations: tuple[Operation, ...]
    expand: Expand
    stands_for: Mapping[str, str] = field(default_factory=dict)
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


class _Made:
    """
    The functions of one vendor that is made of declarations, each for the destination that it is asked about.
    """

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self.operations = {each.name: each for each in shape.operations}
        self._declared = lru_cache(maxsize=DECLARED_MAX)(self._declare)

    def _declare(self, same: _Same) -> Declaration:
        return declare(self._given(same.destination), same.destination)

    def _of(self, destination: Destination) -> Declaration:
        return self._declared(_Same(destination))

    def _given(self, destination: Destination) -> Mapping[str, Any]:
        return self._shape.expand(destination.settings)

    def lane(self, destination: Destination, name: str) -> Lane:
        return declared_fields.lane_of(self._given(destination), name, self._shape.pace)

    def lane_name(self, destination_name: str, _settings: Settings) -> str:
        return f"{self._shape.slug.replace('_', '-')}-{destination_name}"

    def harmless(self, operation: Operation, destination: Destination) -> bool:
        return self._of(destination).is_harmless(operation.repeat_harmless)

    def check(self, destination: Destination) -> list[Fault]:
        found = check(self._of(destination), self._given(destination), destination)
        if self._shape.host_only:
            found = [*found, *base_url_faults(destination, self._shape.host_only)]
        return [replace(each, path=self._written(each.path, destination)) for each in found]

    def _written(self, path: str, destination: Destination) -> str:
        here = f"{place('destinations', destination.name)}."
        for made, setting in self._shape.stands_for.items():
            if path.startswith(here + made):
                return here + setting + path.removeprefix(here + made)
        return path

    def check_route(self, route: Route, destination: Destination) -> list[Fault]:
        merges = self.operations[route.operation].merges
        return declared_routes.check_route(self._of(destination), route, destination, merges=merges)

    def prepare(
        self,
        operation: Operation,
        fields: Mapping[str, Json],
        _settings: Settings,
        destination: Destination,
        overflow: Overflow,
    ) -> PrepareResult:
        return declared_fields.prepare(self._of(destination), operation, fields, destination, overflow)

    def rules(self, operation: Operation, _settings: Settings, destination: Destination) -> MergeRules:
        return declared_fields.rules_of(self._of(destination), operation)

    def pack(
        self, _operation: Operation, _settings: Settings, lines: Sequence[Line], destination: Destination
    ) -> Packed:
        return declared_calls.pack(self._of(destination), lines)

    def build(self, batch: Batch, data: bytes, destination: Destination, credentials: Mapping[str, str]) -> Call:
        return declared_calls.build(self._of(destination), batch, data, destination, credentials)

    def read(self, reply: Reply | NoReply, batch: Batch, destination: Destination | None = None) -> Reading:
        shape, account = self._shape, destination or _nobody(self._shape, batch)
        causes = Causes(vendor=account.name, keys=shape.keys, address=shape.address)
        safe = self.harmless(self.operations[batch.operation], account)
        files = shape.pace.batching
        return declared_answers.read(self._of(account), causes, reply, batch, harmless=safe, files=files)


def vendor_of(shape: Shape) -> Vendor:
    """
    The vendor that the declarations make.
    """
    made, files = _Made(shape), shape.pace.batching
    return Vendor(
        slug=shape.slug,
        label=shape.label,
        base_url=shape.base_url,
        settings=shape.settings,
        credentials=shape.credentials,
        open_credentials=shape.open_credentials,
        operations=made.operations,
        batching=files,
        lane=made.lane,
        lane_name=made.lane_name,
        check=made.check,
        check_route=made.check_route,
        prepare=made.prepare,
        rules=made.rules,
        pack=made.pack if files else None,
        build=made.build,
        read=made.read,
        cut=declared_calls.cut if files else None,
        harmless=made.harmless,
    )


def _nobody(shape: Shape, batch: Batch) -> Destination:
    """
    Whose answer it is where the relay does not say: a destination that declares nothing.
    """
    return Destination(
        name=batch.destination, vendor=shape.slug, lane=batch.lane, base_url=shape.base_url, credentials={}
    )

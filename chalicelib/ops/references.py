"""
Which secrets each function reads, and the ARNs that its role may therefore read.

The api function reads what verifies a sender, and the credentials of the vendors that are called inside a request: for
a form's visitor, or for a lookup.
Lanes that batch or that leave through the fixed address are never called there. What unpack takes from the inbox has
been verified already.
"""

from __future__ import annotations

from collections.abc import Iterable

from chalicelib.model import Config, Destination
from chalicelib.ops.names import ADVANCE, API, FUNCTIONS, TICK, Function
from chalicelib.sources import secret_refs

Arn = dict[str, str]


def references(config: Config, function: Function) -> tuple[str, ...]:
    """
    Every secret reference that this function may read, without repeats, sorted.
    """
    wanted: set[str] = set() if function is TICK else set(config.secret)
    if function is API:
        for source in config.sources.values():
            wanted.update(secret_refs(source))
        for destination in _called_inside_requests(config):
            wanted.update(_of_destination(destination))
        for lookup in config.lookups.values():
            wanted.update(_of_destination(config.destinations[lookup.destination]))
        if config.console is not None:
            wanted.update(config.console.accounts)
    if function is ADVANCE:
        for destination in config.destinations.values():
            wanted.update(_of_destination(destination))
    return tuple(sorted(wanted))


def environment_references(config: Config) -> tuple[str, ...]:
    """
    The names of the environment variables that hold secrets (`env:NAME`), as they are used on a local stack.
    """
    found = {reference for function in FUNCTIONS for reference in references(config, function)}
    return tuple(sorted(each.removeprefix("env:") for each in found if each.startswith("env:")))


def parameter_arns(names: Iterable[str]) -> list[Arn]:
    """
    The SSM parameters among the references.

    >>> parameter_arns(["ssm:/ekiden/prod/satori", "env:X"])
    [{'Fn::Sub': 'arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/ekiden/prod/satori'}]
    """
    place = "ssm:${AWS::Region}:${AWS::AccountId}:parameter"
    return [_arn(f"{place}/{name.lstrip('/')}") for name in _of("ssm", names)]


def secret_arns(names: Iterable[str]) -> list[Arn]:
    """
    The Secrets Manager secrets among the references; AWS adds six characters to a secret's name in its ARN.
    """
    return [
        {"Fn::Sub": name}
        if name.startswith("arn:")
        else _arn(f"secretsmanager:${{AWS::Region}}:${{AWS::AccountId}}:secret:{name}-??????")
        for name in _of("secretsmanager", names)
    ]


def _arn(rest: str) -> Arn:
    return {"Fn::Sub": f"arn:${{AWS::Partition}}:{rest}"}


def _of(scheme: str, names: Iterable[str]) -> list[str]:
    return [name.removeprefix(f"{scheme}:") for name in names if name.startswith(f"{scheme}:")]


def _of_destination(destination: Destination) -> Iterable[str]:
    credentials = destination.credentials
    return (credentials,) if isinstance(credentials, str) else tuple(credentials.values())


def _called_inside_requests(config: Config) -> Iterable[Destination]:
    forms = {name for name, source in config.sources.items() if source.form is not None}
    reached = {route.destination for route in config.routes if route.source in forms}
    for destination in config.destinations.values():
        lane = config.lanes.get(destination.lane)
        if destination.name in reached and lane is not None and not lane.batching and lane.egress == "any":
            yield destination

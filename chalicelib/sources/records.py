"""
A parsed body → its single records, each with flat fields.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from chalicelib.errors import Unusable
from chalicelib.model import Records, Token
from chalicelib.model.arrival import Json
from chalicelib.sources.bodies import clean
from chalicelib.sources.json_text import encodable
from chalicelib.sources.paths import find

MASK = "***"
"""
What stands where a sender's secret stood.
"""


def split(value: Json, rule: Records) -> list[Json]:
    """
    The records of a body. An empty list of records is no fault (LINE's connection check).

    Raises Unusable where there is nothing under the path, or more than the rule allows.
    """
    found = find(rule.path, value) if rule.path else value
    if isinstance(found, dict):
        found = [found]
    if not isinstance(found, list):
        raise Unusable(f"there are no records under {rule.path}" if rule.path else "the body is not a JSON object")
    if len(found) > rule.records_max:
        raise Unusable(f"{len(found):,} records in one request, at most {rule.records_max:,} are taken")
    if not rule.carry or not isinstance(value, dict):
        return found
    carried = {name: value[name] for name in rule.carry if name in value}
    return [{**carried, **record} if isinstance(record, dict) and record else record for record in found]


def flatten(record: Mapping[str, Json], rule: Records) -> dict[str, Json]:
    """
    The record's own members, and over them the values that its pairs or value objects hold.

    Raises Unusable where the configured pairs or value objects are missing.
    """
    fields = dict(record)
    if rule.pairs:
        pairs = find(rule.pairs, record)
        if not isinstance(pairs, list):
            raise Unusable(f"there is no list under {rule.pairs}")
        fields |= _paired(pairs, rule)
    if rule.map_value:
        members = find(rule.map_value, record)
        if not isinstance(members, dict):
            raise Unusable(f"there is no object under {rule.map_value}")
        fields |= {
            name: member[rule.map_value_name]
            for name, member in members.items()
            if isinstance(member, dict) and rule.map_value_name in member
        }
    return fields


def tidy(value: Json) -> Json:
    """
    The value with tidy text throughout. Raises Unusable for text that cannot be stored.
    """
    if isinstance(value, str):
        if not encodable(value):
            raise Unusable("a text holds half a surrogate pair, which is no character")
        return clean(value)
    if isinstance(value, list):
        return [tidy(member) for member in value]
    if isinstance(value, dict):
        return {tidy(name): tidy(member) for name, member in value.items()}
    return value


def token_names(checks: Iterable[object]) -> frozenset[str]:
    """
    Where a sender repeats its secret within the body: names of a form's fields, paths into JSON.
    """
    return frozenset(check.name for check in checks if isinstance(check, Token) and check.place in {"form", "json"})


def without_tokens(
    record: Mapping[str, Json], checks: Iterable[object], secrets: Collection[str] = ()
) -> dict[str, Json]:
    """
    The record without the secret that its sender repeats in the body: it proves the sender, and is nobody's field.

    A secret that stands deeper in the record is masked there.
    """
    names = token_names(checks)
    kept = {name: value for name, value in record.items() if name not in names}
    deep = any(not name.isidentifier() for name in names)
    return {name: _masked(value, secrets) for name, value in kept.items()} if deep else kept


def _masked(value: Json, secrets: Collection[str]) -> Json:
    if isinstance(value, list):
        return [_masked(member, secrets) for member in value]
    if isinstance(value, dict):
        return {name: _masked(member, secrets) for name, member in value.items()}
    return MASK if isinstance(value, str) and value in secrets else value


def _paired(pairs: list[Json], rule: Records) -> dict[str, Json]:
    """
    One field for each pair that has a name; answers to one question repeated become a list.
    """
    fields: dict[str, Json] = {}
    for pair in pairs:
        name = find(rule.pairs_key, pair)
        if not isinstance(name, str | int) or isinstance(name, bool) or name == "":
            continue
        value = find(rule.pairs_value, pair)
        key = str(name)
        if key not in fields:
            fields[key] = value
        elif isinstance(fields[key], list) and isinstance(value, list):
            fields[key] = fields[key] + value
        elif isinstance(fields[key], list):
            fields[key] = [*fields[key], value]
        else:
            fields[key] = [fields[key], value]
    return fields

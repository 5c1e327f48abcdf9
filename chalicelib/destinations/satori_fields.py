"""
SATORI's customer fields: what may be sent, in which form, and how much of it; mapped values → payload, or all problems.

From SATORI's manual "APIバージョン3の利用方法" (lengths, choices, tag rule) and its v4 articles (custom fields);
checked 2026-11. SATORI reads UTF-8, so any character may be sent, emoji too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from chalicelib.destinations.forms import Terms, accept, missing
from chalicelib.destinations.kit import (
    Field,
    Merge,
    Operation,
    Overflow,
    PrepareResult,
    Setting,
    Settings,
    merge_rules,
)
from chalicelib.model import Destination, Effect, MergeRules, Prepared, Problem
from chalicelib.model.arrival import Json

CUSTOM = "custom:"
CUSTOM_FIELDS_MAX = 100
CUSTOM_TYPES = ("text", "integer", "decimal", "date", "datetime")
STATUSES = ("regist", "reply", "phone", "visit", "contract", "lost")

EMAIL = Field(name="email", label="メールアドレス", required=True, chars_max=255, form="email", identity=True)
HASHCODE = Field(name="hashcode", label="ハッシュコード", chars_max=255, form="code", identity=True)


def _text(name: str, label: str) -> Field:
    return Field(name=name, label=label, chars_max=255)


def _by_name(*fields: Field) -> Mapping[str, Field]:
    return {each.name: each for each in fields}


PROFILE = (
    replace(_text("collection_route", "情報獲得経路"), required=True),
    Field(name="collection_date", label="情報獲得日", form="datetime"),
    _text("last_name", "苗字"),
    _text("first_name", "名前"),
    _text("last_name_reading", "苗字(ふりがな)"),
    _text("first_name_reading", "名前(ふりがな)"),
    _text("lead_company_name", "会社"),
    _text("department", "部署"),
    _text("position", "役職"),
    _text("phone_number", "電話番号"),
    _text("mobile_phone_number", "携帯電話番号"),
    _text("web_site", "WEBサイト"),
    replace(_text("address", "住所"), free_text=True),
    Field(name="delivery_permission", label="メール配信可否", choices=("approval", "reject"), opt_out="reject"),
    Field(name="star", label="スター", form="flag", choices=("true", "false")),
    Field(name="status", label="ステータス", choices=STATUSES),
    Field(name="append_tags", label="タグ", chars_max=255, form="tags", merge=Merge.APPEND),
    Field(name="memo", label="メモ", chars_max=500, free_text=True),
)
IDENTITY = Setting(
    name="identity",
    default="email",
    choices=("email", "hashcode"),
    help="what names the customer; a known e-mail address may be sent along with a hashcode, and SATORI lists it as "
    "required, but does not say whether another address than the stored one changes it",
)

OPERATIONS: Mapping[str, Operation] = {
    "upsert": Operation(
        name="upsert",
        label="Create a customer, or update the one there is",
        effect=Effect.DATA,
        fields=_by_name(EMAIL, HASHCODE, *PROFILE),
        settings={"identity": IDENTITY},
        answers=True,
    ),
    "registration": Operation(
        name="registration",
        label="Create a customer, or fill what is blank of the one there is",
        effect=Effect.FILL,
        fields=_by_name(EMAIL, *PROFILE),
        answers=True,
        merges=False,
    ),
    "delete": Operation(
        name="delete",
        label="Delete a customer",
        effect=Effect.REMOVE,
        fields=_by_name(EMAIL, HASHCODE),
        settings={"identity": IDENTITY},
    ),
}
"""
A repeat of any of them leaves the same state: the same values again, the same tags (a set), or nothing to delete.
"""


def fields_of(operation: Operation, destination: Destination) -> Mapping[str, Field]:
    """
    The fields that an operation of this account takes: SATORI's own and, in v4, the account's custom ones.
    """
    table = destination.settings.get("custom_fields")
    if not isinstance(table, Mapping) or destination.settings.get("version") != 4 or "memo" not in operation.fields:
        return operation.fields
    custom = (
        Field(name=f"{CUSTOM}{key}", label=key, form=form if form in CUSTOM_TYPES else "text")
        for key, form in table.items()
    )
    return {**operation.fields, **_by_name(*custom)}


def required_of(operation: Operation, identity: str) -> tuple[str, ...]:
    """
    The fields without which SATORI refuses: what names the customer, and how the lead was won.
    """
    others = [each.name for each in operation.fields.values() if each.required and not each.identity]
    return (identity, *others)


def terms_of(destination: Destination, overflow: Overflow) -> Terms:
    """
    What holds for every field of a delivery to this account.
    """
    return Terms(charset="utf-8", substitutes=destination.substitutes, overflow=overflow)


def prepare(
    operation: Operation,
    fields: Mapping[str, Json],
    settings: Settings,
    destination: Destination,
    overflow: Overflow,
) -> PrepareResult:
    """
    The payload that SATORI's rules accept, without its `customer[…]` wrapper, or every reason why there is none.

    Blank values are left out, so that it makes no difference whether SATORI keeps or clears on an empty text. The
    payload says itself by what it names the customer (`identity_type`).
    """
    identity = settings.get("identity") or "email"
    if identity not in operation.fields:
        return (Problem(field="identity", code="choice", text=f"{operation.name} cannot be done by {identity!r}"),)
    known = fields_of(operation, destination)
    terms = terms_of(destination, overflow)
    payload = {"identity_type": identity}
    problems: list[Problem] = []
    for name, value in fields.items():
        shaped = accept(known[name], value, terms) if name in known else _unknown(name)
        if isinstance(shaped, Problem):
            problems.append(shaped)
        elif shaped:
            payload[name] = shaped
    told = {problem.field for problem in problems}
    problems += [missing(name) for name in required_of(operation, identity) if name not in payload and name not in told]
    if problems:
        return tuple(problems)
    return Prepared(
        payload=payload,
        settings={"identity": identity} if identity != "email" else {},
        address=payload[identity].lower() if identity == "email" else payload[identity],
        effect=operation.effect,
        urgent=operation.urgent or payload.get("delivery_permission") == "reject",
    )


def _unknown(name: str) -> Problem:
    return Problem(field=name, code="unknown", text="is no field of this operation at SATORI")


def rules(operation: Operation, settings: Settings, _destination: Destination) -> MergeRules:
    """
    Newest wins, tags add up, a refusal of mail beats a permission.

    Under a hashcode the address is data that travels along: an older event may not take a newer one back.
    """
    declared = merge_rules(operation)
    if settings.get("identity") == "hashcode":
        identity = frozenset({"identity_type", "hashcode"})
        return replace(declared, identity=identity, required=declared.required | {"email"})
    return replace(declared, identity=declared.identity | {"identity_type"})

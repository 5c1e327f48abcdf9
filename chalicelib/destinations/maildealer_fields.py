"""
Mail Dealer's customer items: what may be sent, in which form; mapped values → payload, or all problems.

Items are the account's own ("お名前", "会社名" …), so any name may be mapped; the settings say which of them take
choices, which are compulsory, and how long they may be. Mail Dealer reads UTF-8, so any character may be sent.
(API連携仕様書 第3版 2019-01-07, 顧客情報登録/更新 API; checked 2026-11.)
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from chalicelib.destinations.checks import setting
from chalicelib.destinations.forms import Terms, accept, missing
from chalicelib.destinations.kit import Field, Operation, Overflow, PrepareResult, Setting, Settings
from chalicelib.destinations.text import clean, is_blank, to_text
from chalicelib.model import Destination, Effect, MergeRules, Prepared, Problem
from chalicelib.model.arrival import Json

ADDRESS = "メールアドレス"
FIXED = ("お名前", "フリガナ", "電話番号")
ID_ITEMS = ("顧客ID", "顧客 ID")
CALLS_PER_SLOT_PROVEN = 5

SETTINGS: Mapping[str, Setting] = {
    each.name: each
    for each in (
        Setting(
            name="mailbox",
            kind="integer",
            required=True,
            least=1,
            help="the number of the mailbox (mboxNo) that customers are registered in",
        ),
        Setting(
            name="items",
            kind="texts",
            help="the account's own customer items (顧客管理); with it, any other name in a route is a fault",
        ),
        Setting(name="required_items", kind="texts", help="items that 顧客管理 makes compulsory, beside the address"),
        Setting(
            name="choice_items",
            kind="table",
            help="items of a choice group: name = the choices; [] where any may be sent",
        ),
        Setting(name="items_chars_max", kind="table", help="the most characters of items: name = number"),
        Setting(
            name="customer_id_item",
            default=ID_ITEMS[0],
            choices=ID_ITEMS,
            help="how this account spells the ID item; the specification prints both",
        ),
        Setting(
            name="calls_per_slot",
            kind="integer",
            default=4,
            least=1,
            most=CALLS_PER_SLOT_PROVEN,
            help="calls each 12 seconds: 4 are within 30 a minute even if calls are up to 12 s late on their way, "
            "5 if all take equally long",
        ),
        Setting(name="timeout_seconds", kind="seconds", default=20, least=1, most=60, help="patience with one call"),
        Setting(name="egress", default="any", choices=("any", "fixed"), help="fixed: through the Elastic IP"),
    )
}

OPERATIONS: Mapping[str, Operation] = {
    "customer": Operation(
        name="customer",
        label="Register a customer, or update the one there is (顧客登録/更新)",
        effect=Effect.DATA,
        fields={
            ADDRESS: Field(name=ADDRESS, label=ADDRESS, required=True, form="email", identity=True),
            **{name: Field(name=name, label=name) for name in FIXED},
        },
        open_fields=True,
    ),
}
"""
A repeat leaves the same state: the address (or the ID) names the customer.
"""


def id_item(destination: Destination) -> str:
    """
    The name of the item that holds a customer's ID, as this account spells it.
    """
    return str(setting(destination, SETTINGS, "customer_id_item"))


def texts_of(destination: Destination, name: str) -> tuple[str, ...]:
    """
    A setting that is a list of names.
    """
    given = destination.settings.get(name)
    return tuple(str(each) for each in given) if isinstance(given, list | tuple) else ()


def choices_of(destination: Destination) -> Mapping[str, tuple[str, ...]]:
    """
    The items that take choices, each with its choices; none where any may be sent.
    """
    table = destination.settings.get("choice_items")
    if not isinstance(table, Mapping):
        return {}
    return {
        name: tuple(str(each) for each in given) if isinstance(given, list | tuple) else ()
        for name, given in table.items()
    }


def known_items(destination: Destination) -> Mapping[str, Field]:
    """
    Every item that is known by name: the fixed ones, the ID, and those that the settings mention.
    """
    limits = destination.settings.get("items_chars_max")
    limits = limits if isinstance(limits, Mapping) else {}
    required = texts_of(destination, "required_items")
    mentioned = (*FIXED, *texts_of(destination, "items"), *required, *choices_of(destination), *limits)
    names = [name for name in dict.fromkeys(mentioned) if name not in {ADDRESS, id_item(destination)}]
    custom = (
        Field(
            name=name,
            label=name,
            required=name in required,
            chars_max=_chars_max(limits.get(name)),
            free_text=name not in FIXED,
        )
        for name in names
    )
    address = Field(
        name=ADDRESS,
        label=ADDRESS,
        required=True,
        form="email",
        identity=True,
        chars_max=_chars_max(limits.get(ADDRESS)),
    )
    number = Field(name=id_item(destination), label="顧客ID", form="digits", identity=True)
    return {ADDRESS: address, number.name: number, **{each.name: each for each in custom}}


def _chars_max(limit: Json) -> int:
    return limit if isinstance(limit, int) and not isinstance(limit, bool) and limit > 0 else 0


def prepare(
    _operation: Operation,
    fields: Mapping[str, Json],
    _settings: Settings,
    destination: Destination,
    overflow: Overflow,
) -> PrepareResult:
    """
    The items to send, or every reason why they cannot be. The choices of one item are lines of one text.

    Blank values are left out, so that it makes no difference whether Mail Dealer keeps or clears on an empty text.
    The contact is known by its address, with or without an ID: writes to one address go one after another.
    """
    known, choices = known_items(destination), choices_of(destination)
    closed = bool(texts_of(destination, "items"))
    terms = Terms(charset="utf-8", substitutes=destination.substitutes, overflow=overflow)
    payload: dict[str, str] = {}
    problems: list[Problem] = []
    for name, value in fields.items():
        if name in choices:
            shaped = _chosen(name, value, choices[name], terms)
        elif closed and name not in known:
            shaped = Problem(field=name, code="unknown", text="is none of the items of the destination")
        else:
            shaped = accept(known.get(name) or Field(name=name, label=name), value, terms)
        if isinstance(shaped, Problem):
            problems.append(shaped)
        elif shaped:
            payload[name] = shaped
    told = {problem.field for problem in problems}
    wanted = (each.name for each in known.values() if each.required)
    problems += [missing(name) for name in wanted if name not in payload and name not in told]
    if problems:
        return tuple(problems)
    return Prepared(payload=payload, address=payload[ADDRESS].lower(), effect=Effect.DATA)


def _chosen(name: str, value: Json, choices: tuple[str, ...], terms: Terms) -> str | Problem:
    """
    The choices made, each on a line of its own.

    They come as a list, as lines, or with commas in between, unless the whole text is a choice itself.
    """
    try:
        text = to_text("\n".join(to_text(each) for each in value) if isinstance(value, list | tuple) else value)
    except ValueError:
        return Problem(field=name, code="invalid", text="must be a text, or a list of texts")
    text = clean(text, terms.substitutes).strip()
    apart = [text] if text in choices else re.split("\n" if isinstance(value, list | tuple) else "[\n,]", text)
    made = tuple(dict.fromkeys(each.strip() for each in apart if not is_blank(each)))
    if choices and not set(made) <= set(choices):
        return Problem(field=name, code="choice", text=f"must be among {', '.join(choices)}")
    shaped = (accept(Field(name=name, label=name), each, terms) for each in made)
    return next((each for each in shaped if isinstance(each, Problem)), "\n".join(made))


def rules(_operation: Operation, _settings: Settings, destination: Destination) -> MergeRules:
    """
    Newest wins per item; a compulsory item that is newer at the vendor travels again as it was last delivered.
    """
    known = known_items(destination).values()
    return MergeRules(
        identity=frozenset(each.name for each in known if each.identity),
        required=frozenset(each.name for each in known if each.required and not each.identity),
    )

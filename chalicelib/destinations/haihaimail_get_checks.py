"""
What relay.toml must say of a 配配メール retrieval before it can be called, and where that stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.destinations.kit import Setting
from chalicelib.model import Fault

DOCUMENT = "【配配メール】API連携仕様書 API連携(取得系)"
PLACEHOLDER = re.compile(r"\{(date|since|until|account|login_id)(?::([^{}]+))?\}")
DAILY = frozenset({"visits", "mails", "reactions"})
"""
Those that the manual describes as asked for a date (指定日, 指定した日付).
"""

BY_TYPE = frozenset({"reactions"})
_ANY_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
_FORM = re.compile(r"(?:[^%]|%-?[YymdHMS]|%%)*%-?[YymdHMS](?:[^%]|%-?[YymdHMS]|%%)*")
"""
The form of a time: some parts of it, and what stands between. A "yyyy-MM-dd" would be sent as it is.
"""
_NAME = re.compile(r"[a-z0-9-]{1,12}")

GET_SETTINGS: Mapping[str, Setting] = {
    each.name: each
    for each in (
        Setting(name="path", help="the address after the host, with {account}: /{account}/…"),
        Setting(name="method", choices=("GET", "POST"), help="as the document says"),
        Setting(name="parameters", kind="table", help="names to texts with placeholders; {} if there are none"),
        Setting(
            name="parameters_in",
            choices=("query", "form", "json"),
            help="where they stand: the address (default of GET), a form body (default of POST) or a JSON body",
        ),
        Setting(name="charset", choices=("cp932", "utf-8"), help="of the answer, and of what a form or address says"),
        Setting(name="columns", kind="texts", help="columns that the answer's first line must have"),
        Setting(name="measurement", help="反応者一覧取得 only: a short name of the 効果測定種別"),
        Setting(name="calls_per_day", kind="integer", least=1, most=86_400, help="fewer than the plan allows"),
    )
}
REQUIRED = {
    "path": ("the address of the API, without the host", 'path = "/{account}/…"'),
    "method": ("GET or POST", 'method = "POST"'),
    "parameters": ("the parameters by name", "parameters = { … }, or {} if there are none"),
    "charset": ("the character code of the answer", 'charset = "cp932"'),
    "columns": ("the columns of the answer", 'columns = ["メールアドレス", …]'),
}


def check_get(label: str, settings: Mapping[str, Any], *, daily: bool, by_type: bool) -> list[Fault]:
    """
    What is to be filled in, each with what it is, how it is written, and the document it stands in.
    """
    faults = [
        Fault(
            path=name,
            message=f"is missing: only your contract's document says how {label} is called",
            remedy=f"Look up {what} in {DOCUMENT}, and write {example}.",
        )
        for name, (what, example) in REQUIRED.items()
        if name not in settings
    ]
    return [*faults, *_of_type(label, settings, by_type=by_type), *_of_texts(label, settings, daily=daily)]


def _of_type(label: str, settings: Mapping[str, Any], *, by_type: bool) -> Iterator[Fault]:
    measurement = settings.get("measurement")
    if by_type and not (isinstance(measurement, str) and _NAME.fullmatch(measurement)):
        yield Fault(
            path="measurement",
            message="is missing or unusable: each 効果測定種別 has calls of its own",
            remedy='Give each a short name of a-z, 0-9 and "-", for example measurement = "open", and a source.',
        )
    if not by_type and measurement is not None:
        yield Fault(path="measurement", message=f"says nothing of {label}", remedy="Remove it.")


def _of_texts(label: str, settings: Mapping[str, Any], *, daily: bool) -> Iterator[Fault]:
    path, parameters = settings.get("path", ""), settings.get("parameters", {})
    if path and not re.fullmatch(r"/[!-~]*", path):
        yield Fault(path="path", message="is no path", remedy='Begin it with "/", in ASCII, without the host.')
    if "columns" in settings and not settings["columns"]:
        yield Fault(path="columns", message="is empty", remedy=f"Name at least one; {DOCUMENT} lists them.")
    for name, text in parameters.items():
        if not isinstance(text, str):
            yield Fault(path=f"parameters.{name}", message="is no text", remedy="Put it in quotes.")
    texts = [path, *(text for text in parameters.values() if isinstance(text, str))]
    for text in texts:
        yield from _of_placeholders("parameters" if text != path else "path", text)
    if settings.get("method") == "GET" and settings.get("parameters_in", "query") != "query":
        yield Fault(
            path="parameters_in",
            message="is for POST: a GET has no body",
            remedy='Write parameters_in = "query", or method = "POST".',
        )
    if daily and "parameters" in settings and not any("{date" in text or "{since" in text for text in texts):
        yield Fault(
            path="parameters",
            message=f"has no {{date}}: {label} is asked for a date",
            remedy=f'Write the parameter of the date as {DOCUMENT} names it, for example … = "{{date:%Y%m%d}}".',
        )


def _of_placeholders(key: str, text: str) -> Iterator[Fault]:
    for found in _ANY_PLACEHOLDER.finditer(text):
        known = PLACEHOLDER.fullmatch(found[0])
        if not known:
            yield Fault(
                path=key,
                message=f"has {found[0]}, which is no placeholder",
                remedy="Write {date}, {since}, {until}, {account} or {login_id}; times as in {date:%Y%m%d}.",
            )
        elif known[2] and (known[1] in ("account", "login_id") or not _FORM.fullmatch(known[2])):
            yield Fault(
                path=key,
                message=f"has {found[0]}, which has a form that cannot be written",
                remedy="Write a time's form with %Y, %m, %d, %H, %M and %S, as in {date:%Y%m%d}; others have none.",
            )

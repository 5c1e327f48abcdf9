"""
クルメル as a declaration: the account's settings, and what an operator must copy from the vendor's document.

The common rules of クルメル's APIs are public (www.curumeru.jp, API一覧 > 共通仕様; its support page on refused
connections; checked 2026-11): POST, the parameters charset and return_format, 1,000 calls a day, the forms of answers.
The import itself is not: its address, the names of its fields and its words for the operations are settings without a
default.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from chalicelib.destinations import checks
from chalicelib.destinations.haihaimail_checks import call_faults, file_faults, route_faults
from chalicelib.destinations.haihaimail_older import BLANKS, OLDER_OPERATIONS, SHARED
from chalicelib.destinations.kit import Setting
from chalicelib.model import Destination, Fault, Route
from chalicelib.model.arrival import Json

LABEL: Final = "クルメル"
CALLS_PER_DAY: Final = 1_000
CHARSET_WORDS: Mapping[str, str] = {"cp932": "Shift-JIS", "shift_jis": "Shift-JIS", "utf-8": "UTF-8"}
PUBLIC: Final = frozenset({"charset", "return_format"})
_NAME: Final = re.compile(r"[A-Za-z0-9_.\[\]-]{1,60}")
_PATH: Final = re.compile(r"/[!-~]{0,300}")

PARAMETERS: Mapping[str, tuple[str, str]] = {
    "login": ("the login ID", "loginid"),
    "password": ("the password", "transport_passwd"),
    "file": ("the CSV file", "csvfile"),
    "import_type": ("what to do with the rows", "import_type"),
    "is_overwrite": ("whether an address that is there is updated, 0 or 1", "is_overwrite"),
    "gid": ("the delivery group", "gid"),
    "spid": ("the step-mail plan", "spid"),
    "report_option": ("the report mail, 0 to 2", "report_option"),
}
"""
What a field carries, and how 配配メール's older import calls it: a hint for whoever reads the vendor's document, never
sent unless an operator wrote it down.
"""

ALWAYS_NEEDED: Final = ("login", "password", "file", "import_type")
_DOCUMENT: Final = "クルメル's API document (API仕様書, for contract holders)"

CURUMERU_SETTINGS: Mapping[str, Setting] = {
    **{
        each.name: each
        for each in (
            Setting(name="path", help=f"the import's address after the host, from {_DOCUMENT}"),
            Setting(name="parameters", kind="table", help=f"the names of the import's fields, from {_DOCUMENT}"),
            Setting(
                name="import_types", kind="table", help="what the import_type field carries for each operation in use"
            ),
            Setting(name="also_send", kind="table", help="further fields with a fixed text: no secrets"),
            Setting(
                name="return_format",
                default="XML",
                choices=("XML", "CSV"),
                help="of answers; XML always carries a result code",
            ),
            Setting(
                name="calls_per_day",
                kind="integer",
                default=CALLS_PER_DAY,
                least=1,
                most=CALLS_PER_DAY,
                help="fewer where other programs use the account's APIs: all of them are counted together",
            ),
            BLANKS,
        )
    },
    **SHARED,
}


def check(destination: Destination) -> list[Fault]:
    """
    Faults of `[destinations.x]`: what is still to be copied from the vendor's document, and what every import has.
    """
    most = CALLS_PER_DAY
    return [
        *checks.base_url_faults(destination, "https://the.host.of.your.account (the host of the login URL)"),
        *_path_faults(destination),
        *_parameter_faults(destination),
        *_text_faults(destination, "import_types", tuple(OLDER_OPERATIONS)),
        *_text_faults(destination, "also_send"),
        *call_faults(destination, default=most, most=most, whose="vendor"),
        *file_faults(destination),
    ]


def parameters_of(destination: Destination) -> dict[str, str]:
    """
    The names of the import's fields, as far as the operator wrote usable ones.
    """
    table = destination.settings.get("parameters")
    given = table if isinstance(table, Mapping) else {}
    return {name: str(text) for name, text in given.items() if name in PARAMETERS and _NAME.fullmatch(str(text))}


def words_of(destination: Destination, name: str) -> dict[str, str]:
    """
    A table of texts: import_types or also_send.
    """
    table = destination.settings.get(name)
    return {key: str(text) for key, text in table.items()} if isinstance(table, Mapping) else {}


def check_route(route: Route, destination: Destination) -> list[Fault]:
    """
    Faults of `[[routes]]`: as with the older import, and what of the request this route needs and nobody wrote down.
    """
    operation = OLDER_OPERATIONS[route.operation]
    known = parameters_of(destination)
    faults = route_faults(route, operation, destination)
    needed: dict[str, tuple[str, ...]] = {
        name: ("settings", name) for name in route.settings if name in PARAMETERS and name in operation.settings
    }
    if "is_overwrite" in operation.settings:
        needed.setdefault("is_overwrite", ("operation",))
    for name, place in needed.items():
        if name not in known:
            message = f"needs destinations.{destination.name}.parameters.{name}, which is missing"
            remedy = _remedy_for(name)
            faults.append(checks.route_fault(route, *place, message=message, remedy=remedy))
    if route.operation not in words_of(destination, "import_types"):
        message = f"needs destinations.{destination.name}.import_types.{route.operation}, which is missing"
        remedy = (
            f"Write what {_DOCUMENT} says that {known.get('import_type', 'the import_type field')} carries for "
            f"{route.operation} ({operation.label})."
        )
        faults.append(checks.route_fault(route, "operation", message=message, remedy=remedy))
    return faults


def _path_faults(destination: Destination) -> list[Fault]:
    path = destination.settings.get("path")
    if isinstance(path, str) and _PATH.fullmatch(path):
        return []
    remedy = f'Write what follows the host in the address that {_DOCUMENT} gives for the import, from its first "/".'
    message = "is no path" if path else "is missing: the import's address is not public"
    return [checks.fault(destination, "path", message=message, remedy=remedy)]


def _parameter_faults(destination: Destination) -> list[Fault]:
    table = destination.settings.get("parameters") or {}
    faults = []
    taken: dict[str, str] = {}
    for name, text in table.items():
        place = ("parameters", name)
        if name not in PARAMETERS:
            remedy = checks.suggestion(name, PARAMETERS)
            faults.append(checks.fault(destination, *place, message="is nothing that is sent", remedy=remedy))
        elif not (isinstance(text, str) and _NAME.fullmatch(text)):
            remedy = "Write the field's name: letters, digits and _ . - [ ], at most 60."
            faults.append(checks.fault(destination, *place, message="is no name of a field", remedy=remedy))
        elif text in PUBLIC or text in taken:
            message, remedy = f"is the name of another field ({taken.get(text, text)})", "Give each its own."
            faults.append(checks.fault(destination, *place, message=message, remedy=remedy))
        else:
            taken[text] = name
    return faults + [_missing_parameter(destination, name) for name in ALWAYS_NEEDED if name not in table]


def _missing_parameter(destination: Destination, name: str) -> Fault:
    return checks.fault(destination, "parameters", name, message="is missing", remedy=_remedy_for(name))


def _remedy_for(name: str) -> str:
    carries, older = PARAMETERS[name]
    return (
        f"Write the name of the field that carries {carries}, from {_DOCUMENT}. 配配メール's older import calls it "
        f"{older}; クルメル's name is not public and may differ."
    )


def _text_faults(destination: Destination, setting: str, names: tuple[str, ...] = ()) -> list[Fault]:
    faults = []
    sent = {*parameters_of(destination).values(), *PUBLIC}
    for name, text in (destination.settings.get(setting) or {}).items():
        wrong = _wrong_text(name, text, names, sent)
        if wrong:
            message, remedy = wrong
            faults.append(checks.fault(destination, setting, name, message=message, remedy=remedy))
    return faults


def _wrong_text(name: str, text: Json, names: tuple[str, ...], sent: set[str]) -> tuple[str, str] | None:
    if names and name not in names:
        return "is no operation", checks.suggestion(name, names)
    if not names and (not _NAME.fullmatch(name) or name in sent):
        return "is no free name of a field", "Write a name that no other field has: letters, digits and _ . - [ ]."
    if isinstance(text, bool) or not isinstance(text, str | int) or not re.fullmatch(r"[ -~]{1,200}", str(text)):
        return "is not what is wanted here", "Write a text or a number, in half-width characters."
    return None

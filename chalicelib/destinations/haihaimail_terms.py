"""
配配メール's CSV import as a declaration: the account's settings, the five imports and theirs.

From the 配配メール manual, API連携, and the 楽楽販売 manual, 配配メール連携, which alone prints the import settings;
checked 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.destinations.kit import Operation, Setting, Settings
from chalicelib.destinations.text import half_width
from chalicelib.model import Effect, Problem
from chalicelib.model.arrival import Json

CALLS_PER_DAY = {"shared": 240, "dedicated": 86_400}
"""
Calls of the import API a day, per account and plan (配配メール manual, API実行回数制限).
"""

SETTINGS: Mapping[str, Setting] = {
    each.name: each
    for each in (
        Setting(
            name="account", required=True, help="from the login URL: https://a01.hm-f.jp/api_sample/ is api_sample"
        ),
        Setting(name="plan", default="shared", choices=("shared", "dedicated"), help="240 or 86,400 calls a day"),
        Setting(name="calls_per_day", kind="integer", least=1, most=86_400, help="fewer than the plan allows"),
        Setting(
            name="reserve",
            kind="integer",
            least=0,
            help="calls of the day kept for opt-outs and deletes; a twentieth (12 of 240: an urgent call an hour "
            "through half a day, after all others are spent)",
        ),
        Setting(
            name="gap_seconds_min",
            kind="seconds",
            least=0,
            help="least distance of two calls; 30 on shared, 1 on dedicated",
        ),
        Setting(name="counts", default="all", choices=("all", "accepted"), help="what uses up the day's calls"),
        Setting(
            name="charset",
            default="cp932",
            choices=("cp932", "shift_jis", "utf-8"),
            help="of the CSV; utf-8 needs the option 多言語配信",
        ),
        Setting(
            name="success_body",
            default="json",
            choices=("json", "any"),
            help='what a 2xx must carry to count as accepted; "any" where this account answers without JSON',
        ),
        Setting(name="address_item", default="メールアドレス", help="the name of the mail address item"),
        Setting(
            name="items", kind="table", help="limits of items: name = { required = true, chars_max = 50, choices = [] }"
        ),
        Setting(name="timeout_seconds", kind="seconds", default=60, least=1, most=90, help="patience with one call"),
        Setting(
            name="settle_seconds",
            kind="seconds",
            default=300,
            least=0,
            help="least distance of two files about one contact that do not merge, as files are worked off later",
        ),
        Setting(name="rows_max", kind="integer", default=10_000, least=1, most=100_000, help="rows of one file"),
        Setting(name="egress", default="any", choices=("any", "fixed"), help="fixed: through the Elastic IP"),
    )
}

_GROUP = Setting(name="gid", kind="integer", least=1, help="the delivery group to work on")
_PLAN = Setting(name="spid", kind="integer", least=1, help="the step-mail plan to work on")
_REPORT = Setting(
    name="report_option",
    kind="integer",
    default=2,
    choices=(0, 1, 2),
    help="the vendor's mail about a file: 0 never, 1 always, 2 on errors. Failed rows show nowhere else but in the "
    "admin screen, and 240 mails a day would hide them",
)
_OVERWRITE_TYPE = Setting(
    name="overwrite_type",
    kind="integer",
    default=1,
    choices=(1, 2),
    help="1: a blank keeps what 配配メール has; 2: a blank erases it",
)
_OVERWRITE = Setting(
    name="is_overwrite",
    kind="integer",
    default=1,
    choices=(0, 1),
    help="1: update an address that is there already; 0: leave it (it shows as その他)",
)


def _by_name(*settings: Setting) -> Mapping[str, Setting]:
    return {each.name: each for each in settings}


def _state_change(name: str, label: str, effect: Effect) -> Operation:
    settings = _by_name(_GROUP, _PLAN, _REPORT)
    return Operation(name=name, label=label, effect=effect, open_fields=True, settings=settings)


OPERATIONS: Mapping[str, Operation] = {
    "register": Operation(
        name="register",
        label="Register addresses, or update those that are there",
        effect=Effect.DATA,
        open_fields=True,
        settings=_by_name(_OVERWRITE, _OVERWRITE_TYPE, _GROUP, _PLAN, _REPORT),
    ),
    "delete": _state_change(
        "delete", "Take out of a group or plan; without one, delete from the database", Effect.REMOVE
    ),
    "stop": _state_change("stop", "Stop delivery (配信停止)", Effect.OPT_OUT),
    "forbid": _state_change("forbid", "Forbid delivery (配信禁止)", Effect.OPT_OUT),
    "allow": Operation(
        name="allow",
        label="Make deliverable again (配信可能)",
        effect=Effect.OPT_IN,
        open_fields=True,
        settings=_by_name(_OVERWRITE, _OVERWRITE_TYPE, _GROUP, _PLAN, _REPORT),
    ),
}
"""
All may be repeated: the same file again leaves the same state (a second report shows その他 or failed rows).
"""

IMPORT_TYPES = {"register": "0", "delete": "1", "stop": "2", "forbid": "3", "allow": "5"}
NEED_TARGET = frozenset({"stop", "forbid", "allow"})

Chosen = dict[str, str]


def choose(operation: Operation, settings: Settings) -> Chosen | tuple[Problem, ...]:
    """
    A route's settings as the vendor's import settings, every default written out, or what contradicts.

    The vendor's own default for is_overwrite is 0, under which an address that is there shows as その他: a returning
    contact's new data would be left out without a word, and 配信可能 perhaps without effect. Here both overwrite, and
    keep whatever the file leaves blank or has no column for.
    """
    chosen: Chosen = {"import_type": IMPORT_TYPES[operation.name]}
    problems = [
        Problem(field=name, code="unknown", text=f"is no setting of {operation.name}")
        for name in settings
        if name not in operation.settings
    ]
    for name, declared in operation.settings.items():
        value = half_width(settings.get(name, "")) or _text_of(declared.default)
        choices = [str(choice) for choice in declared.choices]
        if value and choices and value not in choices:
            problems.append(Problem(field=name, code="choice", text=f"must be one of {', '.join(choices)}"))
        elif value and not (value.isascii() and value.isdigit() and len(value) <= 18):
            problems.append(Problem(field=name, code="invalid", text="must be a number"))
        elif value:
            chosen[name] = value
    problems += _contradictions(operation, settings, chosen)
    if chosen.get("is_overwrite") != "1":
        chosen.pop("overwrite_type", None)
    return tuple(problems) or chosen


def _text_of(default: Json) -> str:
    return "" if default is None else str(default)


def _contradictions(operation: Operation, settings: Settings, chosen: Chosen) -> list[Problem]:
    problems = []
    if settings.get("overwrite_type") and chosen.get("is_overwrite") == "0":
        problems.append(
            Problem(field="overwrite_type", code="invalid", text="has a meaning with is_overwrite = 1 only")
        )
    if "gid" in chosen and "spid" in chosen:
        problems.append(
            Problem(field="spid", code="invalid", text="cannot be set beside gid: a call works on one of them")
        )
    if operation.name in NEED_TARGET and not any(half_width(settings.get(name, "")) for name in ("gid", "spid")):
        problems.append(Problem(field="gid", code="missing", text=f"is missing: {operation.name} needs gid or spid"))
    return problems

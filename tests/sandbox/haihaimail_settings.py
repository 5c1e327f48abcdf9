"""
What an import is told to do: the settings of the new API and their rules (楽楽販売 linkage manual; checked 2026-11).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.sandbox.haihaimail_account import Account
from tests.sandbox.haihaimail_switches import HaihaiSwitches

REGISTER, REMOVE, STOP, FORBID, REOPEN = 0, 1, 2, 3, 5
TYPES = {REGISTER: "登録", REMOVE: "削除", STOP: "配信停止", FORBID: "配信禁止", REOPEN: "配信可能"}
KEYS = ("login_id", "import_type", "is_overwrite", "overwrite_type", "gid", "spid", "report_option")

Target = tuple[str, str]
"""
What a call works on: ("gid", id) for a delivery group, ("spid", id) for a step-mail plan.
"""


class Refusal(Exception):
    """
    The vendor says no to a whole call.
    """

    def __init__(self, status: int, reason: str) -> None:
        self.status = status
        self.reason = reason
        super().__init__(f"{status} {reason}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportSettings:
    """
    One accepted set of settings. `overwrite_type`: 1 keeps the old value where a cell is blank, 2 blanks it.
    """

    import_type: int
    is_overwrite: int = 0
    overwrite_type: int = 1
    targets: tuple[Target, ...] = ()
    report_option: int = 1

    def as_dict(self) -> dict[str, Any]:
        """
        The settings as JSON values.
        """
        return {
            "import_type": self.import_type,
            "is_overwrite": self.is_overwrite,
            "overwrite_type": self.overwrite_type,
            **dict(self.targets),
            "report_option": self.report_option,
        }


def read_document(part: bytes | None) -> dict[str, Any]:
    """
    The JSON object in `import_settings`. Raises Refusal.
    """
    if part is None:
        raise Refusal(400, "import_settings がありません")
    try:
        document = json.loads(part.decode())
    except (ValueError, RecursionError):
        raise Refusal(400, "import_settings が JSON ではありません") from None
    if not isinstance(document, dict):
        raise Refusal(400, "import_settings がオブジェクトではありません")
    return document


def read_settings(document: Mapping[str, Any], account: Account, switches: HaihaiSwitches) -> ImportSettings:
    """
    The settings in force. Numbers may be written as texts; blank means not set. Raises Refusal.
    """
    if switches.unknown_keys == "refused" and (unknown := unknown_keys(document)):
        raise Refusal(400, f"不明なキーです: {', '.join(unknown)}")
    if document.get("login_id") != account.login_id:
        raise Refusal(switches.bad_login, "login_id が不正です")
    import_type = _number(document, "import_type", tuple(TYPES))
    if import_type is None:
        raise Refusal(400, "import_type がありません")
    is_overwrite, overwrite_type = _overwrite(document, import_type, switches)
    report_option = _number(document, "report_option", (0, 1, 2))
    return ImportSettings(
        import_type=import_type,
        is_overwrite=is_overwrite,
        overwrite_type=overwrite_type,
        targets=_targets(document, import_type, account, switches),
        report_option=1 if report_option is None else report_option,
    )


def unknown_keys(document: Mapping[str, Any]) -> list[str]:
    """
    Keys that no document names, e.g. `overwrite_ type` with the space that the manual prints.
    """
    return [key for key in document if key not in KEYS]


def _overwrite(document: Mapping[str, Any], import_type: int, switches: HaihaiSwitches) -> tuple[int, int]:
    is_overwrite = _number(document, "is_overwrite", (0, 1))
    overwrite_type = _number(document, "overwrite_type", (1, 2))
    strays = []
    if is_overwrite is not None and import_type not in {REGISTER, REOPEN}:
        is_overwrite = 0
        strays.append("is_overwrite")
    if overwrite_type is not None and is_overwrite != 1:
        overwrite_type = 1
        strays.append("overwrite_type")
    if strays and switches.stray_overwrite == "refused":
        raise Refusal(400, f"{', '.join(strays)} はこの処理では指定できません")
    return is_overwrite or 0, overwrite_type or 1


def _targets(
    document: Mapping[str, Any], import_type: int, account: Account, switches: HaihaiSwitches
) -> tuple[Target, ...]:
    targets = []
    for key, known in (("gid", account.groups), ("spid", account.plans)):
        value = document.get(key)
        if value is None or value == "":
            continue
        if isinstance(value, bool) or str(value) not in known:
            raise Refusal(400, f"{key} が不正です")
        targets.append((key, str(value)))
    if not targets and import_type in {STOP, FORBID, REOPEN}:
        raise Refusal(400, "gid または spid を指定してください")
    if len(targets) > 1 and switches.gid_and_spid == "refused":
        raise Refusal(400, "gid と spid は同時に指定できません")
    return tuple(targets)


def _number(document: Mapping[str, Any], key: str, allowed: tuple[int, ...]) -> int | None:
    value = document.get(key)
    if value is None or value == "":
        return None
    if not isinstance(value, bool) and str(value) in map(str, allowed):
        return int(value)
    raise Refusal(400, f"{key} には {'、'.join(map(str, allowed))} のいずれかを指定してください")

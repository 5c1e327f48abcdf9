"""
What a クルメル account's import looks like: not public, and therefore made up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.sandbox.haihaimail_settings import FORBID, REGISTER, REMOVE, REOPEN, STOP


@dataclass(frozen=True, slots=True, kw_only=True)
class CurumeruImport:
    """
    The import of one made-up account: its address, what its fields are called, and its words for what to do.
    """

    path: str = "/api/made-up/import"
    login: str = "made_login"
    password: str = field(default="made_pass", repr=False)
    file: str = "made_file"
    import_type: str = "made_type"
    is_overwrite: str = "made_overwrite"
    gid: str = "made_group"
    spid: str = "made_plan"
    words: Mapping[str, int] = field(
        default_factory=lambda: {"add": REGISTER, "remove": REMOVE, "halt": STOP, "ban": FORBID, "reopen": REOPEN}
    )

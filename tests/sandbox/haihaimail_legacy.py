"""
The legacy import, `POST /?ac=ScheduleCsvImport` (旧:外部システム連携; vendor manual and client code, checked 2026-11).

HTTP statuses 200, 400, 401, 500 and an error code in the body. The code table is an excerpt; what it does not name is
a plain "Bad Request". No daily limit is stated for it.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from tests.sandbox.haihaimail_account import Account
from tests.sandbox.haihaimail_file import CustomerFile, read_file
from tests.sandbox.haihaimail_settings import FORBID, REGISTER, REOPEN, STOP, TYPES, ImportSettings, Refusal, Target
from tests.sandbox.haihaimail_switches import HaihaiSwitches
from tests.sandbox.wire import Form, SandboxAnswer

TEXTS = {
    81401: "81401 unauthorized aid, loginid, password のいずれかが正しくありません。",
    81402: "81402 access denied 許可されていないIPからのアクセスです。",
    81421: "81421 bad aid aid が不正です。",
    81422: "81422 bad loginid loginid が不正です。",
    81423: "81423 no password パスワードが入力されていません。",
    81431: "81431 bad import_type import_type には、0~3または5の数値を指定してください。",
    81433: "81433 bad overwrite parameter is_overwrite には、0または1を指定してください。",
    81435: "81435 bad gid gid が数値ではない、または存在しないgid です。",
    400: "400 Bad Request",
    200: "200 OK",
}
PASSWORD_FIELDS = ("transport_passwd", "transport_password")


def read_legacy(
    form: Form, client: str, account: Account, switches: HaihaiSwitches
) -> tuple[ImportSettings, CustomerFile]:
    """
    The settings and the file of a legacy call. Raises Refusal whose reason is a text of the code table.
    """
    fields = {name: value.decode("utf-8", "replace") for name, value in form.fields.items()}
    if not account.admits(client):
        raise _refuse(81402, 401)
    _check_login(fields, account, switches)
    import_type = fields.get("import_type", "")
    if import_type not in map(str, TYPES):
        raise _refuse(81431)
    if fields.get("is_overwrite", "") not in {"", "0", "1"}:
        raise _refuse(81433)
    if fields.get("report_option", "") not in {"", "0", "1", "2"}:
        raise _refuse(400)
    upload = form.files.get("csvfile")
    settings = ImportSettings(
        import_type=int(import_type),
        is_overwrite=int(fields.get("is_overwrite") or 0) if int(import_type) in {REGISTER, REOPEN} else 0,
        overwrite_type=2 if switches.legacy_blank == "blanks" else 1,
        targets=_targets(fields, int(import_type), account),
        report_option=int(fields.get("report_option") or 1),
    )
    try:
        return settings, read_file(upload.data if upload else None, account, switches)
    except Refusal:
        raise _refuse(400) from None


def legacy_answer(code: int, status: int, switches: HaihaiSwitches) -> SandboxAnswer:
    """
    An answer in the legacy form: a line of text, in the charset and under the status and type that the switches say.
    """
    text = "" if code == 200 and switches.legacy_success == "empty" else TEXTS[code]
    coded = code > 999 and switches.legacy_status == "always_200"
    return SandboxAnswer(
        status=200 if coded else status,
        headers={"content-type": switches.legacy_type},
        body=text.encode(switches.legacy_charset),
    )


def _check_login(fields: Mapping[str, str], account: Account, switches: HaihaiSwitches) -> None:
    assert account.legacy is not None, "the legacy import is routed only where the account has it"
    known = PASSWORD_FIELDS if switches.legacy_password_field == "both" else (switches.legacy_password_field,)
    password = next((fields[name] for name in known if fields.get(name)), "")
    aid, login_id = fields.get("aid", ""), fields.get("loginid", "")
    if not (aid.isascii() and aid.isdigit()):
        raise _refuse(81421)
    if not login_id:
        raise _refuse(81422)
    if not password:
        raise _refuse(81423)
    right = hmac.compare_digest(password.encode(), account.legacy.password.encode())
    if not (right and aid == account.legacy.aid and login_id == account.login_id):
        raise _refuse(81401, 401)


def _targets(fields: Mapping[str, str], import_type: int, account: Account) -> tuple[Target, ...]:
    gid, spid = fields.get("gid", ""), fields.get("spid", "")
    if gid and gid not in account.groups:
        raise _refuse(81435)
    if spid and spid not in account.plans:
        raise _refuse(400)
    if not (gid or spid) and import_type in {STOP, FORBID, REOPEN}:
        raise _refuse(81435)
    return tuple((key, value) for key, value in (("gid", gid), ("spid", spid)) if value)


def _refuse(code: int, status: int = 400) -> Refusal:
    return Refusal(status, str(code))

"""
配配メール's older import: the request as its specification and its sample have it, and what the codes mean.
"""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from multipart import MultipartParser, parse_options_header

from chalicelib.destinations.haihaimail_legacy import VENDOR
from chalicelib.model import (
    Batch,
    Call,
    Const,
    Deferred,
    Delivered,
    FieldName,
    Limit,
    Line,
    Prepared,
    Reading,
    Reply,
    Route,
    Uncertain,
)
from tests.unit.destinations.accounts import legacy_account

ADDRESS = "メールアドレス"
KEYS = {"login_id": "relay-login", "transfer_password": "Transfer-1"}
REGISTER = VENDOR.operations["register"]


def batch(**settings: str) -> Batch:
    """
    One row under some import settings.
    """
    line = Line(contact="c1", payload={ADDRESS: "p1@example.co.jp"}, deliveries=("d1",))
    chosen = {"import_type": "0", **settings}
    return Batch(lane="l", destination="mail", operation="register", settings=chosen, lines=(line,))


def fields_of(call: Call) -> dict[str, tuple[str | None, bytes]]:
    """
    The parts of a request: name → file name and bytes.
    """
    _, options = parse_options_header(call.headers["Content-Type"])
    parser = MultipartParser(io.BytesIO(call.body), options["boundary"], strict=True)
    return {part.name: (part.filename or None, part.raw) for part in parser}


def reading(body: str | bytes, status: int = 400, charset: str = "cp932", **account: Any) -> Reading:
    """
    What an answer means for one row.
    """
    data = body if isinstance(body, bytes) else body.encode(charset)
    headers = {"content-type": "text/html"}
    return VENDOR.read(Reply(status=status, headers=headers, body=data), batch(), legacy_account(**account))


# ── the request ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_request_is_that_of_the_specification() -> None:
    """
    Account number, login, password and settings are fields, empty gid and spid mean none, the list is a file.
    """
    call = VENDOR.build(batch(is_overwrite="1", report_option="2"), b"csv", legacy_account(), KEYS)

    assert call.url == "https://a03.hm-f.jp/?ac=ScheduleCsvImport"
    assert fields_of(call) == {
        "aid": (None, b"24"),
        "loginid": (None, b"relay-login"),
        "transport_passwd": (None, b"Transfer-1"),
        "transport_password": (None, b"Transfer-1"),
        "import_type": (None, b"0"),
        "is_overwrite": (None, b"1"),
        "gid": (None, b""),
        "spid": (None, b""),
        "report_option": (None, b"2"),
        "csvfile": ("list.csv", b"csv"),
    }


@pytest.mark.parametrize("name", ["transport_passwd", "transport_password"])
def test_the_password_goes_under_one_name_where_it_is_known(name: str) -> None:
    """
    The setting password_field says which of the two names this account reads.
    """
    sent = fields_of(VENDOR.build(batch(), b"csv", legacy_account(password_field=name), KEYS))

    assert [each for each in sent if each.startswith("transport")] == [name]


def test_what_only_the_newer_api_has_is_never_sent() -> None:
    """
    The set of columns that keys a batch, and overwrite_type, are no fields of this import.
    """
    sent = fields_of(VENDOR.build(batch(columns="[]", overwrite_type="2"), b"csv", legacy_account(), KEYS))

    assert not {"columns", "overwrite_type"} & sent.keys()


@pytest.mark.parametrize(("plan", "size"), [("shared", 10_000_000), ("dedicated", 30_000_000)])
def test_a_file_has_at_most_what_the_plan_allows(plan: str, size: int) -> None:
    """
    10 MB on a shared server, 30 MB on a dedicated one; what does not fit waits for the next file.
    """
    assert VENDOR.pack
    half = "あ" * (size // 4 - 100)
    lines = [
        Line(contact=f"c{n}", payload={ADDRESS: f"p{n}@example.co.jp", "お名前": half}, deliveries=(f"d{n}",))
        for n in range(3)
    ]
    packed = VENDOR.pack(REGISTER, {}, lines, legacy_account(plan=plan))

    assert len(packed.taken) == 2
    assert len(packed.data) <= size


# ── rows ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def prepared(fields: dict[str, str], settings: dict[str, str] | None = None, **account: Any) -> Prepared:
    """
    A registration's row.
    """
    made = VENDOR.prepare(REGISTER, fields, settings or {}, legacy_account(**account), {})
    assert isinstance(made, Prepared), made
    return made


def test_rows_that_fill_different_items_travel_apart() -> None:
    """
    Nobody knows what a blank cell erases, so none is ever sent: the filled items key the file.
    """
    named = prepared({ADDRESS: "a@example.co.jp", "お名前": "花子"})
    bare = prepared({ADDRESS: "b@example.co.jp", "お名前": ""})

    assert json.loads(named.settings["columns"]) == ["お名前", ADDRESS]
    assert json.loads(bare.settings["columns"]) == [ADDRESS]
    assert VENDOR.rules(REGISTER, named.settings, legacy_account()).required == {"お名前"}


@pytest.mark.parametrize(("settings", "account"), [({"is_overwrite": "0"}, {}), ({}, {"blanks": "keep"})])
def test_rows_travel_together_where_a_blank_erases_nothing(settings: dict[str, str], account: dict[str, str]) -> None:
    """
    Without overwriting, or where the account is known to keep, all rows share a file.
    """
    made = prepared({ADDRESS: "a@example.co.jp", "お名前": "花子"}, settings, **account)

    assert "columns" not in made.settings


def test_overwrite_type_is_no_setting_here() -> None:
    """
    A setting that the import does not have is told, not dropped.
    """
    made = VENDOR.prepare(REGISTER, {ADDRESS: "a@example.co.jp"}, {"overwrite_type": "2"}, legacy_account(), {})

    assert isinstance(made, tuple)
    assert [(problem.field, problem.code) for problem in made] == [("overwrite_type", "unknown")]


# ── answers ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("code", "name", "verdict", "told"),
    [
        (81401, "unauthorized", "paused", ("aid", "login_id", "password_field", "IPアドレス")),
        (81402, "access denied", "paused", ("IPアドレス", 'egress = "fixed"', "no ranges")),
        (81404, "too many calls", "quota", ("call limit",)),
        (81421, "bad aid", "paused", ("after the dash",)),
        (81422, "bad loginid", "paused", ("login_id",)),
        (81423, "no password", "paused", ("password_field", "transport_password", "transport_passwd")),
        (81431, "bad import_type", "key", ("import_type",)),
        (81433, "bad overwrite parameter", "key", ("is_overwrite",)),
        (81435, "bad gid", "key", ("gid",)),
        (81436, "bad spid", "key", ("spid",)),
    ],
)
@pytest.mark.parametrize("charset", ["cp932", "utf-8"])
@pytest.mark.parametrize("status", [200, 400, 401])
def test_a_code_decides(code: int, name: str, verdict: str, told: tuple[str, ...], charset: str, status: int) -> None:
    """
    Whatever the status, the charset and the Content-Type, a code is a definite refusal with its causes named.
    """
    found = reading(f"{code} {name} が正しくありません。", status, charset)

    assert (found.verdict.kind, found.verdict.definite) == (verdict, True)
    assert found.outcomes == {"d1": Deferred(reason=found.verdict.reason)}
    assert f"{code} {name}" in found.verdict.reason
    assert [each for each in told if each not in found.verdict.reason] == []


@pytest.mark.parametrize(
    "body",
    [
        "ERROR:81435",
        "<html><body>81435 bad gid</body></html>",
        '{"code": 81435, "message": "bad gid"}',
        "CODE,STATUS,MESSAGE\r\n81435,bad gid,存在しないgid です。\r\n",
    ],
)
def test_a_code_is_found_in_any_layout(body: str) -> None:
    """
    The layout of the answer is not printed.
    """
    assert reading(body, 200).verdict.kind == "key"


@pytest.mark.parametrize("body", ["090-81435-0000", "a81435@example.co.jp", "key 1f814359a", "181435", "81535"])
def test_a_number_that_happens_to_look_like_a_code_is_none(body: str) -> None:
    """
    Telephone numbers, addresses and keys that a page echoes decide nothing.
    """
    assert "81435" not in reading(body, 400).verdict.reason


def test_a_5xx_is_believed_with_a_printed_code_only() -> None:
    """
    An error inside the vendor's server may have come after the file was taken.
    """
    assert reading("81401 unauthorized", 500).verdict.kind == "paused"
    assert all(isinstance(each, Uncertain) for each in reading("81477 internal", 500).outcomes.values())


def test_a_password_that_the_vendor_repeats_is_not_repeated() -> None:
    """
    Of these bodies only a code and its lower-case name are ever quoted.
    """
    found = reading("81401 unauthorized Transfer-1 p1@example.co.jp", 401)

    assert "Transfer" not in repr(found)
    assert "example.co.jp" not in repr(found)


@pytest.mark.parametrize("body", ["", "OK", "200 OK", "result=200\r\n", '{"status": "success"}'])
def test_a_200_is_a_success_as_the_specification_says(body: str) -> None:
    """
    The status is the answer; a body that agrees, or none, does not change it. The file was taken, no more.
    """
    assert reading(body, 200).outcomes == {"d1": Delivered(proof="accepted")}


@pytest.mark.parametrize("body", ["<p>200 OK</p>", b"\x00\x01\xff", "お待ちください", '{"status": "error"}'])
def test_a_200_that_says_something_else_is_none(body: str | bytes) -> None:
    """
    A page, garbage, a complaint or unknown words prove nothing.
    """
    assert not any(isinstance(each, Delivered) for each in reading(body, 200).outcomes.values())


def test_an_account_may_be_known_to_answer_otherwise() -> None:
    """
    success_body = "any" takes any text under 200 for a success, but a page or a code never.
    """
    assert reading("受付ました", 200, success_body="any").verdict.kind == "fine"
    assert reading("<p>受付ました</p>", 200, success_body="any").verdict.kind == "failing"
    assert reading("81435", 200, success_body="any").verdict.kind == "key"


# ── the account ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_lane_is_bounded_though_the_vendor_prints_no_number() -> None:
    """
    240 calls a day unless told otherwise, a twentieth kept back; two destinations of one account share the lane.
    """
    lane = VENDOR.lane(legacy_account(), "lane")

    assert lane.limits == (Limit(calls=240, per="day", reserve=12),)
    assert VENDOR.lane(legacy_account(calls_per_day=1_000, reserve=0), "lane").limits[0] == Limit(
        calls=1_000, per="day"
    )
    assert VENDOR.lane_name("mail", {"aid": 24}) == "haihaimail-legacy-24"


def test_faults_of_the_account_are_told() -> None:
    """
    An address with a path, a reserve of everything and a strange item name, each with a remedy.
    """
    account = legacy_account(base_url="https://a03.hm-f.jp/x", reserve=240, address_item="\u0e01")
    paths = {fault.path for fault in VENDOR.check(account)}

    assert paths == {f"destinations.mail.{name}" for name in ("base_url", "reserve", "address_item")}


def test_a_route_with_overwrite_type_is_at_fault() -> None:
    """
    The reference to a setting of the newer API is found before deployment.
    """
    route = Route(
        name="r",
        source="s",
        destination="mail",
        operation="stop",
        fields={ADDRESS: FieldName("email")},
        settings={"overwrite_type": Const(1), "gid": Const(12)},
    )
    faults = VENDOR.check_route(route, legacy_account())

    assert {fault.path for fault in faults} == {"routes.r.settings.overwrite_type"}

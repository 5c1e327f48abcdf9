"""
配配メール: the file and the request as the manual wants them, and what the answers mean.
"""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from multipart import MultipartParser, parse_options_header

from chalicelib.destinations.haihaimail import VENDOR
from chalicelib.model import Batch, Call, Deferred, Delivered, Limit, Line, Reply, Uncertain
from tests.unit.destinations.accounts import mail_account

ADDRESS = "メールアドレス"
KEYS = {"login_id": "relay-login", "api_token": "token-of-the-account"}
REGISTER = VENDOR.operations["register"]


def line(number: int, **items: str) -> Line:
    """
    A line of one delivery.
    """
    payload = {ADDRESS: f"p{number}@example.co.jp", **items}
    return Line(contact=f"c{number}", payload=payload, deliveries=(f"d{number}",))


def batch(**settings: str) -> Batch:
    """
    Two rows under some import settings.
    """
    chosen = settings or {"import_type": "0"}
    return Batch(lane="l", destination="mail", operation="register", settings=chosen, lines=(line(1), line(2)))


def packed_rows(lines: list[Line], settings: dict[str, str] | None = None, **account: Any) -> list[list[str]]:
    """
    The rows of a packed file.
    """
    assert VENDOR.pack
    packed = VENDOR.pack(REGISTER, settings or {}, lines, mail_account(**account))
    return list(csv.reader(io.StringIO(packed.data.decode("cp932"), newline="")))


def parts_of(call: Call) -> dict[str, tuple[str | None, bytes]]:
    """
    The parts of a request: name → file name and bytes.
    """
    _, options = parse_options_header(call.headers["Content-Type"])
    parser = MultipartParser(io.BytesIO(call.body), options["boundary"], strict=True)
    return {part.name: (part.filename or None, part.raw) for part in parser}


def answer(body: object, status: int = 200) -> Reply:
    """
    A JSON answer.
    """
    return Reply(status=status, body=json.dumps(body, ensure_ascii=False).encode())


def verdict_of(reply: Reply) -> str:
    """
    The verdict on the lane, "delivered" where it is a success.
    """
    reading = VENDOR.read(reply, batch())
    delivered = all(isinstance(outcome, Delivered) for outcome in reading.outcomes.values())
    return "delivered" if delivered else reading.verdict.kind


# ── the file ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_address_is_the_first_column() -> None:
    """
    Items follow in order of appearance; blanks keep what the vendor has, so rows of other items share a file.
    """
    assert packed_rows([line(1, 会社名="甲"), line(2, お名前="見本")]) == [
        [ADDRESS, "会社名", "お名前"],
        ["p1@example.co.jp", "甲", ""],
        ["p2@example.co.jp", "", "見本"],
    ]


def test_where_blanks_erase_the_columns_are_those_of_the_key() -> None:
    """
    The exact set, the address first; a line that lost a column is poison.
    """
    settings = {"overwrite_type": "2", "columns": json.dumps(["お名前", ADDRESS], ensure_ascii=False)}
    assert VENDOR.pack
    whole, part = line(1, お名前=""), line(2)
    packed = VENDOR.pack(REGISTER, settings, [whole, part], mail_account())

    assert packed.data.decode("cp932") == f"{ADDRESS},お名前\r\np1@example.co.jp,\r\n"
    assert [each for each, _ in packed.poison] == [part]


@pytest.mark.parametrize(("plan", "bytes_max"), [("shared", 10_000_000), ("dedicated", 30_000_000)])
def test_a_file_keeps_the_plans_limit(plan: str, bytes_max: int) -> None:
    """
    10 MB and 30 MB under the smaller reading of MB; the lines that do not fit wait.
    """
    assert VENDOR.pack
    lines = [line(number, 備考="あ" * 500_000) for number in range(40)]
    packed = VENDOR.pack(REGISTER, {}, lines, mail_account(plan=plan))

    assert bytes_max - 1_000_100 < len(packed.data) <= bytes_max
    assert packed.taken == tuple(lines[: len(packed.taken)])
    assert packed.poison == ()


@pytest.mark.parametrize(("charset", "encoded"), [("cp932", "～"), ("shift_jis", "〜"), ("utf-8", "〜😀")])
def test_the_file_is_in_the_accounts_charset(charset: str, encoded: str) -> None:
    """
    SJIS in either reading, UTF-8 where the option is there.
    """
    assert VENDOR.pack
    packed = VENDOR.pack(REGISTER, {}, [line(1, 備考=encoded)], mail_account(charset=charset))

    assert encoded.encode(charset) in packed.data


# ── the request ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_request_is_the_manuals() -> None:
    """
    Address of host and account, token in its header, settings without and the list with a file name.
    """
    settings = {"import_type": "0", "is_overwrite": "1", "overwrite_type": "2", "gid": "12", "report_option": "2"}
    data = "メールアドレス\r\na@example.co.jp\r\n".encode("cp932")
    call = VENDOR.build(batch(**settings, columns='["メールアドレス"]'), data, mail_account(), KEYS)

    assert call.url == "https://a01.hm-f.jp/api_sample/api/v1/custcsv/import"
    assert call.headers["X-HM-apitoken"] == "token-of-the-account"
    parts = parts_of(call)
    assert list(parts) == ["import_settings", "customer_list"]
    assert parts["customer_list"] == ("list.csv", data)
    name, settings_sent = parts["import_settings"]
    assert name is None
    assert json.loads(settings_sent) == {"login_id": "relay-login", **settings}


def test_the_spelling_with_a_blank_is_never_sent() -> None:
    """
    The manual prints "overwrite_ type", which the vendor would most likely ignore.
    """
    call = VENDOR.build(batch(import_type="0", overwrite_type="2"), b"", mail_account(), KEYS)

    assert b"overwrite_ type" not in call.body
    assert b'"overwrite_type": "2"' in call.body


# ── the answer ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"status": "success"},
        {"status": "success", "code": 200, "errors": []},
        {"status": "success", "code": "200", "errors": None, "version": "v1"},
        {"status": 200},
        {"code": 0},
        {"result": "OK", "success": True},
        {"status": "accepted", "query": {"code": 400}},
    ],
)
@pytest.mark.parametrize("http", [200, 201, 202])
def test_a_json_object_without_a_complaint_is_accepted(body: object, http: int) -> None:
    """
    The body is not published; "accepted" is all that it can prove.
    """
    reading = VENDOR.read(answer(body, http), batch())

    assert reading.outcomes == {"d1": Delivered(proof="accepted"), "d2": Delivered(proof="accepted")}


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        ({"status": "error", "code": 400}, "key"),
        ({"status": "error", "code": "400"}, "key"),
        ({"status": "ERROR"}, "key"),
        ({"status": "success", "errors": [{"code": 100, "msg": "gid"}]}, "key"),
        ({"error": "bad gid"}, "key"),
        ({"result": "NG"}, "key"),
        ({"success": False}, "key"),
        ({"code": "401"}, "paused"),
        ({"status": 403}, "paused"),
        ({"status": "error", "errors": {"code": "429"}}, "quota"),
        ({"status": "error", "code": 400, "errors": [{"code": 429}]}, "quota"),
        ({"error": {"status": "413"}}, "too_large"),
        ({"code": 409}, "busy"),
        ({"code": 503}, "failing"),
        ({"code": 81401}, "failing"),
        ({"code": 1}, "failing"),
    ],
)
def test_a_complaint_in_the_body_decides_under_http_200(body: object, verdict: str) -> None:
    """
    As a number or as text, at the top or among the errors; a code that nobody knows proves nothing.
    """
    assert verdict_of(answer(body)) == verdict


@pytest.mark.parametrize(
    ("http", "body", "verdict"),
    [
        (400, {"code": 429}, "quota"),
        (429, {"code": 400}, "quota"),
        (400, {"status": "error"}, "key"),
        (422, {}, "key"),
        (500, {"status": "error"}, "failing"),
        (401, {"status": "error", "code": 1}, "paused"),
        (403, {"status": "error", "errors": {"code": 7, "msg": "IP"}}, "paused"),
    ],
)
def test_http_status_and_body_together(http: int, body: object, verdict: str) -> None:
    """
    A limit is a limit wherever it is told; else a code of HTTP's kind in the body, else the HTTP status.
    """
    assert verdict_of(answer(body, http)) == verdict


def test_a_refused_file_holds_its_key_and_burns_no_row() -> None:
    """
    The settings are at fault, not the rows; the operator reads the vendor's words, without its echo of the request.
    """
    body = {
        "status": "error",
        "code": 400,
        "query": {"login_id": "relay-login"},
        "errors": {"code": 100, "msg": "gidが不正です", "description": [{"name": "gid", "value": "secret-value"}]},
    }
    reading = VENDOR.read(answer(body, 400), batch())

    assert set(reading.outcomes.values()) == {Deferred(reason=reading.verdict.reason)}
    assert (reading.verdict.kind, reading.verdict.definite) == ("key", True)
    assert "(HTTP 400: 400 / 100 / gidが不正です / gid)" in reading.verdict.reason
    assert "relay-login" not in reading.verdict.reason
    assert "secret-value" not in reading.verdict.reason


def test_a_refused_token_names_every_cause() -> None:
    """
    A new token, an unlisted address, the login: whatever an operator can mend is named.
    """
    reason = VENDOR.read(Reply(status=403), batch()).verdict.reason

    for word in ("API token", "login_id", "IPアドレス制限", "fixed", "contract"):
        assert word in reason


@pytest.mark.parametrize("status", [302, 404, 405])
def test_a_wrong_address_names_its_settings(status: int) -> None:
    """
    A redirect to the login page, a missing path: base_url and account.
    """
    verdict = VENDOR.read(Reply(status=status), batch()).verdict

    assert verdict.kind == "paused"
    assert "base_url" in verdict.reason
    assert "account" in verdict.reason


def test_a_page_under_200_is_uncertain() -> None:
    """
    A proxy's or a login page is no proof that the file was taken.
    """
    reading = VENDOR.read(Reply(status=200, body=b"<html>login</html>"), batch())

    assert all(isinstance(outcome, Uncertain) and outcome.harmless for outcome in reading.outcomes.values())


# ── the lane ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("settings", "limit", "gap"),
    [
        ({}, Limit(calls=240, per="day", reserve=12), 30.0),
        ({"plan": "dedicated"}, Limit(calls=86_400, per="day", reserve=4_320), 1.0),
        ({"calls_per_day": 100}, Limit(calls=100, per="day", reserve=5), 30.0),
        ({"calls_per_day": 1}, Limit(calls=1, per="day", reserve=0), 30.0),
        ({"reserve": 0, "gap_seconds_min": 360}, Limit(calls=240, per="day", reserve=0), 360.0),
    ],
)
def test_the_days_calls_are_the_plans(settings: dict[str, Any], limit: Limit, gap: float) -> None:
    """
    240 or 86,400 calls a day, a twentieth kept for opt-outs and deletes, and a least distance between calls.
    """
    lane = VENDOR.lane(mail_account(**settings), "l")

    assert (lane.limits, lane.gap_seconds_min) == ((limit,), gap)


def test_the_lane_has_the_settings_of_the_account() -> None:
    """
    Whatever the operator sets reaches the lane; the rest has its default.
    """
    plain = VENDOR.lane(mail_account(), "l")
    chosen = VENDOR.lane(
        mail_account(counts="accepted", rows_max=500, timeout_seconds=30, settle_seconds=60, egress="fixed"), "l"
    )

    assert (plain.counts, plain.rows_max, plain.timeout_seconds) == ("all", 10_000, 60.0)
    assert (plain.settle_seconds, plain.egress, plain.batching) == (300.0, "any", True)
    assert (chosen.counts, chosen.rows_max, chosen.timeout_seconds) == ("accepted", 500, 30.0)
    assert (chosen.settle_seconds, chosen.egress) == (60.0, "fixed")


def test_two_destinations_of_one_account_share_its_calls() -> None:
    """
    The vendor counts per account and API, so the default lane is the account's.
    """
    names = {VENDOR.lane_name(name, {"account": "api_sample"}) for name in ("mail", "mail-opt-outs")}

    assert names == {"haihaimail-api_sample-import"}

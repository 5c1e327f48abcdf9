"""
クルメル: nothing of its import is guessed, and its answers are understood in both forms.
"""

from __future__ import annotations

import io
from typing import Any

import pytest
from multipart import MultipartParser, parse_options_header

from chalicelib.destinations.curumeru import VENDOR
from chalicelib.model import (
    Batch,
    Call,
    Const,
    Deferred,
    Delivered,
    Fault,
    FieldName,
    Limit,
    Line,
    NoReply,
    Reading,
    Reply,
    Route,
    Uncertain,
)
from tests.unit.destinations.accounts import kuru_account

ADDRESS = "メールアドレス"
KEYS = {"login_id": "relay-login", "password": "Secret-1"}
CSV_HEADERS = {"content-type": "20120328161734.csv; name=20120328161734.csv", "content-disposition": "attachment"}
OK = b'<?xml version="1.0"?><response><code>10200</code></response>'


def batch(operation: str = "register", **settings: str) -> Batch:
    """
    One row under some settings.
    """
    line = Line(contact="c1", payload={ADDRESS: "p1@example.co.jp"}, deliveries=("d1",))
    chosen = {"import_type": "0", "is_overwrite": "1", "gid": "12", "report_option": "2", **settings}
    return Batch(lane="l", destination="kuru", operation=operation, settings=chosen, lines=(line,))


def fields_of(call: Call) -> dict[str, tuple[str | None, bytes]]:
    """
    The parts of a request: name → file name and bytes.
    """
    _, options = parse_options_header(call.headers["Content-Type"])
    parser = MultipartParser(io.BytesIO(call.body), options["boundary"], strict=True)
    return {part.name: (part.filename or None, part.raw) for part in parser}


def reading(body: str | bytes, status: int = 200, *, headers: dict[str, str] | None = None, **account: Any) -> Reading:
    """
    What an answer means for one row.
    """
    data = body if isinstance(body, bytes) else body.encode("cp932")
    return VENDOR.read(Reply(status=status, headers=headers or {}, body=data), batch(), kuru_account(**account))


def route(operation: str = "register", **settings: Any) -> Route:
    """
    A route to the account.
    """
    return Route(
        name="r",
        source="s",
        destination="kuru",
        operation=operation,
        fields={ADDRESS: FieldName("email")},
        settings={name: Const(text) for name, text in settings.items()},
    )


def told(faults: list[Fault]) -> dict[str, str]:
    """
    Faults by place.
    """
    return {fault.path: f"{fault.message} {fault.remedy}" for fault in faults if not fault.warning}


# ── the request ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_request_has_what_was_written_down_and_nothing_else() -> None:
    """
    Address, field names and words are the operator's; charset and return_format are public; report_option has no name.
    """
    account = kuru_account(also_send={"made_account": 24})
    call = VENDOR.build(batch(), b"csv", account, KEYS)

    assert call.url == "https://kuru.example.jp/api/made-up/import"
    assert fields_of(call) == {
        "made_account": (None, b"24"),
        "charset": (None, b"Shift-JIS"),
        "return_format": (None, b"XML"),
        "made_login": (None, b"relay-login"),
        "made_pass": (None, b"Secret-1"),
        "made_type": (None, b"add"),
        "made_overwrite": (None, b"1"),
        "made_group": (None, b"12"),
        "made_file": ("list.csv", b"csv"),
    }


@pytest.mark.parametrize(
    ("charset", "word"), [("cp932", b"Shift-JIS"), ("shift_jis", b"Shift-JIS"), ("utf-8", b"UTF-8")]
)
def test_the_charset_of_the_file_is_told(charset: str, word: bytes) -> None:
    """
    The parameter says what the file is in.
    """
    assert fields_of(VENDOR.build(batch(), b"csv", kuru_account(charset=charset), KEYS))["charset"] == (None, word)


# ── what an operator must write down ────────────────────────────────────────────────────────────────────────────────


def test_an_account_without_the_imports_particulars_is_told_each_of_them() -> None:
    """
    Where to look, what the older import of the sibling calls it, and that it may differ.
    """
    found = told(VENDOR.check(kuru_account(path=None, parameters=None)))

    assert found.keys() == {
        "destinations.kuru.path",
        *(f"destinations.kuru.parameters.{name}" for name in ("login", "password", "file", "import_type")),
    }
    assert all("API document" in text for text in found.values())
    assert "loginid" in found["destinations.kuru.parameters.login"]


@pytest.mark.parametrize(
    ("name", "value", "place"),
    [
        ("path", "api/import", "path"),
        ("parameters", {"logim": "x"}, "parameters.logim"),
        ("parameters", {"gid": "a b"}, "parameters.gid"),
        ("parameters", {"gid": "charset"}, "parameters.gid"),
        ("parameters", {"gid": "made_x", "spid": "made_x"}, "parameters.spid"),
        ("import_types", {"regist": "0"}, "import_types.regist"),
        ("import_types", {"register": True}, "import_types.register"),
        ("also_send", {"made_login": "x"}, "also_send.made_login"),
        ("also_send", {"note": "メモ"}, "also_send.note"),
        ("reserve", 1_000, "reserve"),
    ],
)
def test_what_was_written_down_wrongly_is_told(name: str, value: Any, place: str) -> None:
    """
    Unknown members, names of other fields, texts that cannot be sent.
    """
    assert f"destinations.kuru.{place}" in told(VENDOR.check(kuru_account(**{name: value})))


@pytest.mark.parametrize(
    ("made", "places"),
    [
        (route(), set()),
        (route("stop", gid=12), set()),
        (route(spid=3), {("settings.spid", "parameters.spid")}),
        (route(report_option=1), {("settings.report_option", "parameters.report_option")}),
        (route("forbid", gid=12), {("operation", "import_types.forbid")}),
        (route("allow", gid=12), {("operation", "import_types.allow")}),
    ],
)
def test_a_route_tells_what_it_needs_besides(made: Route, places: set[tuple[str, str]]) -> None:
    """
    A setting whose field has no name, an operation whose word nobody wrote down.
    """
    found = told(VENDOR.check_route(made, kuru_account()))

    assert found.keys() == {f"routes.r.{place}" for place, _ in places}
    assert all(f"destinations.kuru.{needed}" in found[f"routes.r.{place}"] for place, needed in places)


def test_overwriting_needs_its_field() -> None:
    """
    Without it a returning contact's new data might be left out without a word.
    """
    account = kuru_account(parameters={"login": "a", "password": "b", "file": "c", "import_type": "d"})

    found = told(VENDOR.check_route(route(), account))

    assert found.keys() == {"routes.r.operation"}
    assert "destinations.kuru.parameters.is_overwrite" in found["routes.r.operation"]


def test_a_thousand_calls_a_day_and_not_more() -> None:
    """
    The vendor's number cannot be raised; a twentieth is kept back.
    """
    assert VENDOR.lane(kuru_account(), "l").limits == (Limit(calls=1_000, per="day", reserve=50),)
    assert VENDOR.lane(kuru_account(), "l").counts == "all"
    assert VENDOR.lane(kuru_account(counts="accepted"), "l").counts == "accepted"


# ── answers ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "body", [OK, b'<response><result code="10200"/></response>', b"<r>\n <code> 10200 </code>\n</r>\n"]
)
def test_xml_with_the_code_of_success_is_one(body: bytes) -> None:
    """
    Wherever the code stands. The file was taken, no more.
    """
    assert reading(body).outcomes == {"d1": Delivered(proof="accepted")}


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        ("<r><code>81404</code><status>too many calls</status></r>", "quota", "81404"),
        ("CODE,STATUS,MESSAGE\r\n81404,too many calls,制限です\r\n", "quota", "81404 too many calls"),
        ('"CODE","STATUS","MESSAGE"\r\n"81404","too many calls",""\r\n', "quota", "81404"),
        ("CODE,STATUS,MESSAGE\n81401,unauthorized,x\n", "paused", "parameters"),
        ("CODE,STATUS,MESSAGE\n81402,access denied,x\n", "paused", "egress"),
        ("<r><code>81435</code></r>", "key", "81435"),
        ("CODE,STATUS,MESSAGE\n81499,something new,x\n", "key", "81499 something new"),
        ("<r><code>10400</code></r>", "key", "10400"),
    ],
)
@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("return_format", ["XML", "CSV"])
def test_an_error_is_understood_in_either_form(
    body: str, kind: str, words: str, status: int, return_format: str
) -> None:
    """
    Under whichever HTTP status, and whichever form was asked for; it is a definite refusal.
    """
    found = reading(body, status, headers=CSV_HEADERS, return_format=return_format)

    assert (found.verdict.kind, found.verdict.definite) == (kind, True)
    assert all(isinstance(outcome, Deferred) for outcome in found.outcomes.values())
    assert words in found.verdict.reason


@pytest.mark.parametrize(
    "body", ["<r><code>10500</code></r>", "CODE,STATUS,MESSAGE\n81501,x,y\n", "CODE,STATUS,MESSAGE\n"]
)
def test_a_code_that_is_no_refusal_proves_nothing(body: str) -> None:
    """
    An error inside the vendor's server may have come after the file was taken.
    """
    assert all(isinstance(outcome, Uncertain) for outcome in reading(body, headers=CSV_HEADERS).outcomes.values())


def test_a_csv_file_is_a_success_where_it_was_asked_for() -> None:
    """
    A header line that is not the error's, under a file's name.
    """
    data = "ID\r\n1\r\n"
    assert reading(data, headers=CSV_HEADERS, return_format="CSV").verdict.kind == "fine"
    assert reading(data, headers={"content-type": "text/plain"}, return_format="CSV").verdict.kind == "failing"
    assert reading("", headers=CSV_HEADERS, return_format="CSV").verdict.kind == "failing"
    assert reading(data, headers=CSV_HEADERS).verdict.kind == "failing"


@pytest.mark.parametrize("status", [201, 204, 500, 503])
def test_the_code_of_success_under_another_status_proves_nothing(status: int) -> None:
    """
    Both must say yes.
    """
    assert all(isinstance(outcome, Uncertain) for outcome in reading(OK, status).outcomes.values())


def test_a_refused_connection_names_what_it_means_here() -> None:
    """
    A foreign address is turned away without a word.
    """
    found = VENDOR.read(NoReply(reason="connection refused", sent=False), batch(), kuru_account())

    assert "address that is not allowed" in found.verdict.reason
    assert 'egress = "fixed"' in found.verdict.reason
    assert found.verdict.definite


def test_the_password_in_an_answer_is_not_repeated() -> None:
    """
    Only the code and a lower-case name are quoted.
    """
    assert "Secret" not in repr(reading("CODE,STATUS,MESSAGE\n81401,unauthorized,Secret-1\n"))

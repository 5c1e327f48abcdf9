"""
The import call: who may make it, what its settings and its file must be, and each switch in both positions.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.sandbox.clock import HandClock
from tests.sandbox.haihaimail import HaihaiSandbox
from tests.sandbox.haihaimail_account import Account
from tests.sandbox.haihaimail_switches import HaihaiSwitches
from tests.sandbox.wire import SandboxDrop, SandboxRequest
from tests.unit.sandbox.vendors import (
    IMPORT_PATH,
    LOGIN_ID,
    ask,
    haihai,
    import_request,
    people,
)

ONE = people("a@example.co.jp")


def _made(clock: HandClock, **switches: Any) -> HaihaiSandbox:
    return haihai(clock, switches=HaihaiSwitches(**switches))


def _refused(sandbox: HaihaiSandbox, request: SandboxRequest) -> tuple[int, str]:
    status, body = ask(sandbox, request)
    assert body["status"] == "error"
    assert body["code"] == body["errors"]["code"]
    assert sandbox.results() == []
    assert sandbox.calls_today == 0
    return status, body["errors"]["description"][0]


# ── accepted ──


def test_200_means_queued(clock: HandClock) -> None:
    """
    The answer comes before any row is worked off; the customer is there once the job is done.
    """
    sandbox = haihai(clock, auto_run=False)
    status, body = ask(sandbox, import_request(ONE))
    assert (status, body["status"], body["code"]) == (200, "success", 200)
    assert sandbox.customers() == []
    assert [job.state for job in sandbox.results()] == ["処理待ち"]
    sandbox.step_jobs()
    assert [job.state for job in sandbox.results()] == ["処理中"]
    assert sandbox.customers() == []
    sandbox.step_jobs()
    assert [job.state for job in sandbox.results()] == ["完了"]
    assert [customer.address for customer in sandbox.customers()] == ["a@example.co.jp"]


def test_numbers_may_be_written_as_texts(clock: HandClock) -> None:
    """
    One known sender stores every setting as text; blank means not set.
    """
    sandbox = haihai(clock)
    texts = {
        "import_type": "0",
        "is_overwrite": "1",
        "overwrite_type": "2",
        "gid": "12",
        "spid": "",
        "report_option": "",
    }
    assert ask(sandbox, import_request(ONE, **texts))[0] == 200
    numbers = {"import_type": 0, "is_overwrite": 1, "overwrite_type": 2, "gid": 12, "report_option": None}
    assert ask(sandbox, import_request(ONE, **numbers))[0] == 200
    first, second = (job.settings for job in sandbox.results())
    assert first == second
    assert first.as_dict() == {
        "import_type": 0,
        "is_overwrite": 1,
        "overwrite_type": 2,
        "gid": "12",
        "report_option": 1,
    }


# ── who may call ──


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", IMPORT_PATH, 405),
        ("PUT", IMPORT_PATH, 405),
        ("POST", "/other/api/v1/custcsv/import", 404),
        ("POST", "/api_sample/api/v1/custcsv/imports", 404),
        ("POST", "/", 404),
        ("GET", "/api_sample/api/v1/group/list", 501),
        ("POST", "/api_sample/api/v2/custcsv/import", 501),
    ],
)
def test_what_is_no_endpoint(clock: HandClock, method: str, path: str, status: int) -> None:
    """
    Another method is a 405, another path a 404; the retrieval APIs are not configured: their paths are not public.
    """
    found, told = _refused(haihai(clock), replace(import_request(ONE), method=method, path=path))
    assert found == status
    assert ("not configured" in told) == (status == 501)


@pytest.mark.parametrize("token", ["", "token-2"])
def test_a_wrong_token_is_a_401(clock: HandClock, token: str) -> None:
    """
    Missing and wrong token alike.
    """
    request = import_request(ONE, token=token)
    headers = {name: value for name, value in request.headers.items() if value}
    assert _refused(haihai(clock), replace(request, headers=headers))[0] == 401


def test_a_new_token_ends_the_old_one(clock: HandClock) -> None:
    """
    Regenerating the token on the screen shuts out whoever has the old one.
    """
    sandbox = haihai(clock)
    token = sandbox.regenerate_token()
    assert _refused(sandbox, import_request(ONE))[0] == 401
    assert ask(sandbox, import_request(ONE, token=token))[0] == 200


@pytest.mark.parametrize("reading", [403, 401])
def test_a_foreign_address_is_refused(clock: HandClock, reading: int) -> None:
    """
    Only addresses on the list may call, where there is a list.
    """
    sandbox = haihai(clock, ips=("203.0.113.7", "203.0.113.8"), switches=HaihaiSwitches(foreign_ip=reading))
    assert _refused(sandbox, import_request(ONE, client="203.0.113.9"))[0] == reading
    assert ask(sandbox, import_request(ONE, client="203.0.113.8"))[0] == 200


def test_a_foreign_address_may_be_cut_off(clock: HandClock) -> None:
    """
    Or the connection ends without an answer.
    """
    sandbox = haihai(clock, ips=("203.0.113.7",), switches=HaihaiSwitches(foreign_ip="drop"))
    assert sandbox.handle(import_request(ONE)) == SandboxDrop(reason="connection reset")
    assert ask(sandbox, import_request(ONE, client="203.0.113.7"))[0] == 200


@pytest.mark.parametrize("ips", [("203.0.113.0/24",), ("203.0.113.",), ("*",)])
def test_ranges_cannot_be_allowed(clock: HandClock, ips: tuple[str, ...]) -> None:
    """
    The vendor's list takes single addresses only.
    """
    with pytest.raises(ValueError, match="does not appear to be an IPv4 or IPv6 address"):
        haihai(clock, ips=ips)


def test_an_account_without_address_item_cannot_be() -> None:
    """
    The address item is part of every customer database; a plan is shared or dedicated.
    """
    with pytest.raises(ValueError, match="items must contain 'メールアドレス'"):
        Account(name="x", login_id="y", items=())
    with pytest.raises(ValueError, match="plan must be one of shared, dedicated"):
        Account(name="x", login_id="y", plan="free")  # type: ignore[arg-type]


@pytest.mark.parametrize("reading", [400, 401])
@pytest.mark.parametrize("login_id", ["somebody", "", None])
def test_an_unknown_login_id(clock: HandClock, reading: int, login_id: str | None) -> None:
    """
    The login id must be the account's; which status a wrong one has is not documented.
    """
    request = import_request(ONE, {"login_id": login_id, "import_type": 0})
    assert _refused(_made(clock, bad_login=reading), request) == (reading, "login_id が不正です")


# ── the two parts ──


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({"customer_list": ("list.csv", ONE)}, "import_settings がありません"),
        (
            {
                "import_settings": ("settings.json", '{"login_id": "ekiden", "import_type": 0}'),
                "customer_list": ("l", ONE),
            },
            "import_settings がありません",
        ),
        ({"import_settings": (None, "{"), "customer_list": ("l", ONE)}, "import_settings が JSON ではありません"),
        (
            {"import_settings": (None, b"\x93\xfa"), "customer_list": ("l", ONE)},
            "import_settings が JSON ではありません",
        ),
        (
            {"import_settings": (None, "[]"), "customer_list": ("l", ONE)},
            "import_settings がオブジェクトではありません",
        ),
    ],
)
def test_settings_must_be_a_field(clock: HandClock, parts: dict[str, Any], told: str) -> None:
    """
    Settings sent with a file name are a file to PHP, so they are not there; broken JSON is told.
    """
    assert _refused(haihai(clock), import_request(ONE, parts=parts)) == (400, told)


def test_the_list_must_be_a_file(clock: HandClock) -> None:
    """
    A list sent without a file name is a field, so there is no list.
    """
    settings = (None, f'{{"login_id": "{LOGIN_ID}", "import_type": 0}}')
    parts = {"import_settings": settings, "customer_list": (None, ONE)}
    assert _refused(haihai(clock), import_request(None, parts=parts)) == (400, "customer_list がありません")
    assert _refused(haihai(clock), import_request(None)) == (400, "customer_list がありません")


# ── settings ──


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"import_type": None}, "import_type がありません"),
        ({"import_type": ""}, "import_type がありません"),
        *(
            ({"import_type": kind}, "import_type には 0、1、2、3、5 のいずれかを指定してください")
            for kind in (4, 6, "x", True, 0.0, [0])
        ),
        ({"is_overwrite": 2}, "is_overwrite には 0、1 のいずれかを指定してください"),
        ({"is_overwrite": 1, "overwrite_type": 0}, "overwrite_type には 1、2 のいずれかを指定してください"),
        ({"report_option": 3}, "report_option には 0、1、2 のいずれかを指定してください"),
        ({"gid": 99}, "gid が不正です"),
        ({"gid": [12]}, "gid が不正です"),
        ({"gid": True}, "gid が不正です"),
        ({"spid": "12"}, "spid が不正です"),
        *(({"import_type": kind}, "gid または spid を指定してください") for kind in (2, 3, 5)),
    ],
)
def test_a_setting_that_is_not_accepted(clock: HandClock, settings: dict[str, Any], told: str) -> None:
    """
    Types 4 and 6 do not exist, groups and plans must, and state changes need one of them.
    """
    assert _refused(haihai(clock), import_request(ONE, **settings)) == (400, told)


def test_the_printed_overwrite_type_with_a_blank_is_an_unknown_key(clock: HandClock) -> None:
    """
    The manual prints `overwrite_ type`: sent so, the setting has no effect, and the sandbox remembers the key.
    """
    sandbox = haihai(clock)
    assert ask(sandbox, import_request(ONE, **{"is_overwrite": 1, "overwrite_ type": 2}))[0] == 200
    assert sandbox.unknown_keys == ["overwrite_ type"]
    assert sandbox.results()[0].settings.overwrite_type == 1


def test_unknown_keys_may_be_refused(clock: HandClock) -> None:
    """
    Under the other reading the call is a 400, and the key is remembered all the same.
    """
    sandbox = _made(clock, unknown_keys="refused")
    assert _refused(sandbox, import_request(ONE, colour="red")) == (400, "不明なキーです: colour")
    assert sandbox.unknown_keys == ["colour"]


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"import_type": 1, "is_overwrite": 1}, "is_overwrite"),
        ({"import_type": 2, "gid": 12, "is_overwrite": 0}, "is_overwrite"),
        ({"overwrite_type": 2}, "overwrite_type"),
        ({"import_type": 1, "is_overwrite": 1, "overwrite_type": 2}, "is_overwrite, overwrite_type"),
    ],
)
def test_overwriting_where_it_has_no_meaning(clock: HandClock, settings: dict[str, Any], named: str) -> None:
    """
    is_overwrite belongs to types 0 and 5, overwrite_type to is_overwrite 1; elsewhere ignored or refused.
    """
    sandbox = haihai(clock)
    assert ask(sandbox, import_request(ONE, **settings))[0] == 200
    assert (sandbox.results()[0].settings.is_overwrite, sandbox.results()[0].settings.overwrite_type) == (0, 1)
    told = _refused(_made(clock, stray_overwrite="refused"), import_request(ONE, **settings))
    assert told == (400, f"{named} はこの処理では指定できません")


def test_group_and_plan_together(clock: HandClock) -> None:
    """
    Whether one call may name both is not documented.
    """
    request = import_request(ONE, gid=12, spid=5)
    sandbox = haihai(clock)
    assert ask(sandbox, request)[0] == 200
    assert sandbox.customers()[0].states == {("gid", "12"): "配信可能", ("spid", "5"): "配信可能"}
    assert _refused(_made(clock, gid_and_spid="refused"), request)[0] == 400

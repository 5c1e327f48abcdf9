"""
Mail Dealer: the request that is made, what its answers mean, and the pace that holds under every reading of "a minute".
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.destinations.maildealer import SLOT_SECONDS, VENDOR
from chalicelib.model import Batch, Deferred, Delivered, Line, Outcome, Reading, Refused, Reply, Uncertain, Verdict
from tests.unit.destinations.accounts import desk_account

PERSON = {"メールアドレス": "hanako@example.co.jp", "お名前": "見本 花子"}
QUERY = {"mboxNo": 1, "items": PERSON}


def batch(payload: dict[str, str] | None = None) -> Batch:
    line = Line(contact="c", payload=payload or PERSON, deliveries=("d1",))
    return Batch(lane="maildealer-md00-1", destination="desk", operation="customer", lines=(line,))


def request(payload: dict[str, str] | None = None, **given_settings: Any) -> Any:
    return VENDOR.build(batch(payload), b"", desk_account(**given_settings), {"api_token": "token-1\n"})


def error(http: int, code: Any, *, payload: dict[str, str] | None = None, **more: Any) -> tuple[Outcome, Verdict]:
    """An answer as the specification writes it, with the request echoed."""
    errors = {"code": code, "msg": "だめです。", **more}
    body = {"status": "error", "code": http, "query": QUERY, "errors": errors, "version": "v1"}
    reading = VENDOR.read(Reply(status=http, body=json.dumps(body).encode()), batch(payload), desk_account())
    return reading.outcomes["d1"], reading.verdict


def reason(outcome: Outcome) -> str:
    assert isinstance(outcome, Refused | Deferred | Uncertain)
    return outcome.reason


def success(**body: Any) -> Reading:
    found = {"status": "success", "code": 200, "query": QUERY, "count": 1, "customerId": "18", "version": "v1", **body}
    return VENDOR.read(Reply(status=200, body=json.dumps(found).encode()), batch(), desk_account())


# ── the request ──


def test_a_customer_is_posted_as_json_to_its_mailbox() -> None:
    """Host, path, token and body are those of the specification; characters travel as UTF-8."""
    call = request({**PERSON, "お名前": "髙﨑😀〜"})

    assert call.url == "https://md00.maildealer.jp/api/v1/cust/update"
    assert call.headers["X-MD-apitoken"] == "token-1"
    assert call.headers["Content-Type"] == "application/json"
    items = {"メールアドレス": "hanako@example.co.jp", "お名前": "髙﨑😀〜"}
    assert json.loads(call.body.decode()) == {"mboxNo": 1, "items": items}


def test_choices_are_an_array_even_if_there_is_one() -> None:
    """Items of a choice group take arrays; a text with a line break stays a text."""
    choices = {"興味": ["資料", "デモ"], "希望": []}
    call = request({**PERSON, "興味": "資料\nデモ", "希望": "朝", "備考": "一行目\n二行目"}, choice_items=choices)

    items = json.loads(call.body)["items"]
    assert (items["興味"], items["希望"], items["備考"]) == (["資料", "デモ"], ["朝"], "一行目\n二行目")


# ── success ──


@pytest.mark.parametrize("body", [{}, {"customerId": 18}, {"count": "1"}, {"code": "200"}, {"count": None}])
def test_a_success_keeps_the_customers_id(body: dict[str, Any]) -> None:
    """Numbers may be texts, as the samples print them; the ID is the proof."""
    assert success(**body).outcomes == {"d1": Delivered(proof="imported", result={"customer_id": "18"})}


@pytest.mark.parametrize(
    "body",
    [
        {"customerId": None},
        {"customerId": "x"},
        {"customerId": True},
        {"count": 0},
        {"count": "0"},
        {"status": "ok"},
        {"errors": {"code": 999}},
    ],
    ids=str,
)
def test_what_does_not_prove_a_stored_customer_is_no_success(body: dict[str, Any]) -> None:
    """No ID, nothing counted, another word, or an error inside: uncertain, and it may be repeated."""
    outcome = success(**body).outcomes["d1"]

    assert isinstance(outcome, Uncertain)
    assert outcome.harmless


# ── refusals of a customer ──


def test_wrong_items_are_named_without_their_values() -> None:
    """Every entry of the description is told by its name and what is wrong with it; values stay out."""
    wrongs = [
        {"name": "お名前", "value": "見本 花子", "code": 6, "msg": "見本 花子は長すぎます"},
        {"name": "メールアドレス", "value": "hanako@example.co.jp", "code": "7", "msg": "?"},
        {"name": "役職", "value": ["秘密"], "code": 8, "msg": "?"},
        {"name": None, "value": "秘密", "code": 42, "msg": "?"},
        "noise",
    ]
    for shape in (wrongs, {str(place): each for place, each in enumerate(wrongs)}):
        outcome, verdict = error(400, "100", description=shape)

        told = reason(outcome)
        assert isinstance(outcome, Refused)
        assert "お名前 is too long; メールアドレス has a wrong format; 役職 does not exist" in told
        assert "something unnamed is wrong (code 42)" in told
        assert not any(secret in told for secret in ("花子", "hanako", "秘密"))
        assert verdict.definite


def test_a_single_description_may_be_an_object() -> None:
    """A sibling product writes one entry without a list around it."""
    outcome, _ = error(400, 100, description={"name": "会社名", "value": "x", "code": "1", "msg": "?"})

    assert reason(outcome).endswith("会社名 is required")


def test_an_id_that_is_not_there_says_which_and_what_to_do() -> None:
    """400/200 is a dead letter that names the customer's ID."""
    outcome, verdict = error(400, 200, payload={**PERSON, "顧客ID": "118"})

    assert isinstance(outcome, Refused)
    assert "no customer with the ID 118" in reason(outcome)
    assert "leave it out" in reason(outcome)
    assert verdict.kind == "fine"


def test_an_address_of_somebody_else_says_what_to_do() -> None:
    """400/201 is a dead letter that names the ID, and not the address, which stands in the delivery."""
    outcome, _ = error(400, 201, payload={**PERSON, "顧客ID": "118"})

    assert isinstance(outcome, Refused)
    assert "another customer than the one with the ID 118" in reason(outcome)
    assert "example.co.jp" not in reason(outcome)


# ── what stops the lane ──


@pytest.mark.parametrize(
    ("http", "code", "causes"),
    [
        (401, 1, ("個人設定 > その他", "変更", "API連携")),
        (402, 9, ("ライセンス",)),
        (403, 4, ("API連携", "個人情報の閲覧")),
        (403, 7, ("IP restriction", "egress", "mailbox")),
        (403, 0, ("API token", "API連携", "IP restriction", "mailbox", "ライセンス")),
        (404, 3, ("base_url", "version")),
        (405, 8, ("POST", "base_url")),
    ],
)
def test_the_lane_pauses_and_every_possible_cause_is_named(http: int, code: int, causes: tuple[str, ...]) -> None:
    """Nothing is lost: the delivery waits without having used an attempt."""
    outcome, verdict = error(http, code)

    assert verdict.kind == "paused"
    assert isinstance(outcome, Deferred)
    assert not outcome.burns
    assert all(cause in verdict.reason for cause in causes)


def test_the_nightly_maintenance_is_waited_out() -> None:
    """503/900 burns no attempt, says that it comes at night, and is one under HTTP 200 too."""
    for reading in (error(503, 900), error(503, "900")):
        outcome, verdict = reading
        assert isinstance(outcome, Deferred)
        assert not outcome.burns
        assert (verdict.kind, verdict.nightly, verdict.definite) == ("busy", True, True)


def test_other_errors_of_the_vendor_prove_nothing() -> None:
    """500/999 and a 503 that is not the maintenance may have come after the customer was stored."""
    for http, code in ((500, 999), (503, 999), (500, 900)):
        outcome, verdict = error(http, code)
        assert isinstance(outcome, Uncertain)
        assert outcome.harmless
        assert verdict.kind == "failing"


def test_too_many_calls_and_too_large_ones() -> None:
    """429/6 is the quota, 413/5 a customer that can never be sent."""
    assert error(429, 6)[1].kind == "quota"
    outcome, verdict = error(413, 5)
    assert isinstance(outcome, Refused)
    assert "5 MB" in reason(outcome)
    assert verdict.kind == "fine"


@pytest.mark.parametrize("http", [200, 400, 401, 403, 429, 500, 503])
@pytest.mark.parametrize("code", [1, 7, 100, 200, 201, 900, 999, None])
def test_the_echoed_request_is_in_no_reading(http: int, code: int | None) -> None:
    """`query` repeats whom the call was about; nothing of it is told, whatever the answer says."""
    outcome, verdict = error(http, code, description=[{"name": "x", "value": PERSON, "code": 1, "msg": str(PERSON)}])

    assert "花子" not in repr((outcome, verdict))
    assert "hanako" not in repr((outcome, verdict))


# ── the lane ──


def test_destinations_of_one_mailbox_share_a_lane() -> None:
    """The vendor counts by mailbox, whatever destinations are called."""
    at_home = {"base_url": "https://MD00.maildealer.jp", "mailbox": 1}

    assert {VENDOR.lane_name(name, at_home) for name in ("desk", "other")} == {"maildealer-md00-1"}
    assert VENDOR.lane_name("desk", {**at_home, "mailbox": 2}) == "maildealer-md00-2"
    assert VENDOR.lane_name("desk", {**at_home, "base_url": "http://[::1"}) == "maildealer-desk-1"


def test_slots_hold_the_vendors_minute() -> None:
    """Four calls each twelve seconds unless configured; a fixed address where asked for."""
    lane = VENDOR.lane(desk_account(calls_per_slot=5, egress="fixed"), "l")

    assert [(each.calls, each.per, each.slot_seconds) for each in lane.limits] == [(5, "slot", 12)]
    assert lane.egress == "fixed"
    assert VENDOR.lane(desk_account(), "l").limits[0].calls == 4


def most_in_a_minute(times: list[float]) -> int:
    """The most moments in any half-open span of 60 seconds."""
    times = sorted(times)
    return max(sum(1 for each in times if start <= each < start + 60) for start in times)


def moments(per_slot: int, late: st.SearchStrategy[float]) -> st.SearchStrategy[list[float]]:
    """When calls arrive of a lane at its worst: every slot full, each call anywhere in it, and late on its way."""
    in_slot = st.tuples(st.floats(min_value=0, max_value=11.999), late)
    slots = st.lists(st.lists(in_slot, min_size=per_slot, max_size=per_slot), min_size=1, max_size=12)
    return slots.map(
        lambda found: [number * SLOT_SECONDS + at + delay for number, calls in enumerate(found) for at, delay in calls],
    )


@settings(deadline=None, max_examples=300)
@given(times=moments(4, st.floats(min_value=0, max_value=12)))
def test_four_calls_a_slot_are_within_thirty_a_minute_even_if_they_are_late(times: list[float]) -> None:
    """Any 60 seconds of the vendor's see at most 28 calls, though each may be up to 12 seconds late on its own."""
    assert most_in_a_minute(times) <= 28


@settings(deadline=None, max_examples=300)
@given(times=moments(5, st.just(0.0)), skew=st.floats(min_value=-600, max_value=600))
def test_five_calls_a_slot_are_within_thirty_if_all_are_equally_late(times: list[float], skew: float) -> None:
    """A vendor's clock that is off shifts all calls alike: five a slot are exactly the limit."""
    assert most_in_a_minute([round(each + skew, 6) for each in times]) <= 30


def test_five_calls_a_slot_have_nothing_to_spare_and_six_are_too_many() -> None:
    """Five all late by chance break the limit, which is why four is the default and six cannot be configured."""
    in_time = [slot * 12.0 for slot in range(7)]
    late = [11.9 + 11.9, 12 + 11.9, *in_time[2:]]

    assert most_in_a_minute([each for each in in_time for _ in range(5)]) == 25
    assert most_in_a_minute([each for each in late for _ in range(5)]) == 35
    assert most_in_a_minute([each for each in [11.9, *in_time[1:]] for _ in range(6)]) == 36
    assert VENDOR.settings["calls_per_slot"].most == 5

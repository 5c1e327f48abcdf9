"""
One event and the routes: which drafts come of it, and what is in them.
"""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.model import Const, Event, Expr, FieldName, Mapped, Route
from chalicelib.routing import Draft, route
from chalicelib.routing.expressions import is_true

ARRIVED = datetime(2026, 1, 15, 2, 10, 5, tzinfo=UTC)
FIELDS = {
    "your-email": "taro@example.co.jp",
    "お名前": "山田　太郎",
    "customer[tel]": "０３-1234-5678",
    "agree": "yes",
    "tags": ["展示会", "資料請求"],
    "age": 42,
    "_id": "sender's own",
}


def event(**changes: Any) -> Event:
    """
    A contact form's event.
    """
    parts = {
        "source": "contact",
        "time": ARRIVED - timedelta(seconds=5),
        "fields": FIELDS,
        "dedupe": "d",
        "dedupe_seconds": 600,
        **changes,
    }
    return Event(**parts)


def way(**changes: Any) -> Route:
    """
    A route from the contact form.
    """
    return Route(**{"name": "r", "source": "contact", "destination": "lead", "operation": "upsert", **changes})


def drafts(event: Event, *ways: Route) -> list[Draft]:
    """
    What the routes make of the event.
    """
    return route(event, ways, arrived=ARRIVED, event_id="01JEVENT")


def draft(event: Event, **changes: Any) -> Draft:
    """
    What one route makes of the event.
    """
    (only,) = drafts(event, way(**changes))
    return only


def field(mapped: Mapped, event: Event) -> Any:
    """
    What one mapping gives.
    """
    made = draft(event, fields={"x": mapped})
    assert made.failed == ""
    return made.fields["x"]


# ── which drafts ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_route_of_the_source_makes_one_draft_in_order() -> None:
    """
    An event goes everywhere its source is routed to, and nowhere else.
    """
    ways = [way(name="a"), way(name="b", source="other"), way(name="c", destination="news")]
    assert [made.route.name for made in drafts(event(), *ways)] == ["a", "c"]


def test_only_routes_that_take_the_kind_make_drafts() -> None:
    """
    An opt-out takes the opt-out's road only.
    """
    ways = [way(name="in"), way(name="out", kinds=("unsubscribe", "delete"))]
    assert [made.route.name for made in drafts(event(kind="unsubscribe"), *ways)] == ["out"]
    assert drafts(event(kind="delete"), way()) == []


def test_an_ignored_event_is_seen_at_every_route_of_its_source() -> None:
    """
    What a sender's word says to ignore is accepted and visible, and nothing of it is kept a second time.
    """
    ways = [way(name="in"), way(name="out", kinds=("delete",)), way(source="other")]
    assert drafts(event(kind="ignore"), *ways) == [
        Draft(route=ways[0], skipped="ignored"),
        Draft(route=ways[1], skipped="ignored"),
    ]


def test_a_test_event_is_skipped_before_anything_is_mapped() -> None:
    """
    A sender's test delivery is shown and not sent, even where its fields would fail.
    """
    made = draft(event(test=True), when="length(age) > `1`", fields={"x": Expr("nfkc(tags)")})
    assert (made.skipped, made.failed, made.fields) == ("test", "", {})


@pytest.mark.parametrize("when", ["agree == 'yes'", "age == `42`", "tags[?@ == '展示会']", '"your-email"', "`0`"])
def test_a_condition_that_holds_lets_the_event_pass(when: str) -> None:
    """
    Truth is JMESPath's: only null, false, blank text and empty lists or objects are false.
    """
    assert draft(event(), when=when, fields={"x": Const("y")}) == Draft(
        route=way(when=when, fields={"x": Const("y")}),
        fields={"x": "y"},
    )


@pytest.mark.parametrize("when", ["agree == 'no'", "missing", "tags[?@ == 'x']", "`false`", "''", "`{}`", "age < `1`"])
def test_a_condition_that_does_not_hold_skips_the_event(when: str) -> None:
    """
    A skipped event is visible with its reason, without a copy of its fields.
    """
    made = draft(event(), when=when, fields={"x": FieldName("agree")})
    assert (made.skipped, made.failed, made.fields) == ("condition", "", {})


@settings(deadline=None)
@given(st.none() | st.booleans() | st.integers() | st.text(max_size=2) | st.lists(st.none(), max_size=1))
def test_truth_is_that_of_jmespath_itself(value: object) -> None:
    """
    A condition and a filter inside an expression agree on what is true.
    """
    made = draft(event(fields={"v": value}), fields={"x": Expr("v && 'true' || 'false'")})
    assert (made.fields["x"] == "true") == is_true(value)


# ── mappings ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["your-email", "お名前", "customer[tel]", "tags", "age"])
def test_a_bare_name_is_the_literal_name_of_a_field(name: str) -> None:
    """
    Names with hyphens, brackets or Japanese need no quoting, and the value arrives as it is.
    """
    assert field(FieldName(name), event()) == FIELDS[name]


def test_a_field_that_did_not_come_is_null() -> None:
    """
    An unticked checkbox is no error.
    """
    assert field(FieldName("absent"), event()) is None
    assert field(FieldName("tags[0]"), event()) is None


@pytest.mark.parametrize("value", ["問合せフォーム", 5, 0.5, True, ""])
def test_a_constant_is_always_the_same(value: object) -> None:
    """
    Constants do not depend on the event.
    """
    assert field(Const(value), event(fields={})) == value  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('split_name("お名前").last', "山田"),
        ('digits("customer[tel]")', "0312345678"),
        ("join('、', tags)", "展示会、資料請求"),
        ("agree == 'yes' && 'approval' || `null`", "approval"),
        ("_time", "2026-01-15T11:10:00+09:00"),
        ("_arrived", "2026-01-15T11:10:05+09:00"),
        ("jst(_time)", "2026-01-15 11:10:00"),
        ("[_kind, _source, _id]", ["upsert", "contact", "01JEVENT"]),
        ("default(missing, 'x')", "x"),
        ('sort_by(`[{"a": 2}, {"a": 1}]`, &a)[0].a', 1),
        ("missing", None),
    ],
)
def test_an_expression_reads_fields_and_the_events_own_data(text: str, expected: object) -> None:
    """
    JMESPath with our functions; times are Japan's, and our own names win over a sender's.
    """
    assert field(Expr(text), event()) == expected


def test_a_time_at_the_end_of_the_calendar_is_still_a_time() -> None:
    """
    A sender's "never" (31 December 9999) does not break the mapping of other fields.
    """
    last = datetime.max.replace(tzinfo=UTC)
    assert field(Expr("_time"), event(time=last)) == "9999-12-31T23:59:59+00:00"


def test_event_times_of_any_zone_are_told_in_japans() -> None:
    """
    An event's zone does not matter.
    """
    zoned = ARRIVED.astimezone(timezone(timedelta(hours=-5)))
    assert field(Expr("_time"), event(time=zoned)) == "2026-01-15T11:10:05+09:00"


@pytest.mark.parametrize(
    ("mapped", "text"),
    [
        (Const(12), "12"),
        (Const(value=True), "1"),
        (Const(value=False), "0"),
        (Const(2.0), "2"),
        (Const("12"), "12"),
        (Expr("age"), "42"),
        (Expr("agree == 'yes'"), "1"),
        (FieldName("agree"), "yes"),
    ],
)
def test_settings_become_text(mapped: Mapped, text: str) -> None:
    """
    Vendors are sent their settings as text: numbers as people write them, yes and no as 1 and 0.
    """
    assert draft(event(), settings={"gid": mapped}).settings == {"gid": text}


def test_a_setting_without_a_value_is_left_out() -> None:
    """
    Null means: not set, so the vendor's default holds.
    """
    assert draft(event(), settings={"gid": FieldName("absent"), "spid": Expr("missing")}).settings == {}


# ── failures ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("nfkc(tags)", "nfkc() wants text, not a list"),
        ("length(age)", "length() wants text or a list or an object, not a number"),
        ("sum(tags)", "sum() wants a list of numbers, not text"),
        ("to_number('nan')", "gives an &expression or a number beyond JSON, which is no value"),
        ('jst("お名前")', "jst() cannot read its first argument as a time"),
        ("replace(agree, '', 'x')", "replace() wants texts as its second and third argument, the second not empty"),
        ('max_by(`[{"a": 1}, {"a": "x"}]`, &a)', "does not suit the values of this event (TypeError)"),
        ("join_nonblank(missing, tags)", "join_nonblank() wants a text to join with as its first argument"),
        ("join_nonblank(' ', agree)", "join_nonblank() wants a list as its second argument, not text"),
        ("&agree", "gives an &expression or a number beyond JSON, which is no value"),
        ("tags[::0]", "does not suit the values of this event (ValueError)"),
        ("jst(age, '%Y', 'x')", "jst() takes at most 2 arguments, not 3"),
        ("trim()", "trim() has a wrong number of arguments"),
        ("a b", "is not JMESPath"),
    ],
)
def test_an_expression_that_fails_is_told_by_its_place_and_reason(text: str, reason: str) -> None:
    """
    The draft fails visibly, with the mapping's path and what was wanted; what the visitor typed stays out of it.
    """
    made = draft(event(), fields={"memo": Expr(text)})
    assert made.failed == f"fields.memo: {reason}"
    assert made.fields == {}


def test_every_mapping_that_fails_is_named() -> None:
    """
    All faults of a draft are told at once, fields and settings.
    """
    made = draft(
        event(),
        fields={"a": Expr("nfkc(tags)"), "b": FieldName("agree"), "c": Expr("digits(tags)")},
        settings={"gid": FieldName("tags"), "spid": Const(1)},
    )
    assert made.failed == (
        "fields.a: nfkc() wants text, not a list; fields.c: digits() wants text, not a list; "
        "settings.gid: gives a list, where a setting is text, a number, or true or false"
    )
    assert (made.fields, made.settings) == ({}, {})


def test_a_condition_that_fails_fails_the_draft() -> None:
    """
    A condition that cannot be decided neither sends nor skips.
    """
    made = draft(event(), when="starts_with(age, '4')")
    assert (made.failed, made.skipped) == ("when: starts_with() wants text, not a number", "")


def test_one_failing_route_leaves_the_others_alone() -> None:
    """
    Each route stands for itself.
    """
    made = drafts(event(), way(fields={"x": Expr("nfkc(tags)")}), way(fields={"x": FieldName("agree")}))
    assert [bool(one.failed) for one in made] == [True, False]
    assert made[1].fields == {"x": "yes"}


@settings(deadline=None)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=4))
def test_any_value_of_a_field_gives_a_draft(value: object) -> None:
    """
    No field's value brings the routing down.
    """
    text = "join_nonblank(' ', [trim(v), lower(v), jst(v)]) || split_name(v).last || sort(v)[0] || v > `1`"
    made = draft(event(fields={"v": value}), when="`true`", fields={"x": Expr(text)}, settings={"s": FieldName("v")})
    assert made.failed or made.fields.keys() == {"x"}


def test_deeply_nested_data_fails_by_a_reason_too() -> None:
    """
    Data nested beyond all measure is a failed draft.
    """
    value: Any = "x"
    for _ in range(5_000):
        value = [value]
    assert draft(event(fields={"v": value}), fields={"x": Expr("v")}).failed == "fields.x: is nested too deeply"


def test_a_drafts_words_show_no_fields() -> None:
    """
    A draft in a log or traceback keeps what people typed to itself.
    """
    assert "taro@example.co.jp" not in repr(draft(event(), fields={"email": FieldName("your-email")}))


def test_bare_names_need_no_expression_library() -> None:
    """
    A relay whose mappings are names and constants starts without JMESPath.
    """
    program = (
        "import sys\n"
        "from datetime import UTC, datetime\n"
        "from chalicelib.model import Const, Event, FieldName, Route\n"
        "from chalicelib.routing import route\n"
        "now = datetime(2026, 1, 15, tzinfo=UTC)\n"
        "event = Event(source='s', time=now, fields={'a': 'b'}, dedupe='d', dedupe_seconds=1)\n"
        "fields = {'x': FieldName('a'), 'y': Const(1)}\n"
        "way = Route(name='r', source='s', destination='d', operation='o', fields=fields)\n"
        "print(dict(route(event, [way], arrived=now, event_id='i')[0].fields), 'jmespath' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
        check=True,
    )
    assert done.stdout == "{'x': 'b', 'y': 1} False\n"

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.model import Contact, Delivery, Effect, MergeRules
from chalicelib.planning.merge import merge, merge_two, overtaken_by_state, stamp, trim
from tests.unit.planning.make import TEN, delivery

RULES = MergeRules(
    append=frozenset({"append_tags"}),
    opt_out={"delivery_permission": "reject"},
    identity=frozenset({"email"}),
    required=frozenset({"route"}),
)


def values_of(merged: dict[str, tuple[str, datetime]]) -> dict[str, str]:
    return {name: value for name, (value, _) in merged.items()}


def test_the_newest_value_wins_and_blank_keeps() -> None:
    """A later form changes what it says and leaves alone what it leaves blank."""
    merged = merge(
        [delivery(1, {"email": "a", "name": "old", "memo": "kept"}), delivery(2, {"name": "new", "memo": ""})], RULES
    )

    assert values_of(merged) == {"email": "a", "name": "new", "memo": "kept"}


def test_blank_is_a_value_where_the_vendor_is_told_so() -> None:
    """With overwrite_type 2 an empty cell empties the vendor's."""
    rules = MergeRules(blank_counts=True)

    assert values_of(merge([delivery(1, {"memo": "x"}), delivery(2, {"memo": ""})], rules)) == {"memo": ""}


def test_tags_add_up() -> None:
    """Tags of several forms are all sent, each once, in the order they came."""
    merged = merge([delivery(1, {"append_tags": "展示会, 資料"}), delivery(2, {"append_tags": "資料,見積"})], RULES)

    assert values_of(merged)["append_tags"] == "展示会,資料,見積"


def test_an_opt_out_beats_an_opt_in_of_the_same_batch() -> None:
    """Whoever said no in one of the merged events is not written to, whatever the others say."""
    out, opt_in = {"delivery_permission": "reject"}, {"delivery_permission": "approval"}

    assert values_of(merge([delivery(1, out), delivery(2, opt_in)], RULES)) == out
    assert values_of(merge([delivery(1, opt_in), delivery(2, out)], RULES)) == out


PAYLOADS = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["", "a", "b"]),
        "memo": st.sampled_from(["", "x", "y"]),
        "append_tags": st.sampled_from(["", "t1", "t2", "t1,t2"]),
        "delivery_permission": st.sampled_from(["", "approval", "reject"]),
    },
)
EVENTS = st.lists(PAYLOADS, min_size=1, max_size=5).map(
    lambda payloads: [delivery(minute, payload) for minute, payload in enumerate(payloads)],
)


@given(EVENTS, st.randoms())
def test_merging_does_not_depend_on_the_order_of_arrival(events: list[Delivery], chance: object) -> None:
    """However deliveries are shuffled, what is sent is the same."""
    shuffled = list(events)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]

    assert merge(shuffled, RULES) == merge(events, RULES)


@given(EVENTS, st.integers(0, 5), st.integers(0, 5))
def test_merging_is_associative(events: list[Delivery], one: int, two: int) -> None:
    """Merging in parts, wherever the parts are cut, gives the same values as merging at once."""
    first, second = sorted((min(one, len(events)), min(two, len(events))))
    parts = [events[:first], events[first:second], events[second:]]
    merged: dict[str, tuple[str, datetime]] = {}
    for part in parts:
        merged = merge_two(merged, merge(part, RULES), RULES)

    assert values_of(merged) == values_of(merge(events, RULES))


@given(EVENTS)
def test_merging_is_idempotent(events: list[Delivery]) -> None:
    """A delivery that is merged twice changes nothing the second time."""
    once = merge(events, RULES)

    assert merge_two(once, once, RULES) == once


@given(EVENTS)
def test_nothing_brings_back_an_opt_out(events: list[Delivery]) -> None:
    """As soon as one of the merged events says reject, the result says reject."""
    said = {each.payload.get("delivery_permission") for each in events}
    if "reject" in said:
        assert values_of(merge(events, RULES))["delivery_permission"] == "reject"


def test_an_older_event_sends_only_what_is_not_newer_there() -> None:
    """A late webhook does not take back a newer name, but still brings what nobody has said since."""
    contact = Contact(id="c", lane="l", times={"name": TEN + timedelta(minutes=5)}, kept={"route": "newer"})
    late = merge([delivery(1, {"email": "a", "name": "old", "memo": "m", "route": "older"})], RULES)

    trimmed = trim(late, contact, RULES)

    assert trimmed is not None
    assert values_of(trimmed) == {"email": "a", "memo": "m", "route": "older"}


def test_a_required_field_travels_with_the_newest_value() -> None:
    """A field that the vendor demands in every call is filled with what was delivered last, not with an older value."""
    newer = TEN + timedelta(minutes=5)
    contact = Contact(id="c", lane="l", times={"route": newer}, kept={"route": "newer"})
    late = merge([delivery(1, {"email": "a", "memo": "m", "route": "older"})], RULES)

    trimmed = trim(late, contact, RULES)

    assert trimmed is not None
    assert trimmed["route"] == ("newer", newer)


def test_an_event_with_nothing_new_is_superseded() -> None:
    """If all that an old event says is newer at the vendor, there is nothing to send."""
    times = dict.fromkeys(("name", "route"), TEN + timedelta(minutes=5))
    late = merge([delivery(1, {"email": "a", "name": "old", "route": "older"})], RULES)

    assert trim(late, Contact(id="c", lane="l", times=times), RULES) is None


def test_an_address_alone_is_worth_sending() -> None:
    """A registration that carries nothing but the address still puts the person into the group."""
    contact = Contact(id="c", lane="l", times={"name": TEN})

    assert trim(stamp(delivery(1, {"email": "a"}), RULES), contact, RULES) is not None


def test_data_older_than_an_opt_out_is_overtaken() -> None:
    """At some vendors a registration would make a stopped address deliverable again; an older one is not sent."""
    contact = Contact(id="c", lane="l", times={"$opt_out@gid=12": TEN + timedelta(minutes=5)})
    scoped = MergeRules(scope="gid=12")

    assert overtaken_by_state(delivery(1, {}), contact, scoped)
    assert not overtaken_by_state(delivery(6, {}), contact, scoped)
    assert not overtaken_by_state(delivery(1, {}), contact, MergeRules(scope="gid=13"))


def test_a_delete_is_never_overtaken() -> None:
    """An opt-out or a delete is never dropped as old: it is sent, whatever came since."""
    contact = Contact(id="c", lane="l", times={"$remove@": TEN + timedelta(minutes=5)})

    assert not overtaken_by_state(delivery(1, {}, effect=Effect.REMOVE), contact, RULES)
    assert overtaken_by_state(delivery(1, {}, effect=Effect.OPT_IN), contact, RULES)


def test_a_registration_in_another_group_is_news() -> None:
    """Whoever signed up for a newsletter joins it, although a newer event of another group has said all the values."""
    newer = TEN + timedelta(minutes=5)
    late = stamp(delivery(1, {"email": "a", "name": "old"}), RULES)
    elsewhere = Contact(id="c", lane="l", times={"name": newer, "$data@gid=12": newer})
    here = Contact(id="c", lane="l", times={"name": newer, "$data@gid=13": newer})
    scoped = MergeRules(identity=frozenset({"email"}), scope="gid=13")

    assert trim(late, elsewhere, scoped) == {"email": ("a", TEN + timedelta(minutes=1))}
    assert trim(late, here, scoped) is None


def test_what_was_said_at_the_moment_last_delivered_is_said_again() -> None:
    """Only what is newer at the vendor is left out: of two values of one moment the later arrival counts."""
    contact = Contact(id="c", lane="l", times={"name": TEN + timedelta(minutes=1)})
    same = stamp(delivery(1, {"email": "a", "name": "b"}), RULES)

    assert trim(same, contact, RULES) == same
    one, other = ({"name": (value, TEN)} for value in ("first", "second"))
    assert merge_two(one, other, RULES)["name"][0] == "second"


def test_a_required_field_without_a_known_value_is_filled_unless_blank_counts() -> None:
    """The vendor demands it: the older value goes, unless leaving it out can be told apart; then a person decides."""
    times = {"route": TEN + timedelta(minutes=5)}
    late = stamp(delivery(1, {"email": "a", "memo": "m", "route": "older"}), RULES)
    blank = MergeRules(identity=RULES.identity, required=RULES.required, blank_counts=True)
    known = Contact(id="c", lane="l", times=times, kept={"route": "newer"})
    unknown = Contact(id="c", lane="l", times=times)

    assert [(trim(late, each, RULES) or {})["route"][0] for each in (known, unknown)] == ["newer", "older"]
    assert (trim(late, known, blank) or {})["route"][0] == "newer"
    assert "route" not in (trim(late, unknown, blank) or {})


def test_tags_and_refusals_carry_the_newest_time() -> None:
    """What adds up is as new as its newest part, and a refusal beats a permission on either side."""
    early, late = TEN, TEN + timedelta(minutes=1)
    tags = merge_two({"append_tags": ("a", early)}, {"append_tags": ("b", late)}, RULES)
    refused = [
        merge_two({"delivery_permission": (one, late)}, {"delivery_permission": (other, early)}, RULES)
        for one, other in (("approval", "reject"), ("reject", "approval"))
    ]

    assert tags == {"append_tags": ("a,b", late)}
    assert refused == [{"delivery_permission": ("reject", late)}] * 2


def test_a_registration_is_news_by_its_newest_part() -> None:
    """Two forms of one address, one before and one after the last registration of the group: the group is joined."""
    last = TEN + timedelta(minutes=2)
    scoped = MergeRules(identity=frozenset({"email"}), scope="gid=13")
    contact = Contact(id="c", lane="l", times={"name": TEN + timedelta(minutes=9), "$data@gid=13": last})
    both = {"email": ("a", TEN + timedelta(minutes=3)), "name": ("old", TEN + timedelta(minutes=1))}
    same = {"email": ("a", last), "name": ("old", last)}

    assert trim(both, contact, scoped) is not None
    assert trim(same, contact, scoped) is None


def test_a_delete_is_not_overtaken_by_a_newer_opt_out_either() -> None:
    """Who is stopped is still there; who asked to be deleted before shall not be."""
    contact = Contact(id="c", lane="l", times={"$opt_out@": TEN + timedelta(minutes=5)})

    assert not overtaken_by_state(delivery(1, {}, effect=Effect.REMOVE), contact, RULES)

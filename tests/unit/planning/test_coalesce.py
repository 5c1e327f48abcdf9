from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.model import Contact, Delivery, Effect, MergeRules, Pending, State
from chalicelib.planning.coalesce import MERGED_MAX, Plan, coalesce, of_today, plan_contact
from tests.unit.planning.make import TEN, delivery

RULES = MergeRules(identity=frozenset({"email"}))
NOON = TEN + timedelta(hours=2)


def rules(_delivery: Delivery) -> MergeRules:
    return RULES


def plan(*deliveries: Delivery, contact: Contact | None = None, settle_seconds: float = 0) -> Plan:
    known = contact or Contact(id="c", lane="l")
    return plan_contact(deliveries, known, rules, now=NOON, settle_seconds=settle_seconds)


def pending(minute: int, key: str, effect: Effect) -> Pending:
    return Pending(event_time=TEN + timedelta(minutes=minute), delivery_id=f"E{minute:03d}.1", key=key, effect=effect)


def test_one_contacts_updates_become_one_line() -> None:
    """Three forms of one person are one line with the newest values, which stands for all three."""
    made = plan(
        delivery(1, {"email": "a", "name": "1"}), delivery(3, {"email": "a", "memo": "3"}), delivery(2, {"name": "2"})
    )

    assert len(made.lines) == 1
    assert made.lines[0].payload == {"email": "a", "name": "2", "memo": "3"}
    assert made.lines[0].deliveries == ("E001.1", "E002.1", "E003.1")


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 99)), unique_by=lambda each: each[1], max_size=30))
def test_each_contact_appears_once_and_no_row_is_lost(rows: list[tuple[int, int]]) -> None:
    """However the rows of several contacts are mixed, each contact has one line, and every row is in one of them."""
    made = coalesce(
        [delivery(minute, {"email": str(who)}, contact=f"c{who}") for who, minute in rows],
        {},
        rules,
        now=NOON,
        settle_seconds=0,
    )

    assert len({line.contact for line in made.lines}) == len(made.lines)
    assert sorted(each for line in made.lines for each in line.deliveries) == sorted(f"E{m:03d}.1" for _, m in rows)


def test_operations_that_do_not_merge_travel_in_order() -> None:
    """A registration and a later stop are two calls: the stop waits until the registration has gone."""
    register = delivery(1, {"email": "a"}, effect=Effect.DATA, operation="register")
    stop = delivery(2, {"email": "a"}, effect=Effect.OPT_OUT, operation="stop")

    made = plan(register, stop)

    assert [line.deliveries for line in made.lines] == [("E001.1",)]


def test_a_stop_waits_for_an_older_registration_under_another_key() -> None:
    """The contact's list tells of the registration although it is not among the rows of the stop's key."""
    stop = delivery(2, {"email": "a"}, effect=Effect.OPT_OUT, key="stop")
    contact = Contact(id="c", lane="l", pending=(pending(1, "reg", Effect.DATA), pending(2, "stop", Effect.OPT_OUT)))

    made = plan(stop, contact=contact)

    assert (made.lines, made.blocked[0].behind) == ((), "reg")


def test_registrations_under_two_keys_do_not_wait_for_each_other() -> None:
    """Two groups are two files; per-field times keep the values right in whatever order the files go."""
    second = delivery(2, {"email": "a"}, key="gid-13")
    contact = Contact(id="c", lane="l", pending=(pending(1, "gid-12", Effect.DATA), pending(2, "gid-13", Effect.DATA)))

    assert len(plan(second, contact=contact).lines) == 1


def test_an_opt_in_older_than_a_waiting_opt_out_is_superseded() -> None:
    """Nobody is made deliverable for a moment on the way to being stopped."""
    allow = delivery(1, {"email": "a"}, effect=Effect.OPT_IN, operation="allow")
    stop = delivery(2, {"email": "a"}, effect=Effect.OPT_OUT, operation="stop")

    made = plan(allow, stop)

    assert [each.delivery.id for each in made.overtaken] == ["E001.1"]
    assert [line.deliveries for line in made.lines] == [("E002.1",)]


def test_a_newer_opt_in_follows_the_opt_out() -> None:
    """Who says no and later yes is stopped and then made deliverable, in this order."""
    stop = delivery(1, {"email": "a"}, effect=Effect.OPT_OUT, operation="stop")
    allow = delivery(2, {"email": "a"}, effect=Effect.OPT_IN, operation="allow")

    made = plan(stop, allow)

    assert [line.deliveries for line in made.lines] == [("E001.1",)]
    assert made.overtaken == ()


def test_two_calls_that_do_not_merge_keep_their_distance() -> None:
    """An accepted file is worked off later: what must come after it waits the settling time."""
    just_now = Contact(id="c", lane="l", last_effect=Effect.DATA, last_call_at=NOON - timedelta(seconds=100))
    stop = delivery(2, {"email": "a"}, effect=Effect.OPT_OUT)

    assert plan(stop, contact=just_now, settle_seconds=300).blocked[0].until == NOON + timedelta(seconds=200)
    assert len(plan(stop, contact=just_now, settle_seconds=100).lines) == 1
    assert len(plan(delivery(2, {"email": "a"}), contact=just_now, settle_seconds=300).lines) == 1


@pytest.mark.parametrize(
    ("head", "contact"),
    [
        (delivery(1, {}, after=NOON + timedelta(minutes=5)), Contact(id="c", lane="l")),
        (delivery(1, {}, state=State.SENDING, sending_until=NOON + timedelta(minutes=5)), Contact(id="c", lane="l")),
        (delivery(1, {}), Contact(id="c", lane="l", lease="call", lease_until=NOON + timedelta(minutes=5))),
    ],
)
def test_newer_deliveries_wait_behind_the_oldest(head: Delivery, contact: Contact) -> None:
    """While the oldest backs off, is being sent, or another call has the contact, nothing newer overtakes it."""
    made = plan(head, delivery(2, {"email": "a"}), contact=contact)

    assert made.lines == ()
    assert made.blocked[0].until == NOON + timedelta(minutes=5)
    assert made.blocked[0].deliveries == ("E001.1", "E002.1")


def test_what_was_refused_together_is_tried_apart() -> None:
    """After a merged line was refused, each of its deliveries goes alone, so that only the bad one dies."""
    made = plan(delivery(1, {"email": "a"}, alone=True), delivery(2, {"email": "a"}, alone=True))

    assert [line.deliveries for line in made.lines] == [("E001.1",)]


def test_a_delivery_in_flight_is_never_called_overtaken() -> None:
    """A row that a worker is sending right now stays that worker's to settle."""
    contact = Contact(id="c", lane="l", times={"$remove@": NOON}, lease="x", lease_until=NOON + timedelta(seconds=9))
    flying = delivery(1, {"email": "a"}, state=State.SENDING, sending_until=NOON + timedelta(seconds=9))

    assert plan(flying, contact=contact).overtaken == ()


def test_nothing_is_merged_across_what_belongs_in_between() -> None:
    """Allowed, stopped, allowed again: the second permission does not travel with the first, ahead of the stop."""
    first = delivery(1, {"email": "a"}, effect=Effect.OPT_IN, key="allow")
    second = delivery(3, {"email": "a"}, effect=Effect.OPT_IN, key="allow")
    between = (
        pending(1, "allow", Effect.OPT_IN),
        pending(2, "stop", Effect.OPT_OUT),
        pending(3, "allow", Effect.OPT_IN),
    )

    made = plan(first, second, contact=Contact(id="c", lane="l", pending=between))

    assert [line.deliveries for line in made.lines] == [("E001.1",)]


def test_two_stops_are_one_whatever_was_allowed_in_between() -> None:
    """Stopped, allowed, stopped again: nobody is made deliverable for a moment on the way."""
    stops = [delivery(minute, {"email": "a"}, effect=Effect.OPT_OUT, key="stop") for minute in (1, 3)]
    between = Contact(id="c", lane="l", pending=(pending(2, "allow", Effect.OPT_IN),))

    assert [line.deliveries for line in plan(*stops, contact=between).lines] == [("E001.1", "E003.1")]


KINDS = st.tuples(st.integers(0, 2), st.sampled_from(Effect), st.sampled_from(["a", "b"]), st.booleans())


@given(st.lists(KINDS, max_size=120))
def test_lines_are_alike_bounded_and_lose_no_row(rows: list[tuple[int, Effect, str, bool]]) -> None:
    """Each row is in one line, waits, or is overtaken; a line has one operation and key, and fits a transaction."""
    made = coalesce(
        [
            delivery(
                place, {"email": str(who)}, contact=f"c{who}", effect=effect, operation=effect, key=key, alone=alone
            )
            for place, (who, effect, key, alone) in enumerate(rows)
        ],
        {},
        rules,
        now=NOON,
        settle_seconds=0,
    )
    sent = [name for line in made.lines for name in line.deliveries]
    over = [each.delivery.id for each in made.overtaken]

    assert len(set(sent + over)) == len(sent + over)
    assert set(sent + over) <= {f"E{place:03d}.1" for place in range(len(rows))}
    assert len({line.contact for line in made.lines}) == len(made.lines) == len({who for who, *_ in rows})
    for line in made.lines:
        members = [made.members[name] for name in line.deliveries]
        assert len({(each.operation, each.key) for each in members}) == 1
        assert len(members) <= MERGED_MAX
        assert len(members) == 1 or not any(each.alone for each in members)


def test_a_plan_gathers_what_becomes_of_every_contact() -> None:
    """Of four contacts one is sent, one is overtaken, one waits, and one that our own code fails on stops nobody."""
    gone = Contact(id="gone", lane="l", times={"$remove@": NOON})

    def failing(each: Delivery) -> MergeRules:
        if each.contact == "bad":
            raise ZeroDivisionError
        return RULES

    made = coalesce(
        [
            delivery(1, {"email": "a", "name": "x"}, contact="sent", attempts=2),
            delivery(2, {"email": "a", "name": "y"}, contact="sent", attempts=1),
            delivery(3, {"email": "b"}, contact="gone"),
            delivery(4, {"email": "c"}, contact="waits", after=NOON + timedelta(minutes=1)),
            delivery(5, {"email": "d"}, contact="bad"),
        ],
        {"gone": gone},
        failing,
        now=NOON,
        settle_seconds=0,
    )

    assert [(line.deliveries, line.attempts) for line in made.lines] == [(("E001.1", "E002.1"), 2)]
    assert made.lines[0].times["name"] == TEN + timedelta(minutes=2)
    assert set(made.members) == {"E001.1", "E002.1"}
    assert [(each.delivery.id, each.why) for each in made.overtaken] == [("E003.1", "overtaken by a newer remove")]
    assert [(each.deliveries, each.why) for each in made.blocked] == [(("E004.1",), "backing off")]
    assert [(each.id, why) for each, why in made.poison] == [("E005.1", "ZeroDivisionError")]


def test_the_overtaken_are_told_of_also_where_others_wait_or_have_nothing_to_say() -> None:
    """What is pointless is finished at once, whatever holds up or empties the rest of the contact's plan."""
    old = delivery(1, {"email": "a"}, effect=Effect.OPT_IN)
    stop = delivery(2, {"email": "a"}, effect=Effect.OPT_OUT, after=NOON + timedelta(minutes=1))
    stale = delivery(3, {"email": "a", "name": "old"})
    known = Contact(id="c", lane="l", times={"name": NOON, "$remove@": TEN + timedelta(minutes=1)})

    assert [each.delivery.id for each in plan(old, stop).overtaken] == ["E001.1"]
    assert [each.why for each in plan(delivery(1, {"email": "a"}), stale, contact=known).overtaken] == [
        "overtaken by a newer remove",
        "a newer event has been delivered",
    ]


def test_what_waits_goes_at_the_very_moment() -> None:
    """A lease that ends now has ended, and a backoff until now is over."""
    leased = Contact(id="c", lane="l", lease="call", lease_until=NOON)

    assert len(plan(delivery(1, {"email": "a"}), contact=leased).lines) == 1
    assert len(plan(delivery(1, {"email": "a"}, after=NOON)).lines) == 1


def test_a_delivery_that_is_tried_alone_takes_no_other_along() -> None:
    """Neither as the first of a line nor behind others."""
    alone = delivery(2, {"email": "a"}, alone=True)

    assert [line.deliveries for line in plan(delivery(1, {"email": "a"}), alone).lines] == [("E001.1",)]
    assert [line.deliveries for line in plan(alone, delivery(3, {"email": "a"})).lines] == [("E002.1",)]


def test_the_oldest_of_what_stands_in_front_is_named() -> None:
    """Whoever clears the way knows where to begin."""
    waits = (pending(1, "reg", Effect.DATA), pending(2, "allow", Effect.OPT_IN))
    stop = delivery(3, {"email": "a"}, effect=Effect.REMOVE, key="delete")

    assert plan(stop, contact=Contact(id="c", lane="l", pending=waits)).blocked[0].behind == "reg"


def test_two_changes_are_not_merged_across_a_deletion_of_the_same_key() -> None:
    """Changed, deleted, changed again, all under one key: the second change does not travel with the first."""
    made = plan(
        delivery(1, {"email": "a", "name": "1"}),
        delivery(2, {"email": "a"}, effect=Effect.REMOVE, operation="delete"),
        delivery(3, {"email": "a", "name": "3"}),
    )

    assert [line.deliveries for line in made.lines] == [("E001.1",)]


def test_a_yes_and_a_no_of_one_moment_are_a_no() -> None:
    """Where a person said both at once, the permission is overtaken."""
    yes = delivery(1, {"email": "a"}, effect=Effect.OPT_IN, operation="allow", id="E001.1")
    no = delivery(1, {"email": "a"}, effect=Effect.OPT_OUT, operation="stop", id="E001.2")

    made = plan(yes, no)

    assert [(each.delivery.id, each.by) for each in made.overtaken] == [("E001.1", "E001.2")]
    assert [line.deliveries for line in made.lines] == [("E001.2",)]


@pytest.mark.parametrize(
    ("effect", "goes"),
    [(Effect.OPT_OUT, True), (Effect.REMOVE, True), (Effect.DATA, False)],
)
def test_what_a_person_holds_does_not_hold_up_an_opt_out(effect: Effect, goes: bool) -> None:  # noqa: FBT001
    """An older row under a held key: an opt-out and a deletion go before it, anything else waits for the person."""
    mine = delivery(2, {"email": "a", "name": "1"}, effect=effect, key="mine")
    older = pending(1, "held", Effect.OPT_OUT if effect is Effect.DATA else Effect.DATA)
    contact = Contact(id="c", lane="l", pending=(older, pending(2, "mine", effect)))
    given = {"now": NOON, "settle_seconds": 0.0}

    assert plan_contact([mine], contact, rules, **given).blocked[0].behind == "held"  # type: ignore[arg-type]
    assert bool(plan_contact([mine], contact, rules, held_keys={"held"}, **given).lines) is goes  # type: ignore[arg-type]


def test_a_plan_knows_how_many_it_has_disposed_of() -> None:
    """Sent, overtaken and poisoned alike; whoever gave it more knows that there are more."""
    one, two = delivery(1, {"email": "a"}), delivery(2, {"email": "a"})
    made = Plan(
        members={one.id: one, two.id: two},
        overtaken=plan(
            delivery(1, {"email": "a"}, effect=Effect.OPT_IN), delivery(2, {"email": "a"}, effect=Effect.OPT_OUT)
        ).overtaken,
        poison=((one, "ValueError"), (two, "ValueError"), (one, "KeyError")),
    )

    assert made.spoken_of == 6


MESSAGES = MergeRules(identity=frozenset({"email"}), merges=False, whole=True, per_day=2)


def messages(*deliveries: Delivery, contact: Contact) -> Plan:
    return plan_contact(deliveries, contact, lambda _: MESSAGES, now=NOON, settle_seconds=0)


@pytest.mark.parametrize(
    ("day", "count", "goes"), [("2026-11-21", 1, True), ("2026-11-21", 2, False), ("2026-11-20", 9, True)]
)
def test_an_address_gets_so_many_messages_a_day(day: str, count: int, goes: bool) -> None:  # noqa: FBT001 - a parameter
    """What comes after the last one of today is superseded, with the reason; yesterday's count for nothing."""
    made = messages(delivery(1, {"email": "a"}), contact=Contact(id="c", lane="l", day=day, day_count=count))

    assert bool(made.lines) == goes
    assert [each.why for each in made.overtaken] == ([] if goes else ["the address has had its 2 of the day"])


@pytest.mark.parametrize(("per_day", "goes"), [(0, True), (1, False), (2, True)])
def test_one_message_a_day_is_one(per_day: int, goes: bool) -> None:  # noqa: FBT001 - a parameter
    """An address that has had one gets no second where one is the bound; where there is none, it does."""
    bound = replace(MESSAGES, per_day=per_day)
    contact = Contact(id="c", lane="l", day="2026-11-21", day_count=1)
    made = plan_contact([delivery(1, {"email": "a"})], contact, lambda _: bound, now=NOON, settle_seconds=0)

    assert bool(made.lines) == goes


def test_a_message_that_is_on_its_way_is_left_alone() -> None:
    """What a worker has in hand is its to settle, however many the address has had."""
    contact = Contact(id="c", lane="l", day="2026-11-21", day_count=9)
    made = messages(delivery(1, {"email": "a"}, state=State.SENDING), contact=contact)

    assert (made.overtaken, made.lines) == ((), ())


def test_the_day_of_an_address_is_tokyos() -> None:
    """One minute after midnight in Tokyo the count is that of the new day."""
    midnight = datetime(2026, 11, 21, 15, 1, tzinfo=UTC)
    contact = Contact(id="c", lane="l", day="2026-11-21", day_count=2)

    assert (of_today(contact, midnight).day, of_today(contact, midnight).day_count) == ("2026-11-22", 0)
    assert of_today(contact, midnight - timedelta(minutes=2)) is contact


def test_a_message_is_never_shortened_by_what_is_newer() -> None:
    """Every message says all that it has to say, in whatever order the events come."""
    contact = Contact(id="c", lane="l", times={"memo": NOON, "name": NOON})
    made = messages(delivery(1, {"email": "a", "memo": "x", "name": "y"}), contact=contact)

    assert made.lines[0].payload == {"email": "a", "memo": "x", "name": "y"}

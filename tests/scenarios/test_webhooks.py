"""
A CRM's webhooks: many events at once, resent, late, unreadable.
"""

from __future__ import annotations

import json

import pytest

from chalicelib.model import Envelope, State
from chalicelib.relay.viewing import OperatorError
from tests.scenarios.world import CONFIG, SECRETS, World

TO_SATORI = (
    CONFIG
    + """
[[routes]]
from = "crm"
to = "satori"
operation = "upsert"
[routes.fields]
email = "email"
last_name = "name"
collection_route = { const = "CRM" }
"""
)


def events(*records: dict[str, str]) -> bytes:
    return json.dumps({"events": records}, ensure_ascii=False).encode()


def record(number: int, **values: str) -> dict[str, str]:
    given = {"id": f"e{number}", "type": "changed", "updated_at": f"2026-11-21T09:{number % 60:02d}:00+09:00"}
    return {**given, "email": f"u{number}@example.co.jp", "name": "花子", **values}


def test_a_batch_of_events_is_acknowledged_when_all_are_stored() -> None:
    """A hundred events in one webhook are a hundred events with ids of their own, and one answer."""
    world = World()

    answer = world.webhook(events(*(record(number) for number in range(100))))

    assert answer.status == 200
    assert len(json.loads(answer.body)["ids"]) == 100
    assert world.states() == {"waiting": 100}


def test_a_resent_webhook_is_the_same_webhook() -> None:
    """The sender saw no answer and sends again, days later: nothing is delivered twice, and the answer is the same."""
    world = World()
    first = world.webhook(events(record(1)))
    world.pass_minutes(2)
    again = world.webhook(events(record(1)))

    assert json.loads(first.body)["ids"] == json.loads(again.body)["ids"]
    assert world.states() == {"delivered": 1}


def test_one_unreadable_event_does_not_cost_the_others() -> None:
    """Of three events one is no object: two go out, the third is held with an alarm, and the sender gets its 200."""
    world = World()

    answer = world.webhook(
        b'{"events": [%s, "what is this", %s]}'
        % (
            json.dumps(record(1)).encode(),
            json.dumps(record(2)).encode(),
        )
    )
    world.pass_minutes(2)

    assert answer.status == 200
    assert world.states() == {"delivered": 2, "held": 1}
    assert any(cause == "held:crm" for cause, _, _ in world.journal.notices)


def test_a_webhook_that_cannot_be_mapped_is_held_and_read_again_later() -> None:
    """The CRM renamed its list: 200, held, alarm; after relay.toml is mended, releasing it delivers what it said."""
    world = World()
    body = json.dumps({"items": [record(1)]}).encode()

    assert world.webhook(body).status == 200
    (held,) = world.relay.operator.listed(State.HELD)
    world.pass_minutes(3)
    assert world.states() == {"held": 1}

    mended = World(CONFIG.replace('records = { path = "events" }', 'records = { path = "items" }'))
    world.config = mended.config
    world.relay = world._relay()
    world.relay.operator.release(held.id)
    world.pass_minutes(3)

    assert world.states() == {"superseded": 1, "delivered": 1}


@pytest.mark.parametrize("token", ["", "wrong", "crm-toke", "crm-token ", "é"])
def test_a_wrong_token_and_an_unknown_source_look_alike(token: str) -> None:
    """Neither the answer nor its words tell whether the source exists."""
    world = World()

    known = world.webhook(events(record(1)), x_relay_token=token)
    unknown = world.webhook(events(record(1)), "no-such-source", x_relay_token=token)

    assert (known.status, known.body, known.headers) == (unknown.status, unknown.body, unknown.headers)
    assert known.status == 401
    assert world.states() == {}


def test_a_webhook_to_a_single_call_lane_is_woken_by_its_bell() -> None:
    """The sender is answered first; the bell then calls SATORI right away."""
    world = World(TO_SATORI)
    world.webhook(events(record(1)))
    assert len(world.transport.sent) == 0

    world.answer_bells()

    assert world.satori.customer("u1@example.co.jp") is not None


def test_many_fresh_deliveries_ring_one_bell() -> None:
    """Fifty events for one lane go to its backlog and drain at SATORI's rate."""
    world = World(TO_SATORI)
    world.webhook(events(*(record(number) for number in range(50))))

    assert len(world.bell) == 1

    world.pass_minutes(6)

    assert world.states() == {"delivered": 100}


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{", {}, 400),
        (b'{"events": NaN}', {}, 400),
        (b'{"events": ' + b"[" * 100_000, {}, 400),
        (b"\xff\xfe", {}, 400),
        (b'{"a": 1}' + b" " * 300_000, {}, 413),
        (b"<xml/>", {"content-type": "application/xml"}, 415),
        (b"{}", {"x-padding": "x" * 20_000}, 400),
    ],
)
def test_bad_input_gets_a_clear_answer(body: bytes, headers: dict[str, str], status: int) -> None:
    """Broken, hostile or oversized: a 4xx with problem details, no internals, and nothing stored."""
    world = World()
    given = {"content-type": "application/json", "x-relay-token": SECRETS["env:CRM_TOKEN"], **headers}

    answer = world.relay.accept(Envelope(source="crm", headers=given, body=body, received_at=world.clock.now()))

    assert answer.status == status
    assert json.loads(answer.body)["status"] == status
    assert "chalicelib" not in answer.body
    assert world.states() == {}


def test_an_event_too_large_for_the_table_is_held_cut_off() -> None:
    """A record that grows beyond what an item holds does not block its neighbours, and somebody sees it."""
    world = World(
        CONFIG.replace(
            '[sources.crm]\npreset = "webhook"', '[sources.crm]\npreset = "webhook"\nbody_bytes_max = 700000'
        )
    )

    answer = world.webhook(events(record(1), record(2, memo="\x01" * 60_000), record(3)))
    world.pass_minutes(2)

    assert answer.status == 200
    assert world.states() == {"delivered": 2, "held": 1}
    assert "larger than" in world.relay.operator.listed(State.HELD)[0].reason


def test_a_mapping_that_swells_is_a_dead_letter() -> None:
    """An expression that makes much out of little is stopped before the table refuses the whole event."""
    swollen = CONFIG.replace('"お名前" = "name"', '"お名前" = { expr = "join(\'\', [name, name, name, name, name])" }')
    world = World(swollen)

    answer = world.webhook(events(record(1, name="あ" * 15_000)))

    assert answer.status == 200
    assert world.states() == {"dead": 1}


def test_an_unreadable_source_secret_is_a_503() -> None:
    """Without its secret nobody can be verified: the sender is asked to try again."""
    world = World()
    del world.secrets.values["env:CRM_TOKEN"]

    assert world.webhook(events(record(1))).status == 503


def test_an_event_that_nobody_wants_is_on_record() -> None:
    """A delete without a route for deletes is skipped, visibly."""
    world = World(CONFIG.replace('stopped = "unsubscribe"', 'stopped = "unsubscribe", deleted = "delete"'))

    world.webhook(events(record(1, type="deleted")))

    assert world.states() == {"skipped": 1}


def test_a_release_that_cannot_work_leaves_no_trace() -> None:
    """Trying to release what still cannot be understood says so each time, and stores nothing more."""
    world = World()
    world.webhook(json.dumps({"items": [record(1)]}).encode())
    (held,) = world.relay.operator.listed(State.HELD)

    for _ in range(3):
        world.pass_minutes(11)
        with pytest.raises(OperatorError, match="still cannot be understood"):
            world.relay.operator.release(held.id)

    assert world.states() == {"held": 1}


def test_one_record_set_aside_is_read_by_itself() -> None:
    """Of two records one had an unknown kind; after relay.toml knows it, releasing the one sends the one."""
    strict = CONFIG.replace('kinds = { stopped = "unsubscribe", "*" = "upsert" }', 'kinds = { changed = "upsert" }')
    world = World(strict)
    world.webhook(events(record(1), record(2, type="merged")))
    world.pass_minutes(2)
    assert world.states() == {"delivered": 1, "held": 1}

    world.config = World(strict.replace('changed = "upsert"', 'changed = "upsert", merged = "upsert"')).config
    world.relay = world._relay()
    world.relay.operator.release(world.relay.operator.listed(State.HELD)[0].id)
    world.pass_minutes(5)

    assert world.states() == {"delivered": 2, "superseded": 1}
    assert world.haihai.customer("u2@example.co.jp") is not None


def test_records_of_one_envelope_keep_their_order() -> None:
    """Two records of one person with the same time: the later one in the list is the newer one."""
    for seed in range(20):
        world = World(seed=seed)
        same = {"email": "taro@example.co.jp", "updated_at": "2026-11-21T09:00:00+09:00"}
        world.webhook(events(record(1, **same, name="first"), record(2, **same, name="second")))
        world.pass_minutes(2)

        assert world.haihai.customer("taro@example.co.jp").values["お名前"] == "second"  # type: ignore[union-attr]


def test_text_that_a_gateway_destroyed_is_held() -> None:
    """The CRM sent Shift_JIS, API Gateway made U+FFFD of it: a person sees it, and no vendor gets broken letters."""
    world = World()
    event = {"id": "1", "type": "changed", "email": "taro@example.co.jp", "name": "\ufffd\ufffd"}
    answer = world.webhook(json.dumps({"events": [event]}, ensure_ascii=False).encode())

    assert answer.status == 200
    assert world.states() == {"held": 1}
    assert "U+FFFD" in world.deliveries()[0].reason


def test_an_address_for_programs_tells_a_browser_nothing() -> None:
    """Opened in a browser, a webhook's address looks like one that is not there; a form's says what it is for."""
    world = World()
    answers = {
        name: world.relay.accept(Envelope(source=name, method="GET", received_at=world.clock.now()))
        for name in ("crm", "nobody", "contact")
    }

    assert answers["crm"] == answers["nobody"]
    assert (answers["crm"].status, answers["contact"].status) == (401, 405)

"""
The contract of every destination: one suite over each vendor and operation that Ekiden speaks.
"""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.destinations import VENDORS, vendor
from chalicelib.model import (
    Deferred,
    Delivered,
    Effect,
    Fault,
    MergeRules,
    NoReply,
    Prepared,
    Problem,
    Reading,
    Reply,
    Uncertain,
)
from tests.contract.destinations.samples import (
    ACCEPTED,
    CHARSET,
    MEANINGS,
    PLAIN_SUCCESSES,
    PROOF,
    SAME_FOR_ALL,
    SAMPLES,
    SECRET_IN_ADDRESS,
    SECRETS,
    TAKES_ANY_2XX,
    Meaning,
    Sample,
)

MAINTENANCE = b"Status: 503 Maintenance mode\r\n<html><body>\xe3\x83\xa1\xe3\x83\xb3\xe3\x83\x86</body></html>"

every_sample = pytest.mark.parametrize("sample", SAMPLES, ids=str)


def json_of(status: int) -> bytes:
    """
    A body that states a status in the ways vendors do.
    """
    return b'{"status":%d,"code":%d,"message":"no"}' % (status, status)


def reading_of(sample: Sample, reply: Reply | NoReply) -> Reading:
    """
    What the vendor makes of a reply to the sample's batch.
    """
    return sample.vendor.read(reply, sample.batch(), sample.destination)


def rules_of(sample: Sample) -> MergeRules:
    """
    How the payloads of the sample merge.
    """
    return sample.vendor.rules(sample.declared, sample.prepared().settings, sample.destination)


def enough(sample: Sample, reply: Reply | NoReply) -> bool:
    """
    Whether this vendor's specification makes the bare answer a success.
    """
    plain = PLAIN_SUCCESSES.get(sample.slug, frozenset())
    return isinstance(reply, Reply) and reply.status == 200 and reply.body in plain


def delivered(reading: Reading) -> bool:
    """
    Whether every delivery of the batch was.
    """
    return all(isinstance(outcome, Delivered) for outcome in reading.outcomes.values())


def faults_of(sample: Sample) -> list[Fault]:
    """
    All faults and warnings of the sample's destination and route.
    """
    return sample.vendor.check(sample.destination) + sample.vendor.check_route(sample.route, sample.destination)


def test_no_operation_is_without_a_sample() -> None:
    """
    A vendor or operation that nobody gave a sample would never be tested.
    """
    declared = {(slug, name) for slug, each in VENDORS.items() for name in each.operations}

    assert {(sample.slug, sample.operation) for sample in SAMPLES} == declared


def test_a_vendor_is_found_by_its_name() -> None:
    """
    The registry's keys are the vendors' own names.
    """
    assert all(vendor(slug).slug == slug for slug in VENDORS)


# ── before the call ─────────────────────────────────────────────────────────────────────────────────────────────────


@every_sample
def test_a_sound_sample_is_prepared(sample: Sample) -> None:
    """
    Sound values become texts to send, the contact's identity, and the operation's own effect.
    """
    prepared = sample.prepared()

    assert isinstance(prepared, Prepared), prepared
    assert prepared.effect is sample.declared.effect
    assert bool(prepared.address) == bool(rules_of(sample).identity)
    assert prepared.address == prepared.address.lower()
    assert all(isinstance(text, str) for text in (*prepared.payload.values(), *prepared.settings.values()))


@every_sample
def test_a_sound_configuration_has_no_fault(sample: Sample) -> None:
    """
    The sample's destination and route may be deployed; warnings are no hindrance.
    """
    assert [fault for fault in faults_of(sample) if not fault.warning] == []


@every_sample
def test_every_fault_and_warning_says_what_to_do(sample: Sample) -> None:
    """
    A route that maps nothing is at fault for each required field, with a remedy that is a sentence.
    """
    bare = Sample(slug=sample.slug, operation=sample.operation, fields={}, required=(), settings=sample.settings)
    found = faults_of(bare)

    assert {f"routes.sample.fields.{name}" for name in sample.required} <= {
        fault.path.replace('"', "") for fault in found if not fault.warning
    }
    assert all(fault.remedy.endswith((".", "?")) and fault.message for fault in found)


@every_sample
@pytest.mark.parametrize("blank", [None, "", " \u3000", [], "\u200b"], ids=repr)
def test_a_missing_required_field_is_refused_before_any_call(sample: Sample, blank: object) -> None:
    """
    Without a required value nothing is sent, and the problem names the field as the route does.
    """
    for name in sample.required:
        problems = sample.prepared(**{name: blank})

        assert isinstance(problems, tuple)
        assert [(problem.field, problem.code) for problem in problems] == [(name, "missing")]


@every_sample
def test_an_operation_that_takes_contacts_off_mailings_is_urgent(sample: Sample) -> None:
    """
    Opt-outs and deletes are urgent, everything else in the samples is not.
    """
    prepared = sample.prepared()

    assert prepared.urgent == (sample.declared.effect in {Effect.OPT_OUT, Effect.REMOVE})


@every_sample
def test_merging_never_loses_who_the_contact_is(sample: Sample) -> None:
    """
    The fields that name the contact are in the payload, and are declared as never to be trimmed.
    """
    prepared, rules = sample.prepared(), rules_of(sample)
    named = rules.identity & prepared.payload.keys()

    assert bool(named) == bool(rules.identity)
    assert not named or any(prepared.payload[name].lower() == prepared.address for name in named)
    assert rules.merges == sample.declared.merges


@every_sample
def test_a_prepared_payload_is_prepared_again_unchanged(sample: Sample) -> None:
    """
    A dead letter that a person replays without a change is sent as it would have been sent.
    """
    first = sample.prepared()
    names = {name for name in first.payload if name in sample.fields}
    again = sample.prepared(**{name: first.payload[name] for name in names})

    assert again == first


@every_sample
@settings(deadline=None, max_examples=60)
@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
        max_leaves=6,
    ),
)
def test_any_json_is_answered_and_never_raises(sample: Sample, value: object) -> None:
    """
    Whatever a sender puts into a field is either sent as text that the charset has, or told as problems.
    """
    for name in sample.fields:
        result = sample.prepared(**{name: value})

        if isinstance(result, Prepared):
            charset = CHARSET[sample.slug]
            assert all(text.encode(charset).decode(charset) == text for text in result.payload.values())
        else:
            assert result
            assert all(isinstance(problem, Problem) and problem.text for problem in result)


# ── the lane ────────────────────────────────────────────────────────────────────────────────────────────────────────


@every_sample
def test_a_destination_knows_its_lane(sample: Sample) -> None:
    """
    The lane bears the given name, batches as declared, bounds its calls, and keeps less in reserve than there is.
    """
    lane = sample.vendor.lane(sample.destination, "some-lane")

    assert (lane.name, lane.vendor, lane.batching) == ("some-lane", sample.slug, sample.vendor.batching)
    assert lane.rate or lane.limits
    assert all(0 <= limit.reserve < limit.calls for limit in lane.limits)
    assert lane.timeout_seconds > 0
    assert sample.vendor.lane_name(sample.destination.name, sample.destination.settings)


# ── the call ────────────────────────────────────────────────────────────────────────────────────────────────────────


@every_sample
def test_the_same_batch_gives_the_same_bytes(sample: Sample) -> None:
    """
    An unanswered call can be made again exactly as it was.
    """
    batch = sample.batch()
    calls = [sample.vendor.build(batch, sample.data(batch), sample.destination, sample.credentials) for _ in range(2)]

    assert calls[0] == calls[1]
    assert calls[0].method in {"POST", "PUT", "PATCH"}
    assert calls[0].url == "ses:" or calls[0].url.startswith(f"{sample.destination.base_url}/")
    assert calls[0].body


@every_sample
def test_every_credential_is_used_and_none_is_shown(sample: Sample) -> None:
    """
    The keys travel in headers or body, never in an address, and no representation of a call or batch shows them.
    """
    batch = sample.batch()
    call = sample.vendor.build(batch, sample.data(batch), sample.destination, sample.credentials)
    sent = repr(dict(call.headers)) + call.body.decode("latin-1")

    for name, value in sample.credentials.items():
        in_address = sample.slug in SECRET_IN_ADDRESS
        assert value in (call.url if in_address else sent) or name == "signing_secret"
        assert in_address or value not in call.url
        assert value not in repr(call) + repr(batch)


@every_sample
def test_personal_data_is_in_no_representation(sample: Sample) -> None:
    """
    Neither a batch, nor a prepared payload, nor a call shows whom it is about.
    """
    batch = sample.batch()
    call = sample.vendor.build(batch, sample.data(batch), sample.destination, sample.credentials)
    shown = repr(call) + repr(batch) + repr(sample.prepared())

    assert "example.co.jp" not in shown
    assert "見本" not in shown


@every_sample
def test_credentials_copied_with_line_ends_still_work(sample: Sample) -> None:
    """
    A key stored with a trailing newline is sent without it, since a header could not carry it.
    """
    batch = sample.batch()
    padded = {name: f" {value}\n" for name, value in sample.credentials.items()}
    data = sample.data(batch)

    assert sample.vendor.build(batch, data, sample.destination, padded) == sample.vendor.build(
        batch, data, sample.destination, sample.credentials
    )


# ── the answer ──────────────────────────────────────────────────────────────────────────────────────────────────────


@every_sample
def test_a_success_delivers_exactly_the_deliveries_of_the_batch(sample: Sample) -> None:
    """
    Every delivery of the batch gets its outcome, merged ones too, and no other.
    """
    reading = reading_of(sample, Reply(status=200, body=ACCEPTED[sample.slug]))

    assert set(reading.outcomes) == {each for line in sample.batch().lines for each in line.deliveries}
    assert reading.verdict.kind == "fine"
    assert all(isinstance(outcome, Delivered) for outcome in reading.outcomes.values())
    assert {outcome.proof for outcome in reading.outcomes.values()} == {PROOF[sample.slug]}


STATUSES = sorted({*SAME_FOR_ALL, *(status for each in MEANINGS.values() for status in each)})


def meaning(sample: Sample, status: int) -> Meaning:
    """
    What a status means at the sample's vendor.
    """
    return MEANINGS[sample.slug].get(status) or SAME_FOR_ALL[status]


@every_sample
@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("body", ["json", "html", "empty"])
def test_a_definite_refusal_means_the_same_whatever_its_body(sample: Sample, status: int, body: str) -> None:
    """
    A 4xx or a redirect is certainly not applied, whether the vendor or something before it answered.
    """
    data = {"json": json_of(status), "html": b"<html><h1>No</h1></html>", "empty": b""}[body]
    reading = reading_of(sample, Reply(status=status, body=data))
    expected = meaning(sample, status)

    assert reading.verdict.kind == expected.verdict
    assert reading.verdict.definite
    for outcome in reading.outcomes.values():
        assert isinstance(outcome, expected.outcome)
        assert getattr(outcome, "burns", False) == expected.burns
        assert str(status) in outcome.reason


@every_sample
@pytest.mark.parametrize("status", sorted(set(STATUSES) - {302}))
@pytest.mark.parametrize("text", [b"%d", b'"%d"'], ids=["number", "text"])
def test_a_status_in_the_body_decides_under_http_200(sample: Sample, status: int, text: bytes) -> None:
    """
    A vendor that always answers HTTP 200 is understood by the status it states, as a number or as text.
    """
    body = b'{"status":%s,"message":"no"}' % (text % status)
    reading = reading_of(sample, Reply(status=200, body=body))

    assert reading.verdict.kind == meaning(sample, status).verdict
    assert all(isinstance(outcome, meaning(sample, status).outcome) for outcome in reading.outcomes.values())


FINE_BY_THEMSELVES = {"empty under 200", "no content", "garbage", "a list", "a word", "too deep"}
UNCLEAR = {
    "500": Reply(status=500, body=json_of(500)),
    "502 page": Reply(status=502, headers={"content-type": "text/html"}, body=b"<html>Bad Gateway</html>"),
    "503": Reply(status=503, body=b"", headers={"retry-after": "120"}),
    "504": Reply(status=504),
    "408": Reply(status=408),
    "page under 200": Reply(status=200, headers={"content-type": "text/html"}, body=b"<!DOCTYPE html><p>hello</p>"),
    "empty under 200": Reply(status=200),
    "no content": Reply(status=204),
    "garbage": Reply(status=200, body=bytes(range(256))),
    "a list": Reply(status=200, body=b"[]"),
    "a word": Reply(status=200, body=b'"OK"'),
    "500 stated under 200": Reply(status=200, body=json_of(500)),
    "too deep": Reply(status=200, body=b'{"status":' * 100_000),
    "no answer": NoReply(reason="timed out after 20 s"),
    "reset": NoReply(reason="connection reset by peer"),
}


@pytest.mark.parametrize(
    ("sample", "reply"),
    [
        pytest.param(sample, reply, id=f"{sample}-{name}")
        for sample in SAMPLES
        for name, reply in UNCLEAR.items()
        if sample.slug not in TAKES_ANY_2XX or name not in FINE_BY_THEMSELVES
    ],
)
def test_an_unclear_answer_is_neither_success_nor_refusal(sample: Sample, reply: Reply | NoReply) -> None:
    """
    Time-outs, 5xx and unreadable answers may hide a call that was carried out; the lane learns that it fails.
    """
    reading = reading_of(sample, reply)

    assert set(reading.outcomes) == {each for line in sample.batch().lines for each in line.deliveries}
    if enough(sample, reply):
        assert delivered(reading)
        return
    assert all(isinstance(outcome, Uncertain) for outcome in reading.outcomes.values())
    assert all(outcome.harmless == sample.declared.repeat_harmless for outcome in reading.outcomes.values())
    assert reading.verdict.kind == "failing"
    assert not reading.verdict.definite


@every_sample
@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_vendor_that_fails_is_asked_again(sample: Sample, status: int) -> None:
    """
    An error of the vendor's or of a gateway's may be over in an hour: it makes nobody decide.
    """
    assert not reading_of(sample, Reply(status=status, body=json_of(status))).verdict.suspect


strict_samples = pytest.mark.parametrize(
    "sample", [each for each in SAMPLES if each.slug not in TAKES_ANY_2XX], ids=str
)


@strict_samples
@pytest.mark.parametrize("body", [b"OK", b"", b"\x00\x01"])
def test_a_success_that_is_not_the_vendors_is_suspect(sample: Sample, body: bytes) -> None:
    """
    A 2xx without the vendor's own words would be the same next time: after a few tries a person decides.
    """
    reply = Reply(status=200, body=body)
    reading = reading_of(sample, reply)

    assert reading.verdict.suspect != enough(sample, reply)
    assert delivered(reading) == enough(sample, reply)


@strict_samples
@pytest.mark.parametrize("cut", [1, 7, 20])
def test_a_truncated_success_is_uncertain(sample: Sample, cut: int) -> None:
    """
    An answer that breaks off proves nothing, where the answer and not its status is the proof.
    """
    reply = Reply(status=200, body=ACCEPTED[sample.slug][:-cut])
    reading = reading_of(sample, reply)

    assert enough(sample, reply) or all(isinstance(outcome, Uncertain) for outcome in reading.outcomes.values())


@every_sample
@pytest.mark.parametrize("status", [400, 401, 404, 500, 503])
def test_a_success_body_under_an_error_status_is_no_success(sample: Sample, status: int) -> None:
    """
    Both the HTTP status and the body must say yes.
    """
    reading = reading_of(sample, Reply(status=status, body=ACCEPTED[sample.slug]))

    assert not any(isinstance(outcome, Delivered) for outcome in reading.outcomes.values())


@every_sample
def test_a_request_that_never_left_is_not_uncertain(sample: Sample) -> None:
    """
    A refused connection is certainly not applied: it waits, burns nothing, and gives the call back.
    """
    reading = reading_of(sample, NoReply(reason="connection refused", sent=False))

    assert all(isinstance(outcome, Deferred) and not outcome.burns for outcome in reading.outcomes.values())
    assert (reading.verdict.kind, reading.verdict.definite) == ("failing", True)


@every_sample
@pytest.mark.parametrize("status", [200, 503])
def test_a_maintenance_page_means_later(sample: Sample, status: int) -> None:
    """
    The page that calls itself "Status: 503 Maintenance mode" is a definite "not now", even under HTTP 200.
    """
    reading = reading_of(sample, Reply(status=status, body=MAINTENANCE, headers={"content-type": "text/html"}))

    assert all(isinstance(outcome, Deferred) and not outcome.burns for outcome in reading.outcomes.values())
    assert reading.verdict.kind == "busy"


@every_sample
def test_a_429_passes_the_vendors_wish_on(sample: Sample) -> None:
    """
    Retry-After of a 429 reaches the lane in seconds.
    """
    reading = reading_of(sample, Reply(status=429, headers={"retry-after": "90"}))

    assert (reading.verdict.kind, reading.verdict.retry_after_seconds) == (meaning(sample, 429).verdict, 90.0)


@every_sample
@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 409, 413, 429, 500])
def test_no_reason_shows_secrets_or_addresses(sample: Sample, status: int) -> None:
    """
    A vendor that echoes keys and addresses in its words does not get them into reasons, which operators and logs see.
    """
    echoed = " ".join((*SECRETS.values(), "hanako.sample+web@example.co.jp", "090-1234-5678"))
    body = f'{{"status":{status},"code":{status},"message":"no {echoed}","errors":{{"msg":"{echoed}"}}}}'.encode()
    reading = reading_of(sample, Reply(status=status, body=body))
    shown = repr(reading)

    for secret in set(sample.credentials.values()) - {SECRETS["login_id"]}:
        assert secret not in shown
    assert "example.co.jp" not in shown
    assert "1234-5678" not in shown


@every_sample
@settings(deadline=None, max_examples=80)
@given(
    status=st.integers(min_value=100, max_value=599),
    body=st.binary(max_size=200)
    | st.dictionaries(
        st.sampled_from(["status", "code", "message", "errors", "error", "result", "success"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("429"),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.sampled_from(["code", "msg", "customer[hashcode]"]), inner, max_size=3)
            ),
            max_leaves=8,
        ),
    ).map(lambda value: json.dumps(value).encode()),
    retry_after=st.none() | st.text(alphabet="0123456789 .:-,GMTonWedJan", max_size=30),
)
def test_no_answer_makes_the_reader_raise(sample: Sample, status: int, body: bytes, retry_after: str | None) -> None:
    """
    Whatever a vendor, a proxy or noise answers, every delivery gets exactly one outcome, and only a 2xx can be success.
    """
    headers = {} if retry_after is None else {"retry-after": retry_after, "date": retry_after}
    reading = reading_of(sample, Reply(status=status, headers=headers, body=body))

    assert set(reading.outcomes) == {each for line in sample.batch().lines for each in line.deliveries}
    if not 200 <= status <= 299:
        assert not any(isinstance(outcome, Delivered) for outcome in reading.outcomes.values())
    wish = reading.verdict.retry_after_seconds
    assert wish is None or 0 <= wish <= 86_400


# ── batching vendors ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("sample", [each for each in SAMPLES if each.vendor.pack], ids=str)
def test_a_pack_holds_every_line_given_or_says_why_not(sample: Sample) -> None:
    """
    Lines are taken in order; what was prepared can always be made into bytes.
    """
    pack = sample.vendor.pack
    assert pack is not None
    batch = sample.batch()
    packed = pack(sample.declared, batch.settings, batch.lines, sample.destination)

    assert (packed.taken, packed.poison) == (batch.lines, ())
    assert packed.data.count(b"\r\n") == len(batch.lines) + 1
    assert "example.co.jp" not in repr(packed)


@pytest.mark.parametrize("slug", VENDORS)
def test_a_vendor_packs_only_where_it_batches(slug: str) -> None:
    """
    A lane of single calls never asks for a file.
    """
    assert (VENDORS[slug].pack is not None) == VENDORS[slug].batching

"""
Programs that take Ekiden for 配配メール: every reading of their documents, answered as its API would answer.
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from chalicelib.model import Envelope, Response
from chalicelib.relay.taking_files import PORTION_ROWS, ROWS_AT_ONCE_MAX
from tests.fuzzing import times
from tests.scenarios.test_forms import Broken
from tests.scenarios.world import CONFIG, SECRETS, World

SENDERS = Path(__file__).parents[1] / "data" / "senders"
TOKEN = SECRETS["env:CRM_TOKEN"]
SOURCES = """
[sources.rakuraku]
preset = "custcsv"
secret = "env:CRM_TOKEN"
dropin = { account = "api_sample" }

[sources.legacy]
preset = "schedule_csv"
secret = "env:CRM_TOKEN"
dropin = { account = "24", login_id = "hanako" }

[[routes]]
from = ["rakuraku", "legacy"]
to = "haihai"
operation = "as_sent"
"""
SETTINGS = {"login_id": "hanbai", "import_type": "0", "is_overwrite": "1", "gid": "12", "report_option": "2"}
LIST = "メールアドレス,お名前\r\ntaro@example.co.jp,髙﨑\r\nhanako@example.co.jp,鈴木\r\n"


def world_of_files() -> World:
    return World(CONFIG + SOURCES)


def part(name: str, data: bytes, head: str = "") -> bytes:
    return f'--B\r\nContent-Disposition: form-data; name="{name}"{head}\r\n\r\n'.encode() + data + b"\r\n"


def file_of(
    data: bytes | str = LIST,
    options: dict[str, Any] | bytes | None = None,
    *,
    charset: str = "cp932",
    json_head: str = "",
    csv_head: str = '; filename="list.csv"\r\nContent-Type: text/csv',
) -> bytes:
    document = options if isinstance(options, bytes) else json.dumps(SETTINGS if options is None else options).encode()
    content = data if isinstance(data, bytes) else data.encode(charset)
    return part("import_settings", document, json_head) + part("customer_list", content, csv_head) + b"--B--\r\n"


def send(world: World, body: bytes, source: str = "rakuraku", token: str = TOKEN, boundary: str = "B") -> Response:
    """
    A program posts a file to 配配メール's address, at Ekiden.
    """
    headers = {"content-type": f"multipart/form-data; boundary={boundary}", "x-hm-apitoken": token}
    return world.relay.accept(
        Envelope(source=source, headers=headers, body=body, received_at=world.clock.now(), face="custcsv")
    )


def unpack_all(world: World) -> int:
    """
    Work the inbox off; how many messages it took.
    """
    for number in range(1_000):
        messages = world.inbox.receive(1)
        if not messages:
            return number
        world.relay.unpack(messages[0].body)
        world.inbox.delete(messages[0])
    raise AssertionError("the inbox never ends")


def answered(answer: Response) -> tuple[int, str, Any]:
    told = json.loads(answer.body)
    return answer.status, told["status"], told.get("items", told.get("errors"))


def test_a_file_of_rakurakuhanbai_reaches_haihaimail_in_one_call() -> None:
    """As its screen sends it: Shift_JIS, the key with the blank, IBM characters in both forms. One call carries all."""
    world = world_of_files()
    body = (SENDERS / "rakurakuhanbai_custcsv.multipart").read_bytes()

    answer = send(world, body, boundary="----rakurakuhanbai7d4a6d158c9")
    world.pass_minutes(3)

    assert answered(answer) == (200, "success", {"rows": 2, "unreadable": 0})
    assert world.haihai.calls_today == 1
    assert world.haihai.unknown_keys == []
    taro, hanako = world.haihai.customer("taro@example.co.jp"), world.haihai.customer("hanako@example.co.jp")
    assert taro is not None
    assert hanako is not None
    assert (taro.values["会社名"], hanako.values["お名前"]) == ("株式会社①髙﨑", '鈴木, "花子"')
    assert world.states() == {"delivered": 2}


@pytest.mark.parametrize(
    ("charset", "newline", "json_head", "csv_head", "numbers", "key"),
    list(
        product(
            ("cp932", "utf-8", "utf-8-sig"),
            ("\r\n", "\n"),
            ("", "\r\nContent-Type: application/json", '; filename="blob"\r\nContent-Type: application/json'),
            ('; filename="list.csv"', '; filename="顧客.csv"\r\nContent-Type: text/csv', ""),
            ("texts", "numbers"),
            ("overwrite_type", "overwrite_ type"),
        )
    ),
)
def test_every_reading_of_the_manual_is_taken(
    charset: str,
    newline: str,
    json_head: str,
    csv_head: str,
    numbers: str,
    key: str,
) -> None:
    """What the manual leaves open may be either way: the same rows arrive with the same settings."""
    world = world_of_files()
    texts = {"import_type": "0", "is_overwrite": "1", key: "1", "gid": "12", "spid": "", "report_option": "2"}
    given_settings = {name: int(text) if numbers == "numbers" and text else text for name, text in texts.items()}
    text = LIST.replace("\r\n", newline)

    answer = send(
        world,
        file_of(
            text, {"login_id": "hanbai", **given_settings}, charset=charset, json_head=json_head, csv_head=csv_head
        ),
    )

    assert answered(answer) == (200, "success", {"rows": 2, "unreadable": 0})
    rows = sorted((each.payload["お名前"], tuple(sorted(each.settings.items()))) for each in world.deliveries())
    wanted = (
        ("gid", "12"),
        ("import_type", "0"),
        ("is_overwrite", "1"),
        ("overwrite_type", "1"),
        ("report_option", "2"),
    )
    assert rows == [("鈴木", wanted), ("髙﨑", wanted)]


def test_rows_ride_with_those_of_forms_and_webhooks() -> None:
    """One batch key, one call: a file of the same settings joins what already waits."""
    world = world_of_files()
    world.submit("newsletter", {"email": "jiro@example.co.jp", "name": "次郎"})
    send(world, file_of())

    world.pass_minutes(3)

    assert world.haihai.calls_today == 1
    assert len(world.haihai.customers()) == 3


def test_many_files_cost_few_calls() -> None:
    """A program that calls for every single row all day stays far below the day's 240."""
    world = world_of_files()
    for number in range(300):
        assert send(world, file_of(f"メールアドレス,お名前\r\np{number}@example.co.jp,人\r\n")).status == 200
        world.pass_minutes(1)
    world.pass_minutes(30)

    assert len(world.haihai.customers()) == 300
    assert world.haihai.calls_today < 240
    assert world.haihai.refused_by_day == {}


@pytest.mark.parametrize("source", ["rakuraku", "api_sample"])
def test_a_source_is_found_by_its_name_and_by_the_account_in_the_address(source: str) -> None:
    """Some programs know the whole address, some only host and account."""
    world = world_of_files()

    assert send(world, file_of(), source=source).status == 200
    assert {each.source for each in world.deliveries()} == {"rakuraku"}


def test_unknown_accounts_and_wrong_tokens_look_the_same() -> None:
    """401 in the API's own words; forms and webhooks are not to be found at this address, nor files at theirs."""
    world = world_of_files()
    answers = [
        send(world, file_of(), token="wrong"),
        send(world, b"", token=""),
        *(send(world, file_of(), source=name) for name in ("nobody", "crm", "contact", "legacy", "")),
    ]
    plain = [
        world.relay.accept(Envelope(source=name, headers={"x-hm-apitoken": TOKEN}, received_at=world.clock.now()))
        for name in ("rakuraku", "nobody")
    ]

    told = [{**json.loads(answer.body), "url": ""} for answer in answers]
    assert {answer.status for answer in answers} == {401}
    assert all(one == told[0] for one in told)
    assert told[0]["errors"]["code"] == 401
    assert (plain[0].status, plain[0].body) == (plain[1].status, plain[1].body)
    assert plain[0].status == 401
    assert world.states() == {}


def test_the_same_file_pressed_twice_is_carried_once() -> None:
    """The operator presses again: the same answer, no second delivery. Ten minutes later it is a new file."""
    world = world_of_files()

    first = send(world, file_of())
    world.pass_minutes(5)
    again = send(world, file_of())
    assert answered(first) == answered(again)
    assert world.states() == {"delivered": 2}

    world.pass_minutes(6)
    send(world, file_of())
    assert sum(world.states().values()) == 4


@pytest.mark.parametrize(
    ("import_type", "more", "operation", "kind"),
    [
        ("0", {"is_overwrite": "0"}, "register", "upsert"),
        ("1", {}, "delete", "delete"),
        ("2", {"gid": "12"}, "stop", "unsubscribe"),
        ("3", {"gid": "12"}, "forbid", "unsubscribe"),
        ("5", {"gid": "12", "is_overwrite": "1"}, "allow", "upsert"),
        ("5", {"gid": "12"}, "allow", "upsert"),
    ],
)
def test_each_import_type_is_its_operation(import_type: str, more: dict[str, str], operation: str, kind: str) -> None:
    """One delivery a row, with the columns that the operation reads, and the vendor's defaults for what is unset."""
    world = world_of_files()
    given_settings = {"login_id": "x", "import_type": import_type, **more}

    assert send(world, file_of(options=given_settings)).status == 200

    found = world.deliveries()
    assert {(each.operation, str(each.state)) for each in found} == {(operation, "waiting")}
    assert len(found) == 2
    whole = operation == "register" or more.get("is_overwrite") == "1"
    assert {tuple(sorted(each.payload)) for each in found} == {
        ("お名前", "メールアドレス") if whole else ("メールアドレス",)
    }
    assert found[0].settings["report_option"] == "1"
    kinds = {item["kind"] for item in world.table.items() if item["sk"] == "EVENT"}
    assert kinds == {kind}


def test_an_opt_out_from_a_file_is_urgent() -> None:
    """A stop goes before the day's registrations, as any other opt-out does."""
    world = world_of_files()
    send(world, file_of(options={"login_id": "x", "import_type": 2, "gid": 12}))

    world.answer_bells()

    assert world.haihai.calls_today == 1
    assert world.states() == {"delivered": 2}


def test_of_two_rows_for_one_address_the_later_counts() -> None:
    """The vendor does not say which of two wins; here the file's order does."""
    world = world_of_files()
    send(world, file_of("メールアドレス,お名前\r\na@example.co.jp,古い\r\nA@example.co.jp,新しい\r\n"))

    world.pass_minutes(3)

    (customer,) = world.haihai.customers()
    assert customer.values["お名前"] == "新しい"


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (file_of("お名前\r\n太郎\r\n"), 400, "メールアドレス"),
        (file_of("メールアドレス,お名前,お名前\r\na@example.co.jp,a,b\r\n"), 400, "named twice"),
        (file_of('メールアドレス,お名前\r\na@example.co.jp,"太郎\r\n'), 400, "never closed"),
        (file_of("メールアドレス,🍎\r\na@example.co.jp,x\r\n", charset="utf-8"), 400, "Shift_JIS does not have"),
        (file_of(b""), 400, "empty"),
        (file_of(bytes(range(128, 256)) * 50), 400, "not text"),
        (file_of(options={**SETTINGS, "import_type": "4"}), 400, "import_type"),
        (file_of(options={**SETTINGS, "import_type": True, "is_overwrite": "3"}), 200, ""),
        (file_of(options={**SETTINGS, "is_overwrite": "3"}), 400, "is_overwrite"),
        (file_of(options={**SETTINGS, "gid": "十二"}), 400, "gid"),
        (file_of(options={**SETTINGS, "spid": "3"}), 400, "どちらか一方"),
        (file_of(options={"login_id": "x", "import_type": "2"}), 400, "gid または spid"),
        (file_of(options={"import_type": "0"}), 400, "login_id"),
        (file_of(options=b"{"), 400, "import_settings"),
        (file_of(options=b"[1]"), 400, "import_settings"),
        (file_of(options=b"[" * 100_000), 400, "import_settings"),
        (part("import_settings", json.dumps(SETTINGS).encode()) + b"--B--\r\n", 400, "customer_list"),
        (part("customer_list", LIST.encode()) + b"--B--\r\n", 400, "import_settings"),
        (file_of()[:-30], 400, "cut off"),
        (b"x" * 4_500_001, 413, "4,500,000"),
    ],
)
def test_a_file_at_fault_is_answered_as_its_api_would(body: bytes, status: int, words: str) -> None:
    """4xx with code and reason in the body, so that the operator's screen shows an error; nothing is kept."""
    world = world_of_files()

    answer = send(world, body)
    told = json.loads(answer.body)

    assert answer.status == status == told["code"]
    assert words in answer.body
    if status != 200:
        assert world.table.items() == []
        assert told["status"] == "error"
        assert told["errors"]["description"]


def test_a_request_that_is_no_multipart_is_told_what_is_taken() -> None:
    """A program that posts JSON or a bare CSV learns it from the answer."""
    world = world_of_files()
    headers = {"content-type": "application/json", "x-hm-apitoken": TOKEN}
    answer = world.relay.accept(
        Envelope(source="rakuraku", headers=headers, body=b"{}", received_at=world.clock.now(), face="custcsv")
    )

    assert answer.status == 400
    assert "multipart/form-data" in answer.body


def test_single_rows_at_fault_stop_no_others() -> None:
    """Unreadable rows are held, unsendable ones are dead letters, both to be seen; the rest is delivered."""
    world = world_of_files()
    rows = [
        "taro@example.co.jp,太郎",
        "ragged@example.co.jp",
        ",名無し",
        "apple@example.co.jp,🍎",
        "hanako@example.co.jp,花子",
    ]

    answer = send(world, file_of("メールアドレス,お名前\r\n" + "\r\n".join(rows), charset="utf-8"))
    world.pass_minutes(3)

    assert answered(answer) == (200, "success", {"rows": 5, "unreadable": 1})
    assert world.states() == {"delivered": 2, "held": 1, "dead": 2}
    assert {each.reason.partition(":")[0] for each in world.deliveries() if str(each.state) == "held"} == {"not usable"}


def test_a_header_alone_is_an_empty_list() -> None:
    """A timer that has nothing to send tonight made no mistake."""
    world = world_of_files()

    assert answered(send(world, file_of("メールアドレス,お名前\r\n"))) == (200, "success", {"rows": 0, "unreadable": 0})
    assert world.table.items() == []


def test_nothing_secret_of_a_file_is_kept() -> None:
    """Neither the token nor the sender's login is in anything that is stored or logged."""
    world = world_of_files()
    world.table = Broken()  # type: ignore[assignment]
    world.relay = world._relay()
    send(world, file_of())
    (message,) = world.inbox.receive(1)

    seen = message.body + repr(world.journal)
    assert TOKEN not in seen
    assert "hanbai" not in seen


# ── when stores are away, and long files ────────────────────────────────────────────────────────────────────────────


def test_a_file_is_kept_when_the_table_is_away() -> None:
    """The inbox takes it whole, and its rows are stored when the table is back."""
    world = world_of_files()
    table, world.table = world.table, Broken()  # type: ignore[assignment]
    world.relay = world._relay()
    assert send(world, file_of()).status == 200

    world.table = table
    world.relay = world._relay()
    unpack_all(world)
    world.pass_minutes(3)

    assert world.states() == {"delivered": 2}


def test_both_stores_away_is_a_503_of_the_api() -> None:
    """Nothing is promised; the sender tries again."""
    world = world_of_files()
    world.table = Broken()  # type: ignore[assignment]
    world.inbox = Broken()  # type: ignore[assignment]
    world.relay = world._relay()

    answer = send(world, file_of())

    assert (answer.status, json.loads(answer.body)["code"]) == (503, 503)
    assert answer.headers["Retry-After"]


def long_list(count: int, filler: str = "山田") -> str:
    return "メールアドレス,お名前\r\n" + "".join(f"p{number}@example.co.jp,{filler}\r\n" for number in range(count))


def test_a_long_file_is_answered_at_once_and_stored_portion_by_portion() -> None:
    """More rows than a sender's patience: 200 at once, then every row exactly once, whatever is worked off twice."""
    world = world_of_files()
    count = PORTION_ROWS * 2 + 100
    answer = send(world, file_of(long_list(count)))
    assert answered(answer) == (200, "success", {"rows": count, "unreadable": 0})
    assert world.states() == {}

    (message,) = world.inbox.receive(1)
    world.relay.unpack(message.body)
    world.relay.unpack(message.body)
    world.inbox.delete(message)
    unpack_all(world)
    assert world.states() == {"waiting": count}

    world.pass_minutes(10)
    assert len(world.haihai.customers()) == count
    assert world.haihai.calls_today == 1


def test_a_file_too_large_for_a_message_lies_in_the_bucket() -> None:
    """Up to what API Gateway takes: the message names an object, and every row of it arrives."""
    world = world_of_files()
    count = ROWS_AT_ONCE_MAX + 300
    answer = send(world, file_of(long_list(count, filler="長" * 1_500)))

    assert answer.status == 200
    assert [name.split("/")[:2] for name in world.bucket.objects] == [["inbox", "rakuraku"]]
    unpack_all(world)
    assert Counter(str(each.state) for each in world.deliveries()) == {"waiting": count}


def test_a_file_whose_rows_are_all_stored_is_emptied() -> None:
    """What it says of people stays in one place; its last message, worked off twice, harms nobody."""
    world = world_of_files()
    count = ROWS_AT_ONCE_MAX + 300
    send(world, file_of(long_list(count, filler="長" * 1_500)))
    last = ""
    while messages := world.inbox.receive(1):
        last = messages[0].body
        world.relay.unpack(last)
        world.inbox.delete(messages[0])

    assert list(world.bucket.objects.values()) == [b""]
    world.relay.unpack(last)
    assert Counter(str(each.state) for each in world.deliveries()) == {"waiting": count}


def test_a_file_that_cannot_be_emptied_is_stored_all_the_same() -> None:
    """S3 does not answer just then: a log line says so, and the lifecycle takes it."""
    world = world_of_files()
    count = ROWS_AT_ONCE_MAX + 300
    send(world, file_of(long_list(count, filler="長" * 1_500)))
    world.bucket.put = Broken().send  # type: ignore[method-assign]
    unpack_all(world)

    assert Counter(str(each.state) for each in world.deliveries()) == {"waiting": count}
    assert "file.not_emptied" in repr(world.journal.lines)


def test_who_asks_to_be_forgotten_is_told_of_rows_that_are_not_stored_yet() -> None:
    """A file in the inbox is named while its rows are on the way; afterwards a second run takes them all."""
    world = world_of_files()
    count = ROWS_AT_ONCE_MAX + 300
    send(world, file_of(long_list(count, filler="長" * 1_500)))
    (name,) = world.bucket.objects

    first = world.relay.eraser.erase(world.relay.eraser.find("p7@example.co.jp"))
    assert first.in_flight == (f"{name} (its rows are not stored yet)",)

    unpack_all(world)
    second = world.relay.eraser.erase(world.relay.eraser.find("p7@example.co.jp"))
    assert (second.in_flight, len(second.submissions)) == ((), 1)
    assert world.states() == {"waiting": count - 1, "erased": 1}


def test_a_long_file_pressed_twice_is_carried_once() -> None:
    """Also while the first one is still in the inbox."""
    world = world_of_files()
    body = file_of(long_list(ROWS_AT_ONCE_MAX + 1))

    first = send(world, body)
    world.clock.move_to(world.clock.now() + timedelta(seconds=40))
    again = send(world, body)
    unpack_all(world)

    assert answered(first) == answered(again)
    assert world.states() == {"waiting": ROWS_AT_ONCE_MAX + 1}


# ── the older import ────────────────────────────────────────────────────────────────────────────────────────────────

LEGACY = {"aid": "24", "loginid": "hanako", "transport_password": TOKEN, "import_type": "0", "gid": "12", "spid": ""}


def legacy(world: World, fields: dict[str, str], data: str = LIST, source: str = "legacy") -> Response:
    csv = part("csvfile", data.encode("cp932"), '; filename="l.csv"\r\nContent-Type: application/octet-stream')
    body = b"".join(part(name, text.encode("cp932")) for name, text in fields.items()) + csv + b"--B--\r\n"
    return world.relay.accept(
        Envelope(
            source=source,
            headers={"content-type": "multipart/form-data; boundary=B"},
            query={"ac": ("ScheduleCsvImport",)},
            body=body,
            received_at=world.clock.now(),
        )
    )


@pytest.mark.parametrize("source", ["legacy", "24", ""])
@pytest.mark.parametrize("field", ["transport_passwd", "transport_password"])
def test_the_older_import_is_taken_too(source: str, field: str) -> None:
    """By name, by aid, and at the bare host; the password under either of the two names that are documented."""
    world = world_of_files()
    fields = {**LEGACY, field: TOKEN}
    if field == "transport_passwd":
        del fields["transport_password"]

    answer = legacy(world, fields, source=source)
    world.pass_minutes(3)

    assert (answer.status, answer.body) == (200, "200 OK")
    assert "Shift_JIS" in answer.headers["Content-Type"]
    assert len(world.haihai.customers()) == 2


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"transport_password": "wrong"}, 401, "81401"),
        ({"loginid": "taro"}, 401, "81401"),
        ({"aid": "25"}, 401, "81401"),
        ({"aid": "a24"}, 400, "81421"),
        ({"loginid": ""}, 400, "81422"),
        ({"transport_password": ""}, 400, "81423"),
        ({"import_type": "4"}, 400, "81431"),
        ({"is_overwrite": "2"}, 400, "81433"),
        ({"gid": "x"}, 400, "81435"),
        ({"import_type": "2", "gid": ""}, 400, "81435"),
        ({"report_option": "9"}, 400, "400"),
    ],
)
@pytest.mark.parametrize("source", ["legacy", "nobody"])
def test_the_older_imports_codes(change: dict[str, str], status: int, code: str, source: str) -> None:
    """The vendor's table of codes. Who has not proved himself hears the same whether the source is there or not."""
    world = world_of_files()

    answer = legacy(world, {**LEGACY, **change}, source=source)

    authentic = code not in {"81401", "81421", "81422", "81423"}
    wanted = (401, "81401") if source == "nobody" and authentic else (status, code)
    assert (answer.status, answer.body.split()[0]) == wanted
    assert answer.body.isascii()
    assert world.table.items() == []


def test_the_password_of_the_older_import_is_not_kept() -> None:
    """It stands in the body, and is taken out before anything keeps the body."""
    world = world_of_files()
    world.table = Broken()  # type: ignore[assignment]
    world.relay = world._relay()
    assert legacy(world, LEGACY).status == 200
    (message,) = world.inbox.receive(1)

    assert TOKEN.encode() not in base64.b64decode(json.loads(message.body)["body"])
    assert TOKEN not in message.body


def test_the_older_import_says_500_when_nothing_can_be_kept() -> None:
    """The four statuses of its specification are all it knows."""
    world = world_of_files()
    world.table = Broken()  # type: ignore[assignment]
    world.inbox = Broken()  # type: ignore[assignment]
    world.relay = world._relay()

    assert legacy(world, LEGACY).status == 500


# ── whatever comes ──────────────────────────────────────────────────────────────────────────────────────────────────


@settings(max_examples=times(300), deadline=None)
@given(
    data=some.one_of(
        some.binary(max_size=200), some.text(alphabet='ab@,"\r\n\0髙', max_size=80).map(lambda t: t.encode())
    ),
    options=some.one_of(
        some.binary(max_size=80),
        some.fixed_dictionaries(
            {}, optional=dict.fromkeys((*SETTINGS, "spid"), some.one_of(some.text(), some.integers()))
        ),
        some.just(SETTINGS),
    ),
    cut=some.integers(0, 40),
)
def test_no_file_makes_a_fault_of_ours(data: bytes, options: Any, cut: int) -> None:
    """Any bytes in either part, whole or cut off: 200 or 400, never a 5xx, and what is accepted is in the table."""
    world = world_of_files()
    head = "メールアドレス,お名前\r\n".encode()
    body = file_of(head + data, options)

    answer = send(world, body[: len(body) - cut])

    assert answer.status in {200, 400}
    rows = json.loads(answer.body).get("items", {}).get("rows", 0)
    assert len([item for item in world.table.items() if item["sk"] == "EVENT"]) == rows
    assert not [fact for fact, _ in world.journal.lines if fact == "fault"]

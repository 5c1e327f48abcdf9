"""
`ekiden try`: what a sample would cause, before anything is deployed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from click.testing import Result

from chalicelib.cli.trial import PLACEHOLDER
from tests.scenarios.world import CONFIG
from tests.unit.cli.conftest import Ekiden, Make, flat

FORM = {"email": "taro+x@example.co.jp", "sei": "山田", "mei": "太郎"}
HOOK = {
    "events": [
        {"id": "e1", "type": "changed", "updated_at": "2026-11-21T09:00:00+09:00", "email": "a@example.co.jp"},
        {"id": "e2", "type": "changed", "updated_at": "2026-11-21T09:05:00+09:00", "email": "b@example.co.jp"},
        {"id": "e3", "type": "stopped", "updated_at": "2026-11-21T10:00:00+09:00", "email": "a@example.co.jp"},
        {"id": "e1", "type": "changed", "updated_at": "2026-11-21T09:00:00+09:00", "email": "a@example.co.jp"},
    ],
}


class Trial:
    """
    `ekiden try` with a sample on standard input. No relay can be reached: whoever tries fails the test.
    """

    def __init__(self, ekiden: Ekiden, config: Path) -> None:
        self._ekiden = ekiden
        self._config = config

    def __call__(self, body: bytes | str, source: str, *options: str) -> Result:
        given = body.encode() if isinstance(body, str) else body
        return self._ekiden("try", "-", "--source", source, "--config", str(self._config), *options, input=given)

    def data(self, body: bytes | str, source: str, *options: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self(body, source, "--json", *options).output)
        return found


def unreachable(*_: object) -> None:
    raise AssertionError


@pytest.fixture
def trial(typed: Make, relay_toml: Path) -> Trial:
    return Trial(typed(connect=unreachable, parameters=unreachable), relay_toml)


def test_a_form_shows_the_exact_call(trial: Trial) -> None:
    """Method, address and every field as SATORI would get it, and that nothing was sent or verified."""
    shown = trial(urlencode(FORM), "contact")

    assert shown.exit_code == 0
    assert "POST https://api.satr.jp/api/v4/public/customer/upsert.json" in shown.output
    assert "customer[email]             taro+x@example.co.jp" in shown.output
    assert "customer[collection_route]  問合せフォーム" in shown.output
    assert "Nothing was sent." in shown.output
    assert "was not checked: the page that the browser names" in flat(shown)


def test_credentials_are_never_shown_nor_needed(trial: Trial) -> None:
    """Dots stand where keys would be, in fields, in headers and in JSON parts."""
    satori = trial.data(urlencode(FORM), "contact")["calls"][0]
    haihai = trial.data("email=a%40example.co.jp&name=A", "newsletter")["calls"][0]
    shown = trial(urlencode(FORM), "contact").output + trial("email=a%40example.co.jp&name=A", "newsletter").output

    assert {each["text"] for each in satori["body"] if "key" in each["name"] or "secret" in each["name"]} == {"•••"}
    assert haihai["headers"]["X-HM-apitoken"] == "•••"
    assert json.loads(haihai["body"][0]["text"])["login_id"] == "•••"
    assert PLACEHOLDER not in shown + json.dumps([satori, haihai])


def test_a_batching_lane_shows_its_file(trial: Trial) -> None:
    """The CSV as 配配メール would read it, in its charset, and the settings beside it."""
    found = trial.data(urlencode({"email": "a@example.co.jp", "name": "髙﨑①㈱〜"}), "newsletter")
    settings, rows = found["calls"][0]["body"]

    assert json.loads(settings["text"])["gid"] == "12"
    assert (rows["filename"], rows["charset"]) == ("list.csv", "cp932")
    assert rows["text"] == "メールアドレス,お名前\r\na@example.co.jp,髙﨑①㈱～\r\n"
    assert "a@example.co.jp,髙﨑①㈱～" in trial("email=a%40example.co.jp&name=髙﨑①㈱〜", "newsletter").output


def test_a_form_in_shift_jis_is_read_as_the_page_sends_it(trial: Trial) -> None:
    """With its charset named it is understood; without, the answer says what to add."""
    body = urlencode({"email": "a@example.co.jp", "name": "髙﨑①㈱"}, encoding="cp932")
    named = trial.data(body, "newsletter", "--content-type", "application/x-www-form-urlencoded; charset=Shift_JIS")
    unnamed = trial(body, "newsletter")

    assert named["events"][0]["fields"]["name"] == "髙﨑①㈱"
    assert unnamed.exit_code == 1
    assert "not valid UTF-8" in unnamed.output
    assert "charset=Shift_JIS" in unnamed.output


STANDING_IN = """
[sources.rakuraku]
preset = "custcsv"
secret = "env:CRM_TOKEN"

[sources.salesforce]
preset = "salesforce_outbound"
secret = "env:CRM_TOKEN"
organization_id = "00D000000000001EAA"

[[routes]]
from = "rakuraku"
to = "haihai"
operation = "as_sent"

[[routes]]
from = "salesforce"
to = "haihai"
operation = "register"
fields = { "メールアドレス" = "Email" }
"""
SENDERS = Path(__file__).parents[2] / "data" / "senders"


def test_a_file_for_haihaimail_shows_its_rows_in_one_call(trial: Trial, relay_toml: Path) -> None:
    """What 楽楽販売 would send, tried before its screen is changed; a file at fault says what the screen would get."""
    relay_toml.write_text(CONFIG + STANDING_IN, encoding="utf-8")
    sample = (SENDERS / "rakurakuhanbai_custcsv.multipart").read_bytes()

    found = trial.data(sample, "rakuraku")
    refused = trial(sample.replace("メールアドレス".encode("cp932"), b"mail"), "rakuraku")

    (call,) = found["calls"]
    assert call["body"][1]["text"].count("\r\n") == 3
    assert json.loads(call["body"][0]["text"])["gid"] == "12"
    assert refused.exit_code == 1
    assert 'answered 400: The header has no column "メールアドレス"' in flat(refused)


def test_a_message_of_salesforce_shows_its_records(trial: Trial, relay_toml: Path) -> None:
    """SOAP is tried like any other webhook, and what was not checked is said."""
    relay_toml.write_text(CONFIG + STANDING_IN, encoding="utf-8")
    sample = (SENDERS / "salesforce_outbound.xml").read_bytes()

    shown = trial(sample, "salesforce", "--content-type", "text/xml")

    assert shown.exit_code == 0
    assert "was not checked: the token in the path, the value of OrganizationId" in flat(shown)


def test_a_webhook_of_many_records_shows_each(trial: Trial) -> None:
    """Events with their kinds; one repeated is taken once; calls in the order in which they go."""
    found = trial.data(json.dumps(HOOK), "crm")

    assert [each.get("kind", "repeated") for each in found["events"]] == ["upsert", "upsert", "unsubscribe", "repeated"]
    assert [each["operation"] for each in found["calls"]] == ["register", "stop"]
    assert found["calls"][0]["body"][1]["text"].splitlines()[1:] == ["a@example.co.jp", "b@example.co.jp"]
    assert "is not taken twice" in trial(json.dumps(HOOK), "crm").output


def test_updates_of_one_contact_travel_merged(trial: Trial) -> None:
    """Two records of one address are one row, the newer value in it."""
    older, newer = HOOK["events"][0] | {"name": "旧"}, HOOK["events"][1] | {"name": "新", "email": "a@example.co.jp"}
    found = trial.data(json.dumps({"events": [older, newer]}), "crm")

    assert found["calls"][0]["body"][1]["text"].splitlines()[1:] == ["a@example.co.jp,新"]
    assert len(found["calls"][0]["deliveries"]) == 2


def test_what_would_die_says_why(trial: Trial) -> None:
    """The vendor's rule, the field and the character; status 1; the other calls are shown all the same."""
    shown = trial(urlencode({"email": "a@example.co.jp", "name": "𠮷田"}), "newsletter")

    assert shown.exit_code == 1
    assert "dead" in shown.output
    assert "お名前: has characters that cp932 does not have: 𠮷 U+20BB7" in shown.output
    assert "It would cause no call." in shown.output


def test_what_no_route_takes_is_skipped(trial: Trial, relay_toml: Path) -> None:
    """A condition that is not met is told; that is no fault."""
    relay_toml.write_text(CONFIG.replace('operation = "upsert"\n', 'operation = "upsert"\nwhen = "sei == \'佐藤\'"\n'))
    shown = trial(urlencode(FORM), "contact")

    assert shown.exit_code == 0
    assert "condition" in shown.output
    assert "It would cause no call." in shown.output


def test_a_robot_would_be_held(trial: Trial) -> None:
    """The trap field shows its reason; status 1."""
    shown = trial(urlencode(FORM | {"_gotcha": "x"}), "contact")

    assert shown.exit_code == 1
    assert "held: honeypot" in shown.output


def test_a_field_that_the_visitor_can_mend(trial: Trial) -> None:
    """The answer that the visitor would get, in his words."""
    shown = trial(urlencode(FORM | {"email": "taro"}), "contact")
    found = trial.data(urlencode(FORM | {"email": "taro"}), "contact")

    assert shown.exit_code == 1
    assert "The sender would be answered 422" in shown.output
    assert "正しい形式で入力してください。" in shown.output
    assert found["refused"]["status"] == 422
    assert found["refused"]["problems"][0]["field"] == "email"


@pytest.mark.parametrize("body", ['{"events": [{"id": ', "\x00\x01", "", "%zz", "[[[[[[[[[[[[[[[[[]]]]"])
@pytest.mark.parametrize("source", ["crm", "contact"])
def test_a_broken_sample_is_answered_as_the_door_would(body: str, source: str, trial: Trial) -> None:
    """Never a traceback: the status and the reason, or a held event."""
    shown = trial(body, source)

    assert shown.exit_code == 1
    assert "would be answered 4" in shown.output or "held" in shown.output


def test_a_record_that_cannot_be_understood_is_shown(trial: Trial) -> None:
    """Its reason and its text; the good records beside it go on."""
    shown = trial(json.dumps({"events": [HOOK["events"][0], 7]}), "crm")

    assert shown.exit_code == 1
    assert "not an object" in shown.output
    assert "call 1 of 1" in shown.output


def test_a_file_a_header_and_a_token(trial: Trial, ekiden: Ekiden, relay_toml: Path, tmp_path: Path) -> None:
    """A sample in a file, with what its sender adds; a last line end of an editor is no part of it."""
    file = tmp_path / "hook.json"
    file.write_text(json.dumps(HOOK) + "\n")
    options = ("--source", "crm", "--config", str(relay_toml), "--header", "X-Relay-Token: any", "--token", "t")
    shown = ekiden("try", str(file), *options)

    assert shown.exit_code == 0
    assert "event 4 of 4" in shown.output
    assert "the token in the header X-Relay-Token" in flat(shown)
    assert "mei    太郎\n" in trial(urlencode(FORM) + "\n", "contact").output


def test_a_multipart_sample_names_its_own_boundary(trial: Trial) -> None:
    """A recorded multipart body needs no content type."""
    parts = (f'--B\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in FORM.items())
    shown = trial("".join(parts) + "--B--\r\n", "contact")

    assert shown.exit_code == 0
    assert "customer[last_name]         山田" in shown.output


@pytest.mark.parametrize(
    ("options", "answer"),
    [
        (("--source", "contct"), 'Did you mean "contact"?'),
        ((), "Missing option '--source'"),
        (("--source", "contact", "--header", "nonsense"), "is no header"),
    ],
)
def test_wrong_use_is_told(options: tuple[str, ...], answer: str, ekiden: Ekiden, relay_toml: Path) -> None:
    """Status 2 with the right way."""
    shown = ekiden("try", "-", *options, "--config", str(relay_toml), input=b"a=b")

    assert shown.exit_code == 2
    assert answer in shown.output


def test_any_stages_file_may_be_tried(trial: Trial) -> None:
    """A file for AWS and one for this machine: secrets are not read."""
    assert trial(urlencode(FORM), "contact", "--stage", "prod").exit_code == 0


DECLARED = (
    CONFIG.partition("[destinations.satori]")[0]
    + """
[destinations.own]
vendor = "http"
base_url = "https://own.example.co.jp"
credentials = { user = "env:OWN_USER", password = "env:OWN_PASSWORD", token = "env:OWN_TOKEN" }
headers = { Authorization = "Basic {basic:user:password}", X-Token = "{secret:token}" }

[destinations.post]
vendor = "email"
from = "お問い合わせ窓口 <info@example.co.jp>"
templates.thanks = { subject = "{name} 様", text = "受け付けました。" }

[[routes]]
from = "contact"
to = "own"
operation = "send"
fields = { name = "sei" }

[[routes]]
from = "contact"
to = "post"
operation = "auto_reply"
settings = { template = "thanks" }
fields = { email = "email", name = "sei" }
"""
)


@pytest.fixture
def declared(typed: Make, tmp_path: Path) -> Trial:
    file = tmp_path / "relay.toml"
    file.write_text(DECLARED, encoding="utf-8")
    return Trial(typed(connect=unreachable, parameters=unreachable), file)


def test_a_declared_destination_shows_its_request_without_its_keys(declared: Trial) -> None:
    """Places are filled, credentials are not: nobody needs to have them for a trial."""
    first = declared.data(urlencode(FORM), "contact")["calls"][0]

    assert (first["method"], first["url"], first["headers"]["X-Token"]) == ("POST", "https://own.example.co.jp", "•••")
    assert json.loads(first["body"][0]["text"]) == {"name": "山田"}


def test_a_letter_is_shown_as_its_reader_will_see_it(declared: Trial) -> None:
    """Subject and text in Japanese, not in what mail makes of it on its way."""
    letter = declared.data(urlencode(FORM), "contact")["calls"][1]
    parts = {part["name"]: part["text"] for part in letter["body"]}

    assert (parts["Subject"], parts["To"]) == ("山田 様", "taro+x@example.co.jp")
    assert parts["text"] == "受け付けました。\n"

"""
`ekiden senders`: what to type into a sender's screen.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chalicelib.cli.connecting import base_address
from chalicelib.cli.instructions import guides
from chalicelib.config import parse
from chalicelib.destinations import VENDORS
from chalicelib.ops.stopped import Stopped
from chalicelib.sources import PRESETS
from tests.unit.cli.conftest import Ekiden, Make, flat

HEAD = '[relay]\nname = "acme"\nsecret = "ssm:/acme/key"\n'
TOML = (
    HEAD
    + """
[sources.leads]
preset = "kintone"
secret = ["ssm:/acme/kintone", "ssm:/acme/kintone-previous"]

[sources.partner]
preset = "webhook"
verify = [
  { token = { in = "query", name = "key", secret = "ssm:/acme/partner-key" } },
  { token = { in = "header", name = "Authorization", prefix = "Bearer ", secret = "ssm:/acme/partner" } },
]
records = { path = "items" }
event = { id = "no", time = "at", kind = "what", kinds = { stop = "unsubscribe", "*" = "upsert" } }
respond = { kind = "json", body = '{"ok": true}' }

[sources.old]
preset = "webhook"
verify = [{ token = { in = "basic", name = "relay", secret = "ssm:/acme/old" } }]

[sources.contact]
preset = "form"
thanks = "https://www.example.co.jp/thanks"
"""
)
BASE = "https://relay.example.co.jp/api"


@pytest.fixture
def ekiden(typed: Make, tmp_path: Path) -> Ekiden:
    file = tmp_path / "relay.toml"
    file.write_text(TOML, encoding="utf-8")
    run = typed(base=lambda _stage, _config: BASE)
    return lambda *words, **given: run("--config", str(file), "--stage", "prod", *words, **given)


def told(ekiden: Ekiden, name: str) -> dict[str, object]:
    (found,) = json.loads(ekiden("senders", name, "--json").output)["sources"]
    return dict(found)


def test_a_secret_address_is_shown_with_a_placeholder(ekiden: Ekiden) -> None:
    """The token's place and where its value is kept; of two live values the current one."""
    found = told(ekiden, "leads")

    assert found["url"] == f"{BASE}/in/leads/<token>"
    assert found["secret"] == "<ssm:/acme/kintone>"
    assert found["headers"] == {"Content-Type": "application/json"}
    assert found["answer"] == "200 empty"
    assert "kintone-previous" not in ekiden("senders").output


def test_what_relay_toml_says_over_the_preset_is_what_is_shown(ekiden: Ekiden) -> None:
    """A sender of one's own needs no Python, and gets its instructions, too."""
    found = told(ekiden, "partner")

    assert found["url"] == f"{BASE}/in/partner?key=<token>"
    assert found["headers"] == {"Content-Type": "application/json", "Authorization": "Bearer <ssm:/acme/partner>"}
    assert (found["records"], found["id"], found["time"], found["kind"]) == ("items", "no", "at", "what")
    assert found["kinds"] == {"stop": "unsubscribe", "*": "upsert"}
    assert found["answer"] == '200 {"ok": true}'
    assert told(ekiden, "old")["headers"] == {
        "Content-Type": "application/json",
        "Authorization": "Basic (user relay, password <ssm:/acme/old>)",
    }


def test_steps_carry_this_sources_address(ekiden: Ekiden) -> None:
    """They can be followed as they stand, in either language."""
    found = told(ekiden, "leads")
    shown = flat(ekiden("senders", "leads"))

    for language in ("ja", "en"):
        steps = found["steps"][language]  # type: ignore[index]
        assert f"{BASE}/in/leads/<token>" in steps[0]
        assert "{" not in "".join(steps)
    assert guides()["kintone"].limits[0][0] in shown
    assert guides()["kintone"].limits[0][1] in shown


def test_every_source_is_shown_once(ekiden: Ekiden) -> None:
    """With no name all of them; with names those."""
    whole = ekiden("senders")

    assert whole.exit_code == 0
    assert [name for name in ("leads", "partner", "old", "contact") if f"{BASE}/in/{name}" not in flat(whole)] == []
    assert "in/contact" not in ekiden("senders", "leads", "old").output


def test_a_source_that_is_not_there_is_told(ekiden: Ekiden) -> None:
    """With those that are."""
    found = ekiden("senders", "lead")

    assert found.exit_code == 2
    assert "contact, leads, old, partner" in flat(found)


def test_before_the_first_deployment_a_placeholder_stands_for_the_address(typed: Make, tmp_path: Path) -> None:
    """The rest can be prepared meanwhile; why is said beside the data."""
    file = tmp_path / "relay.toml"
    file.write_text(TOML, encoding="utf-8")

    def nowhere(_stage: str, _config: object) -> str:
        raise Stopped("The stack acme-prod does not exist.")

    found = typed(base=nowhere)("--config", str(file), "--stage", "prod", "senders", "--json")

    assert found.exit_code == 0
    assert "https://YOUR-API/api/in/leads/<token>" in found.stdout
    assert "The stack acme-prod does not exist." in found.stderr


def test_the_address_is_that_of_the_stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is served on this machine by its own, a deployed stage by public_url, which signatures cover."""
    config = parse(
        HEAD + 'public_url = "https://relay.example.co.jp"\n', vendors=VENDORS, presets=PRESETS, stage="prod"
    )
    served = tmp_path / ".ekiden" / "serve" / "env"
    served.parent.mkdir(parents=True)
    served.write_text("export EKIDEN_API_URL=http://127.0.0.1:1/api\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EKIDEN_STAGE", raising=False)

    assert base_address("local", config) == "http://127.0.0.1:1/api"
    assert base_address("prod", config) == "https://relay.example.co.jp"


def test_an_empty_relay_toml_has_nothing_to_set(typed: Make, tmp_path: Path) -> None:
    """It is said, not shown as an empty table."""
    file = tmp_path / "relay.toml"
    file.write_text(HEAD, encoding="utf-8")

    found = typed(base=lambda _stage, _config: BASE)("--config", str(file), "--stage", "prod", "senders")

    assert "relay.toml has no sources." in found.output

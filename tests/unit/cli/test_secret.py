"""
`ekiden secret`: which secrets are there, and writing them.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.cli.conftest import Ekiden, Make, flat

RELAY = """
[relay]
name = "acme"
secret = ["ssm:/acme/key", "ssm:/acme/key-before"]

[sources.crm]
preset = "webhook"
verify = [{ token = { in = "header", name = "X-Relay-Token", secret = "ssm:/acme/crm" } }]

[sources.shop]
preset = "shopify"
secret = "ssm:/acme/shop"

[destinations.satori]
vendor = "satori"
version = 4
credentials = "ssm:/acme/satori"

[destinations.haihai]
vendor = "haihaimail"
base_url = "https://a01.hm-f.jp"
account = "acme"
credentials = { login_id = "secretsmanager:acme/login", api_token = "ssm:/acme/haihai-token" }
"""
KEYS = {"user_key": "a", "user_secret": "b", "company_key": "c", "company_secret": "d"}


class Parameters:
    """
    SSM's parameters in memory, as strict as SSM where it matters.
    """

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.versions: dict[str, int] = {}

    def get_parameters(self, *, Names: list[str], WithDecryption: bool) -> dict[str, Any]:  # noqa: N803
        assert 1 <= len(Names) <= 10
        assert WithDecryption is False
        changed = datetime(2026, 11, 21, 1, tzinfo=UTC)
        found = [{"Name": name, "LastModifiedDate": changed} for name in Names if name in self.values]
        return {"Parameters": found, "InvalidParameters": [name for name in Names if name not in self.values]}

    def put_parameter(self, *, Name: str, Value: str, Type: str, Overwrite: bool) -> dict[str, Any]:  # noqa: N803
        assert Type == "SecureString"
        if Name in self.values and not Overwrite:
            raise ClientError({"Error": {"Code": "ParameterAlreadyExists", "Message": ""}}, "PutParameter")
        self.values[Name] = Value
        self.versions[Name] = self.versions.get(Name, 0) + 1
        return {"Version": self.versions[Name]}


@pytest.fixture
def store() -> Parameters:
    return Parameters()


@pytest.fixture
def secret(typed: Make, store: Parameters, tmp_path: Path) -> Ekiden:
    """
    `ekiden secret … --stage prod` over parameters in memory.
    """
    file = tmp_path / "secrets.toml"
    file.write_text(RELAY)
    ekiden = typed(parameters=lambda _stage: store)

    def run(*arguments: str, stage: str = "prod", **given: Any) -> Any:
        return ekiden("--config", str(file), "--stage", stage, "secret", *arguments, **given)

    return run


def test_the_list_shows_what_is_missing(secret: Ekiden, store: Parameters) -> None:
    """Every reference with its use, status 1 while one is missing, and the command for each."""
    store.values["/acme/key"] = "x" * 64
    shown = secret("list")
    states = {each["reference"]: each["state"] for each in json.loads(secret("list", "--json").output)}

    assert shown.exit_code == 1
    assert "secret generate ssm:/acme/crm\n" in shown.output
    assert "secret put ssm:/acme/satori\n" in shown.output
    assert states["ssm:/acme/key"] == "present"
    assert states["ssm:/acme/key-before"] == "missing"
    assert states["secretsmanager:acme/login"] == "not looked at here"
    assert "x" * 64 not in shown.output


def test_once_all_are_there_the_list_is_content(secret: Ekiden, store: Parameters) -> None:
    """Status 0 for deployment scripts."""
    for name in ("key", "key-before", "crm", "shop", "satori", "haihai-token"):
        store.values[f"/acme/{name}"] = "x"

    assert secret("list").exit_code == 0


def test_credentials_are_written_from_a_file(secret: Ekiden, store: Parameters, tmp_path: Path) -> None:
    """Without the line end that editors add; the value is not shown."""
    file = tmp_path / "keys.json"
    file.write_text(json.dumps(KEYS) + "\n")
    shown = secret("put", "ssm:/acme/satori", "--value-from", str(file))

    assert shown.exit_code == 0
    assert json.loads(store.values["/acme/satori"]) == KEYS
    assert "company_secret" not in shown.output


@pytest.mark.parametrize(
    ("value", "answer"),
    [
        ("not json", "it is not JSON"),
        ("[]", "not a JSON object"),
        (json.dumps({**KEYS, "user_key": ""}), "missing, blank or no text: user_key"),
        (json.dumps({"user_secert": "b", **{k: v for k, v in KEYS.items() if k != "user_secret"}}), '"user_secert" is'),
        (json.dumps({**KEYS, "company_key": 12}), "company_key"),
        ("", "the value is empty"),
        (json.dumps({**KEYS, "user_key": "x" * 5_000}), "a parameter holds 4,096"),
    ],
)
def test_credentials_that_the_vendor_would_miss_are_refused(
    value: str, answer: str, secret: Ekiden, store: Parameters
) -> None:
    """Before anything is written, and without repeating the value."""
    shown = secret("put", "/acme/satori", input=value)

    assert shown.exit_code == 1
    assert answer in flat(shown)
    assert store.values == {}


def test_a_value_can_be_piped_in(secret: Ekiden, store: Parameters) -> None:
    """From standard input, the line end left out."""
    assert secret("put", "/acme/haihai-token", input="token-1\n").exit_code == 0
    assert store.values == {"/acme/haihai-token": "token-1"}


def test_what_is_there_is_replaced_only_with_yes(secret: Ekiden, store: Parameters) -> None:
    """The plan first, with status 1 and nothing written."""
    store.values["/acme/crm"] = "old"
    planned = secret("put", "/acme/crm", input="new")

    assert planned.exit_code == 1
    assert "Would replace:" in planned.output
    assert store.values["/acme/crm"] == "old"

    assert secret("put", "/acme/crm", "--yes", input="new").exit_code == 0
    assert store.values["/acme/crm"] == "new"


@pytest.mark.parametrize("deed", ["put", "generate"])
def test_a_name_that_relay_toml_does_not_have_is_refused(deed: str, secret: Ekiden, store: Parameters) -> None:
    """Wrong use, with the nearest right one."""
    shown = secret(deed, "/acme/stori", input="x")

    assert shown.exit_code == 2
    assert 'Did you mean "ssm:/acme/satori"?' in shown.output
    assert store.values == {}


def test_a_generated_key_is_long_and_unseen(secret: Ekiden, store: Parameters) -> None:
    """256 bits, different each time; one that is there is kept unless --yes."""
    shown = secret("generate", "/acme/key")
    first = store.values["/acme/key"]

    assert shown.exit_code == 0
    assert len(bytes.fromhex(first)) == 32
    assert first not in shown.output

    kept = secret("generate", "ssm:/acme/key")
    assert kept.exit_code == 1
    assert "list both" in kept.output
    assert store.values["/acme/key"] == first

    assert secret("generate", "/acme/key", "--yes").exit_code == 0
    assert store.values["/acme/key"] != first


@pytest.mark.parametrize("name", ["/acme/satori", "/acme/haihai-token", "/acme/shop"])
def test_what_others_decide_is_not_generated(name: str, secret: Ekiden, store: Parameters) -> None:
    """A vendor's key or a sender's signing secret cannot be made up here."""
    assert secret("generate", name).exit_code == 2
    assert store.values == {}


def test_a_short_key_is_refused(secret: Ekiden) -> None:
    """The relay's own key is not a password to remember."""
    shown = secret("put", "/acme/key", input="secret")

    assert shown.exit_code == 1
    assert "ekiden secret generate" in shown.output


def test_on_this_machine_secrets_are_variables(typed: Make, relay_toml: Path, secret: Ekiden) -> None:
    """The list tells which are set; writing is refused with the reason."""
    ekiden = typed(parameters=lambda _stage: None)
    variables = {"EKIDEN_SECRET": "x", "CRM_TOKEN": None}
    shown = ekiden("secret", "list", "--config", str(relay_toml), "--json", env=variables)
    states = {each["reference"]: each["state"] for each in json.loads(shown.output)}

    assert (states["env:EKIDEN_SECRET"], states["env:CRM_TOKEN"]) == ("present", "missing")
    assert "→ export CRM_TOKEN=…" in ekiden("secret", "list", "--config", str(relay_toml), env=variables).output

    refused = secret("put", "/acme/key", stage="local", input="x")
    assert refused.exit_code == 2
    assert "--stage prod" in refused.output

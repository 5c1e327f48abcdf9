"""
The reference of relay.toml is true: keys, presets, vendors and functions as the code has them, and examples that work.
"""

from __future__ import annotations

import json
import re
import tomllib
from datetime import UTC, datetime
from itertools import chain
from typing import Any

import pytest

from chalicelib.config import check, parse
from chalicelib.config.mappings import field_mappings
from chalicelib.config.place import Place, Report
from chalicelib.config.routes import ROUTES_PER_SOURCE_MAX
from chalicelib.destinations import VENDORS
from chalicelib.destinations.kit import Field, Setting
from chalicelib.model import Event, State
from chalicelib.routing.expressions import evaluate
from chalicelib.routing.functions import FUNCTIONS
from chalicelib.routing.mapping import scope_of, value_of
from chalicelib.sources import PRESETS
from chalicelib.sources.fill_token import fill_token
from tests.scenarios.world import CONFIG, SECRETS, World
from tests.unit.docs import code, grammar
from tests.unit.docs.documents import CONFIGURATION, OPERATIONS, OWN, Section, numbers

NOW = datetime(2026, 11, 21, 1, tzinfo=UTC)
KEY_COLUMNS = 5


def check_row(found: Section, name: str, *, kind: str, default: Any, required: bool, bounds: tuple[Any, ...]) -> None:
    """
    One of the rows of a key says its kind, its default and its bounds.
    """
    rows = [row for row in found.rows(name) if len(row) == KEY_COLUMNS]
    assert rows, f"{found.heading}: no row for `{name}`"
    assert any(_says(row, kind=kind, default=default, required=required, bounds=bounds) for row in rows), (
        f"{found.heading}: the row of `{name}` does not say {kind}, {default!r}, {required=}, {bounds}: {rows}"
    )


def _says(row: list[str], *, kind: str, default: Any, required: bool, bounds: tuple[Any, ...]) -> bool:
    _, its_kind, its_default, its_bounds, _ = row
    texts = [each for each in bounds if isinstance(each, str) and each]
    amounts = {float(each) for each in bounds if not isinstance(each, str)}
    return (
        (not kind or its_kind == kind)
        and (not required or "required" in its_default)
        and _shows(its_default, default)
        and all(f"`{each}`" in its_bounds for each in texts)
        and amounts <= numbers(its_bounds)
    )


def _shows(cell: str, default: Any) -> bool:
    if isinstance(default, bool):
        return f"`{str(default).lower()}`" in cell
    if isinstance(default, int | float):
        return default == 0 or float(default) in numbers(cell)
    return not default or f"`{default}`" in cell


@pytest.mark.parametrize(
    ("heading", "name", "rule", "default"),
    [pytest.param(*each, id=f"{each[0]} {each[1]}") for each in grammar.every_key()],
)
def test_every_key_of_relay_toml_is_in_its_table(heading: str, name: str, rule: Any, default: Any) -> None:
    """Whoever looks a key up finds its kind, default and bounds as the checker has them."""
    bounds = tuple(each for each in (*rule.choices, rule.least, rule.most) if each is not None)
    kind = grammar.KINDS.get(rule.kind, "")
    check_row(CONFIGURATION.section(heading), name, kind=kind, default=default, required=rule.required, bounds=bounds)


def test_no_table_of_relay_toml_is_overlooked() -> None:
    """A table that the checker learns is documented before this passes."""
    reached = grammar.documented_keys()
    overlooked = {
        f"{where}.{name}"
        for where, shape in grammar.declared_shapes()
        for name, rule in shape.items()
        if id(rule) not in reached
    }

    assert overlooked == set()


def test_nothing_is_documented_that_is_not_there() -> None:
    """What has gone from the code goes from the reference."""
    known: dict[str, set[str]] = {}
    for heading, name, _, _ in grammar.every_key():
        known.setdefault(heading, set()).add(name)
    for slug, vendor in VENDORS.items():
        of_routes = (each.settings for each in vendor.operations.values())
        known[vendor_section(slug).heading] = set(chain(vendor.settings, vendor.operations, *of_routes))
    sections = {heading: CONFIGURATION.section(heading) for heading in known}

    assert {
        where: names for where in known if (names := sections[where].names(columns=KEY_COLUMNS) - known[where])
    } == {}
    assert CONFIGURATION.section("Presets").names() == set(PRESETS)
    assert CONFIGURATION.section("Functions").names() == set(FUNCTIONS)


@pytest.mark.parametrize(("heading", "shape"), grammar.IN_WORDS)
def test_kinds_of_tables_are_named(heading: str, shape: Any) -> None:
    """What has no row of its own is named in the text, or is a heading."""
    text = CONFIGURATION.section(heading).text

    assert [name for name in shape if f"`{name}`" not in text and f"[{name}" not in text] == []


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_says_what_it_proves_a_sender_by(name: str) -> None:
    """Its row names the header that the sender signs in."""
    row = CONFIGURATION.section("Presets").row(name)
    checks = [check for entry in PRESETS[name]["verify"] for check in entry.values()]
    headers = chain.from_iterable(check.get("headers", ()) for check in checks)

    assert [header for header in headers if f"`{header}`" not in row[1]] == []


@pytest.mark.parametrize("text", CONFIGURATION.blocks("toml") + OPERATIONS.blocks("toml") + OWN.blocks("toml"))
def test_every_example_of_relay_toml_is_sound(text: str) -> None:
    """A whole file parses; a part has no fault but what it refers to and leaves out."""
    if "[relay]" in text:
        assert parse(text, vendors=VENDORS, presets=PRESETS, stage="prod").routes
        return
    tomllib.loads(text)
    faults = check(text, vendors=VENDORS, presets=PRESETS, stage="prod")
    left_out = ("is missing", '"contact" is no', '"crm" is no', '"satori" is no', '"haihai" is no')

    assert [str(each) for each in faults if not each.warning and not each.message.startswith(left_out)] == []


def test_the_mappings_shown_give_the_values_shown() -> None:
    """Each arrow of the example leads to what the relay makes of the example's event."""
    section = CONFIGURATION.text.partition("### Values")[2]
    fields = json.loads(section.partition("```json\n")[2].partition("```")[0])
    event = Event(source="contact", kind="upsert", time=NOW, fields=fields, dedupe="1", dedupe_seconds=600)
    scope = scope_of(event, arrived=NOW, event_id="1")
    shown = re.findall(r"^(.+?) +# → (.+)$", section, re.MULTILINE)
    wrong = {}
    for written, wanted in shown:
        ((name, mapped),) = field_mappings(tomllib.loads(written), Place("", Report())).items()
        if (found := value_of(mapped, scope)) != json.loads(wanted):
            wrong[name] = found

    assert len(shown) > 5
    assert wrong == {}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_has_an_example_that_is_true(name: str) -> None:
    """What the table says a function gives is what it gives."""
    _, _, example, wanted = CONFIGURATION.section("Functions").row(name)

    assert example.startswith(f"`{name}(")
    assert evaluate(example.strip("`"), {}) == json.loads(wanted.strip("`"))


@pytest.mark.parametrize("words", sorted(code.warnings()))
def test_every_warning_is_explained(words: str) -> None:
    """What `config check` says is found by its words."""
    said = words.strip('", ')

    assert [row for row in CONFIGURATION.section("What config check warns of").table() if said in row[0]], said


def test_every_door_is_in_the_list_of_addresses() -> None:
    """Whoever writes a form finds where to post it; a browser's question beforehand is nobody's to write."""
    listed = CONFIGURATION.section("Addresses")

    assert [door for door in sorted(code.doors()) if not listed.rows(door) and not door.startswith("OPTIONS ")] == []


def test_the_routes_that_a_source_may_have_are_told() -> None:
    """The checker's bound stands where routes are explained."""
    assert float(ROUTES_PER_SOURCE_MAX) in numbers(CONFIGURATION.section("[[routes]]").row("from")[4])


# ── vendors ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def vendor_section(slug: str) -> Section:
    return CONFIGURATION.section(f'{VENDORS[slug].label} (vendor = "{slug}")')


def settings() -> list[Any]:
    """
    Each setting of a destination or a route, once.
    """
    found = {}
    for slug, vendor in VENDORS.items():
        of_operations = [each.settings for each in vendor.operations.values()]
        for name, setting in chain.from_iterable(each.items() for each in (vendor.settings, *of_operations)):
            found[slug, name] = pytest.param(slug, setting, id=f"{slug} {name}")
    return list(found.values())


@pytest.mark.parametrize(("slug", "setting"), settings())
def test_every_setting_of_a_vendor_is_in_its_table(slug: str, setting: Setting) -> None:
    """With its kind, default and bounds as the vendor's module declares them."""
    bounds = tuple(each for each in (*setting.choices, setting.least, setting.most) if each is not None)
    check_row(
        vendor_section(slug),
        setting.name,
        kind=grammar.KINDS[setting.kind],
        default=setting.default,
        required=setting.required,
        bounds=bounds,
    )


@pytest.mark.parametrize("slug", VENDORS)
def test_every_operation_and_credential_of_a_vendor_is_told(slug: str) -> None:
    """With the settings that a route gives it."""
    section, vendor = vendor_section(slug), VENDORS[slug]
    told = {
        name: any(all(f"`{each}`" in "|".join(row) for each in operation.settings) for row in section.rows(name))
        for name, operation in vendor.operations.items()
    }

    assert [name for name, right in told.items() if not right] == []
    assert [name for name in vendor.credentials if f"`{name}`" not in section.text] == []


@pytest.mark.parametrize(
    ("slug", "operation", "field"),
    [
        pytest.param(slug, operation.name, field, id=f"{operation.name} {field.name}")
        for slug, vendor in VENDORS.items()
        for operation in vendor.operations.values()
        for field in operation.fields.values()
    ],
)
def test_every_field_of_an_operation_is_in_its_table(slug: str, operation: str, field: Field) -> None:
    """With the vendor's label, the operations that take it, and its limits."""
    row = vendor_section(slug).row(field.name)
    _, label, taken_by, limits = row

    assert field.label in label
    assert operation in taken_by or taken_by == "all"
    assert not field.chars_max or float(field.chars_max) in numbers(limits), row
    assert [each for each in field.choices if f"`{each}`" not in limits] == []
    assert not field.required or "required" in limits


def test_a_second_key_of_the_relay_keeps_old_tokens_alive_as_is_said() -> None:
    """A page that was opened before the key changed brings a token of the old one, and is welcome."""
    keys = CONFIG.replace('secret = "env:EKIDEN_SECRET"', 'secret = ["env:NEW", "env:EKIDEN_SECRET"]', 1)
    world = World(keys.replace('preset = "form"', 'preset = "form"\ntoken = "required"', 1))
    world.secrets.values["env:NEW"] = "a key that was made today"
    token = fill_token("contact", SECRETS["env:EKIDEN_SECRET"].encode(), world.clock.now())
    world.clock.sleep(30)
    world.submit("contact", {"email": "taro@example.co.jp", "_token": token})

    assert State.HELD not in {each.state for each in world.deliveries()}
    assert "tokens of the second still count" in CONFIGURATION.section("The relay's key").text

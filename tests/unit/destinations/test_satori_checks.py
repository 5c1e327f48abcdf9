"""
SATORI: what an operator is told of relay.toml before anything is deployed.
"""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.destinations.satori import VENDOR
from chalicelib.model import Const, Expr, Fault, FieldName, Mapped, Route
from tests.unit.destinations.accounts import satori_account

FIELDS: dict[str, Mapped] = {"email": FieldName("mail"), "collection_route": Const("問合せフォーム")}


def route(operation: str = "upsert", *, fields: dict[str, Mapped] | None = None, **more: Any) -> Route:
    """
    A route of a form to SATORI.
    """
    return Route(
        name="r",
        source="contact",
        destination="satori",
        operation=operation,
        fields={**FIELDS, **(fields or {})},
        **more,
    )


def told(faults: list[Fault]) -> dict[str, str]:
    """
    Faults that stop a deployment: path → message and remedy.
    """
    return {fault.path: f"{fault.message}. {fault.remedy}" for fault in faults if not fault.warning}


def test_a_sound_route_has_no_fault() -> None:
    """
    Address and route of the lead are enough.
    """
    assert VENDOR.check_route(route(), satori_account()) == []
    assert VENDOR.check(satori_account()) == []


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("lastname", '"last_name"'),
        ("e-mail", '"email"'),
        ("customer[memo]", '"memo"'),
        ("identity_type", 'identity = "hashcode"'),
        ("Memo", '"memo"'),
        ("qqqqqq", "Write one of"),
    ],
)
def test_a_misspelt_field_is_told_with_the_right_one(name: str, hint: str) -> None:
    """
    SATORI would take a misspelt name silently, as a note in its action log.
    """
    found = told(VENDOR.check_route(route(fields={name: FieldName("x")}), satori_account()))

    assert len(found) == 1
    assert hint in next(iter(found.values()))


def test_required_fields_must_be_mapped() -> None:
    """
    Each missing one is told, and a strange name that was meant to be it.
    """
    bare = Route(name="r", source="s", destination="satori", operation="upsert", fields={"e-mail": FieldName("x")})
    found = told(VENDOR.check_route(bare, satori_account()))

    assert set(found) == {"routes.r.fields.email", "routes.r.fields.collection_route", "routes.r.fields.e-mail"}
    assert '"e-mail"' in found["routes.r.fields.email"]


def test_a_hashcode_route_needs_the_hashcode() -> None:
    """
    The settings decide what names the customer; both ways round, the contradiction is told.
    """
    by_hashcode = route(settings={"identity": Const("hashcode")})
    by_email = route(fields={"hashcode": FieldName("h")})

    assert set(told(VENDOR.check_route(by_hashcode, satori_account()))) == {"routes.r.fields.hashcode"}
    assert "named by email" in told(VENDOR.check_route(by_email, satori_account()))["routes.r.fields.hashcode"]
    assert (
        VENDOR.check_route(
            route(settings={"identity": Const("hashcode")}, fields={"hashcode": FieldName("h")}), satori_account()
        )
        == []
    )


def test_a_hashcode_without_an_address_is_warned_of() -> None:
    """
    The manual lists the address as required even then, and does not say what it is for.
    """
    by_hashcode = Route(
        name="r",
        source="s",
        destination="satori",
        operation="delete",
        fields={"hashcode": FieldName("h")},
        settings={"identity": Const("hashcode")},
    )
    (warning,) = VENDOR.check_route(by_hashcode, satori_account())

    assert (warning.warning, warning.path) == (True, "routes.r.fields.email")


def test_the_identity_may_not_change_with_each_event() -> None:
    """
    What names the customer is decided at deploy time.
    """
    faults = VENDOR.check_route(route(settings={"identity": Expr("kind")}), satori_account())

    assert "constant" in told(faults)["routes.r.settings.identity"]


def test_a_delete_maps_who_and_nothing_else() -> None:
    """
    A collection route has no meaning in a delete.
    """
    assert set(told(VENDOR.check_route(route("delete"), satori_account()))) == {"routes.r.fields.collection_route"}


@pytest.mark.parametrize(
    ("account", "name", "hint"),
    [
        ({"version": 3}, "custom:interest", "version = 4"),
        ({"custom_fields": {"interest": "text"}}, "custom:intrest", '"custom:interest"'),
        ({}, "custom:interest", "custom_fields = { "),
    ],
)
def test_custom_fields_are_declared(account: dict[str, Any], name: str, hint: str) -> None:
    """
    A custom field needs version 4 and a place in custom_fields; a near miss is told.
    """
    found = told(VENDOR.check_route(route(fields={name: FieldName("x")}), satori_account(**account)))

    assert hint in found[f'routes.r.fields."{name}"']


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"status": Const("new")}, "status"),
        ({"collection_route": Const("")}, "collection_route"),
        ({"append_tags": Const("BRAND")}, "append_tags"),
        ({"memo": Const("あ" * 501)}, "memo"),
    ],
)
def test_a_constant_that_satori_would_refuse_is_told(fields: dict[str, Mapped], path: str) -> None:
    """
    Otherwise every single lead would become a dead letter.
    """
    assert set(told(VENDOR.check_route(route(fields=fields), satori_account()))) == {f"routes.r.fields.{path}"}


@pytest.mark.parametrize("name", ["memo", "address"])
def test_free_text_without_an_overflow_rule_is_warned_of(name: str) -> None:
    """
    People type more than the limit; the operator decides what becomes of it.
    """
    (warning,) = VENDOR.check_route(route(fields={name: FieldName("x")}), satori_account())

    assert warning.warning
    assert "overflow" in warning.remedy
    for rule in ("clip", "refuse"):
        assert VENDOR.check_route(route(fields={name: FieldName("x")}, overflow={name: rule}), satori_account()) == []


@pytest.mark.parametrize(("name", "why"), [("email", "another value"), ("status", "no known limit")])
def test_what_cannot_be_clipped_is_told(name: str, why: str) -> None:
    """
    A clipped address would be somebody else's; a choice has no limit.
    """
    faults = VENDOR.check_route(route(fields={name: FieldName("x")}, overflow={name: "clip"}), satori_account())

    assert why in told(faults)[f"routes.r.overflow.{name}"]


def test_a_constant_permission_is_warned_of() -> None:
    """
    It would permit mail again to people who opted out; a constant refusal is fine.
    """
    (warning,) = VENDOR.check_route(route(fields={"delivery_permission": Const("approval")}), satori_account())

    assert warning.warning
    assert "opted out" in warning.message
    assert VENDOR.check_route(route(fields={"delivery_permission": Const("reject")}), satori_account()) == []


@pytest.mark.parametrize(
    ("account", "path"),
    [
        ({"base_url": "https://api.satr.jp/api/v3"}, "base_url"),
        ({"base_url": "https://[broken"}, "base_url"),
        ({"calls_per_second": 0}, "calls_per_second"),
        ({"calls_per_second": -1.5}, "calls_per_second"),
        ({"version": 3, "custom_fields": {"a": "text"}}, "custom_fields"),
        ({"custom_fields": {f"f{number}": "text" for number in range(101)}}, "custom_fields"),
        ({"custom_fields": {"custom:a": "text"}}, 'custom_fields."custom:a"'),
        ({"custom_fields": {"a b": "text"}}, 'custom_fields."a b"'),
        ({"custom_fields": {"a": "string"}}, "custom_fields.a"),
        ({"substitutes": {"": "x"}}, 'substitutes.""'),
        ({"substitutes": {"a": "\ud800"}}, "substitutes.a"),
    ],
)
def test_a_faulty_destination_is_told(account: dict[str, Any], path: str) -> None:
    """
    Each fault names its key and what to write instead.
    """
    (fault,) = VENDOR.check(satori_account(**account))

    assert fault.path == f"destinations.satori.{path}"
    assert fault.remedy

"""
SATORI: what of a mapped event is sent, and what is refused before any call.
"""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.destinations.satori import VENDOR
from chalicelib.model import Effect, Prepared
from tests.unit.destinations.accounts import satori_account

LEAD = {"email": "Hanako@Example.co.jp", "collection_route": "問合せフォーム"}


def prepare(
    operation: str = "upsert",
    *,
    settings: dict[str, str] | None = None,
    overflow: dict[str, str] | None = None,
    account: dict[str, Any] | None = None,
    **fields: Any,
) -> Any:
    """
    Prepare an upsert (or another operation) of a lead with more fields.
    """
    names = LEAD if operation != "delete" else {"email": LEAD["email"]}
    mapped = {**names, **{name.replace("custom_", "custom:"): value for name, value in fields.items()}}
    return VENDOR.prepare(
        VENDOR.operations[operation], mapped, settings or {}, satori_account(**account or {}), overflow or {}
    )


def sent(prepared: object, name: str) -> str | None:
    """
    The text that is sent for a field, if any.
    """
    assert isinstance(prepared, Prepared), prepared
    return prepared.payload.get(name)


def codes(problems: object) -> dict[str, str]:
    """
    The problems as field → code.
    """
    assert isinstance(problems, tuple), problems
    return {problem.field: problem.code for problem in problems}


def test_a_lead_is_named_by_its_address() -> None:
    """
    The payload has no wrapper, says by what it names the customer, and the identity ignores the case of letters.
    """
    prepared = prepare()

    assert prepared.payload == {"identity_type": "email", **LEAD}
    assert prepared.address == "hanako@example.co.jp"
    assert prepared.settings == {}


def test_a_hashcode_names_the_customer_where_the_route_says_so() -> None:
    """
    The address may be left out, the hashcode may not; it travels with the payload and the settings.
    """
    by_hashcode = {"identity": "hashcode"}
    prepared = prepare(settings=by_hashcode, hashcode="8eced811cdb57f56", email=None)

    assert prepared.payload == {
        "identity_type": "hashcode",
        "collection_route": "問合せフォーム",
        "hashcode": "8eced811cdb57f56",
    }
    assert (prepared.address, prepared.settings) == ("8eced811cdb57f56", by_hashcode)
    assert codes(prepare(settings=by_hashcode)) == {"hashcode": "missing"}


@pytest.mark.parametrize("identity", ["phone", "hashcode"])
def test_registration_knows_the_address_only(identity: str) -> None:
    """
    SATORI registers by e-mail address and nothing else.
    """
    assert codes(prepare("registration", settings={"identity": identity})) == {"identity": "choice"}


def test_delete_takes_who_and_nothing_else() -> None:
    """
    A profile field has no meaning in a delete.
    """
    assert prepare("delete").payload == {"identity_type": "email", "email": LEAD["email"]}
    assert codes(prepare("delete", memo="x")) == {"memo": "unknown"}


def test_blank_values_are_never_sent() -> None:
    """
    Whether SATORI keeps or clears on an empty text makes no difference.
    """
    prepared = prepare(last_name="", first_name="\u3000", memo=None, append_tags=[], department="営業部")

    assert set(prepared.payload) == {"identity_type", "email", "collection_route", "department"}


def test_all_problems_are_told_at_once() -> None:
    """
    A dead letter shows everything that has to be mended.
    """
    problems = prepare(
        email="not an address",
        collection_route="",
        status="new",
        append_tags="(展示会)",
        memo="あ" * 501,
        collection_date="soon",
        twitter="@x",
    )

    assert codes(problems) == {
        "email": "invalid",
        "collection_route": "missing",
        "status": "choice",
        "append_tags": "tag",
        "memo": "too_long",
        "collection_date": "invalid",
        "twitter": "unknown",
    }


@pytest.mark.parametrize(
    "name",
    [
        "collection_route",
        "last_name",
        "first_name",
        "last_name_reading",
        "first_name_reading",
        "lead_company_name",
        "department",
        "position",
        "phone_number",
        "mobile_phone_number",
        "web_site",
        "address",
        "append_tags",
    ],
)
def test_profile_fields_take_255_characters(name: str) -> None:
    """
    The manual's limit, in characters.
    """
    assert sent(prepare(**{name: "𠮷" * 255}), name) == "𠮷" * 255
    assert codes(prepare(**{name: "𠮷" * 256})) == {name: "too_long"}


def test_the_address_takes_255_characters() -> None:
    """
    The manual's limit for addresses.
    """
    domain = "@example.co.jp"

    assert sent(prepare(email="a" * (255 - len(domain)) + domain), "email")
    assert codes(prepare(email="a" * (256 - len(domain)) + domain)) == {"email": "too_long"}


def test_a_memo_takes_500_characters_and_may_be_clipped() -> None:
    """
    What people type is refused or shortened, as the route says.
    """
    assert codes(prepare(memo="あ" * 501)) == {"memo": "too_long"}
    assert sent(prepare(memo="あ" * 600, overflow={"memo": "clip"}), "memo") == "あ" * 500


def test_emoji_and_rare_kanji_are_sent_as_they_are() -> None:
    """
    SATORI takes UTF-8: nothing is mapped, nothing is held back.
    """
    assert sent(prepare(last_name="𠮷野〜—😀ゔ"), "last_name") == "𠮷野〜—😀ゔ"


def test_substitutes_apply_to_satori_too() -> None:
    """
    The operator's table is applied to every text.
    """
    assert sent(prepare(last_name="𠮷野", account={"substitutes": {"𠮷": "吉"}}), "last_name") == "吉野"


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("delivery_permission", ["approval", "reject"]),
        ("star", ["true", "false"]),
        ("status", ["regist", "reply", "phone", "visit", "contract", "lost"]),
    ],
)
def test_choices_are_the_manuals(name: str, values: list[str]) -> None:
    """
    Each of the manual's values passes, any other is refused with the list.
    """
    for value in values:
        assert sent(prepare(**{name: value}), name) == value
    problems = prepare(**{name: "other"})
    assert codes(problems) == {name: "choice"}
    assert all(value in str(problems[0]) for value in values)


def test_a_star_may_be_a_boolean() -> None:
    """
    JSON's false is sent as the word, and is not taken for blank.
    """
    assert sent(prepare(star=False), "star") == "false"


def test_tags_may_be_a_list() -> None:
    """
    Several tags are one comma-separated text.
    """
    assert sent(prepare(append_tags=["メルマガ登録", " サイト訪問者", "メルマガ登録"]), "append_tags") == (
        "メルマガ登録,サイト訪問者"
    )


def test_a_time_is_sent_in_japan_time() -> None:
    """
    The event's own ISO time becomes the manual's form.
    """
    assert sent(prepare(collection_date="2026-11-21T15:00:00Z"), "collection_date") == "2026-11-22 00:00:00"


def test_custom_fields_are_typed() -> None:
    """
    A declared custom field passes in its type; SATORI would refuse free text in a number.
    """
    account = {"custom_fields": {"interest": "text", "employees": "integer", "since": "date", "rate": "decimal"}}
    prepared = prepare(
        account=account, custom_interest="配信", custom_employees="１２０", custom_since="2026-11-21", custom_rate=0.5
    )

    assert {name: text for name, text in prepared.payload.items() if name.startswith("custom:")} == {
        "custom:interest": "配信",
        "custom:employees": "120",
        "custom:since": "2026-11-21",
        "custom:rate": "0.5",
    }
    assert codes(prepare(account=account, custom_employees="約百名")) == {"custom:employees": "invalid"}


@pytest.mark.parametrize("account", [{}, {"version": 3, "custom_fields": {"interest": "text"}}])
def test_custom_fields_need_version_4_and_a_declaration(account: dict[str, Any]) -> None:
    """
    SATORI would store an unknown name as a mere note; here it is refused.
    """
    assert codes(prepare(account=account, custom_interest="x")) == {"custom:interest": "unknown"}


def test_a_refusal_of_mail_is_urgent() -> None:
    """
    An opt-out may use the reserve and is never paced; a permission is ordinary.
    """
    assert prepare(delivery_permission="reject").urgent
    assert prepare(delivery_permission="reject").effect is Effect.DATA
    assert not prepare(delivery_permission="approval").urgent


def test_updates_merge_by_the_newest_and_tags_add_up() -> None:
    """
    Tags append, a refusal beats a permission, who and how stay in every call.
    """
    rules = VENDOR.rules(VENDOR.operations["upsert"], {}, satori_account())

    assert rules.append == {"append_tags"}
    assert rules.opt_out == {"delivery_permission": "reject"}
    assert rules.identity == {"identity_type", "email", "hashcode"}
    assert rules.required == {"collection_route"}
    assert rules.merges


def test_under_a_hashcode_an_old_address_does_not_come_back() -> None:
    """
    The address is data then: it is required by the manual, and an older event may not take a newer one back.
    """
    rules = VENDOR.rules(VENDOR.operations["upsert"], {"identity": "hashcode"}, satori_account())

    assert (rules.identity, rules.required) == ({"identity_type", "hashcode"}, {"email", "collection_route"})


def test_registrations_never_merge() -> None:
    """
    A registration fills blanks only, so the first of two must stay the first.
    """
    assert not VENDOR.rules(VENDOR.operations["registration"], {}, satori_account()).merges

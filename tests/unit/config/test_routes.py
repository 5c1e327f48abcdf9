"""
Routes together: their names, their number, and what a vendor says of them.
"""

from __future__ import annotations

from chalicelib.config import check, parse
from chalicelib.config.routes import ROUTES_PER_SOURCE_MAX
from tests.unit.config.fakes import PRESETS, VENDORS

HEAD = """
[relay]
name = "ekiden"
secret = "ssm:/a"
[sources.contact]
preset = "form"
thanks = "https://www.example.co.jp/thanks"
ceiling = { events = 500, per = "hour" }
[sources.expo]
preset = "form"
thanks = "https://www.example.co.jp/thanks"
ceiling = { events = 500, per = "hour" }
[destinations.lead]
vendor = "solo"
version = 4
credentials = "ssm:/a"
"""
ROUTE = """
[[routes]]
from = "contact"
to = "lead"
operation = "upsert"
fields = { email = "email" }
"""


def names(text: str) -> list[str]:
    """
    The routes' final names, in order.
    """
    return [route.name for route in parse(HEAD + text, vendors=VENDORS, presets=PRESETS).routes]


def test_routes_without_a_name_get_one_that_tells_their_way() -> None:
    """
    Source, destination and operation name a route, and a number the second of the kind.
    """
    assert names(ROUTE * 3) == ["contact-lead-upsert", "contact-lead-upsert-2", "contact-lead-upsert-3"]


def test_a_default_name_makes_way_for_a_given_one() -> None:
    """
    Whatever an operator names a route, no default clashes with it.
    """
    given = ROUTE.replace("from =", 'name = "contact-lead-upsert"\nfrom =')
    assert names(ROUTE + given) == ["contact-lead-upsert-2", "contact-lead-upsert"]


def test_a_named_route_with_several_sources_is_one_route_for_each() -> None:
    """
    Each gets the source's name behind its own, so that the log tells them apart.
    """
    text = ROUTE.replace('from = "contact"', 'name = "main"\nfrom = ["contact", "expo"]')
    assert names(text) == ["main-contact", "main-expo"]
    assert names(text.replace(', "expo"', "")) == ["main"]


def test_one_source_has_no_more_routes_than_one_transaction_holds() -> None:
    """
    The first route beyond the bound is told, and told once.
    """
    expo = ROUTE.replace("contact", "expo")
    assert check(HEAD + expo + ROUTE * ROUTES_PER_SOURCE_MAX, vendors=VENDORS, presets=PRESETS) == []
    (fault,) = check(HEAD + expo + ROUTE * (ROUTES_PER_SOURCE_MAX + 2), vendors=VENDORS, presets=PRESETS)
    assert fault.path == f"routes[{ROUTES_PER_SOURCE_MAX + 1}]"


def test_a_vendors_fault_is_told_once_for_a_route_of_many_sources() -> None:
    """
    A mapping shared by two sources is one line in the file, so its fault is one too.
    """
    text = ROUTE.replace('from = "contact"', 'from = ["contact", "expo"]').replace("email =", "mail =")
    assert [fault.path for fault in check(HEAD + text, vendors=VENDORS, presets=PRESETS)] == [
        "routes[0].fields.email",
        "routes[0].fields.mail",
    ]


def test_a_mapping_at_fault_is_not_called_missing_by_the_vendor() -> None:
    """
    One mistake in a required field's mapping is one fault.
    """
    text = ROUTE.replace('"email"', '{ expr = "your-email" }')
    faults = check(HEAD + text, vendors=VENDORS, presets=PRESETS)
    assert [fault.path for fault in faults if not fault.warning] == ["routes[0].fields.email"]

"""
A mistyped name is named with the right one, wherever it stands.
"""

from __future__ import annotations

import re

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from chalicelib.config import check
from chalicelib.config.basics import ALARMS, API, EGRESS, RELAY, RETENTION
from chalicelib.config.forms import FIELD
from chalicelib.config.place import nearest, suggestion
from chalicelib.config.routes import ROUTE
from chalicelib.config.sources import CEILING, EVENT, PARSE, RECORDS, RESPOND, SOURCE
from chalicelib.config.verify import HMAC, TOKEN
from chalicelib.model import Fault
from chalicelib.routing.functions import FUNCTIONS
from tests.unit.config.fakes import PRESETS, VENDORS

HEAD = '[relay]\nname = "ekiden"\nsecret = "ssm:/a"\n'
FORM_HEAD = HEAD + '[sources.contact]\npreset = "form"\nthanks = "https://www.example.co.jp"\n'
HOOK_HEAD = HEAD + '[sources.crm]\npreset = "webhook"\n'

TABLES = {
    "relay.{}": ("[relay]\n{} = 1\n", RELAY),
    "alarms.{}": (HEAD + "[alarms]\n{} = 1\n", ALARMS),
    "retention.{}": (HEAD + "[retention]\n{} = 1\n", RETENTION),
    "egress.{}": (HEAD + "[egress]\n{} = 1\n", EGRESS),
    "api.{}": (HEAD + "[api]\n{} = 1\n", API),
    "sources.contact.{}": (FORM_HEAD + "{} = 1\n", SOURCE),
    "sources.contact.parse.{}": (FORM_HEAD + "parse = {{ {} = 1 }}\n", PARSE),
    "sources.contact.records.{}": (FORM_HEAD + "records = {{ {} = 1 }}\n", RECORDS),
    "sources.contact.event.{}": (FORM_HEAD + "event = {{ {} = 1 }}\n", EVENT),
    "sources.contact.respond.{}": (FORM_HEAD + "respond = {{ {} = 1 }}\n", RESPOND),
    "sources.contact.ceiling.{}": (FORM_HEAD + "ceiling = {{ {} = 1 }}\n", CEILING),
    "sources.contact.fields.email.{}": (FORM_HEAD + "fields = {{ email = {{ {} = 1 }} }}\n", FIELD),
    "sources.crm.verify[0].token.{}": (HOOK_HEAD + "verify = [{{ token = {{ {} = 1 }} }}]\n", TOKEN),
    "sources.crm.verify[0].hmac.{}": (HOOK_HEAD + "verify = [{{ hmac = {{ {} = 1 }} }}]\n", HMAC),
    "destinations.lead.{}": (
        HEAD + '[destinations.lead]\nvendor = "solo"\n{} = 1\n',
        ("vendor", "base_url", "credentials", "lane", "substitutes", *VENDORS["solo"].settings),
    ),
    "routes[0].{}": (HEAD + "[[routes]]\n{} = 1\n", ROUTE),
}
PLACES = [(path, text, key) for path, (text, keys) in TABLES.items() for key in keys if len(key) > 3]


@st.composite
def typo(draw: st.DrawFn, word: str) -> str:
    """
    One slip of the finger: a letter lost, doubled, swapped with its neighbour, or another case.
    """
    at = draw(st.integers(0, len(word) - 2))
    slip = draw(st.sampled_from(["lost", "doubled", "swapped", "case"]))
    if slip == "lost":
        return word[:at] + word[at + 1 :]
    if slip == "doubled":
        return word[: at + 1] + word[at:]
    if slip == "swapped":
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return word[:at] + word[at].upper() + word[at + 1 :]


def shorter(word: str) -> set[str]:
    """
    The word with one letter lost.
    """
    return {word[:at] + word[at + 1 :] for at in range(len(word))}


def swapped(word: str) -> set[str]:
    """
    The word with two neighbours swapped.
    """
    return {word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in range(len(word) - 1)}


def one_slip_apart(one: str, other: str) -> bool:
    """
    Whether a single slip of the finger lies between two words.
    """
    one, other = one.casefold(), other.casefold()
    return one == other or one in shorter(other) or other in shorter(one) or one in swapped(other)


def faults(text: str) -> list[Fault]:
    """
    Everything told of a text.
    """
    return check(text, vendors=VENDORS, presets=PRESETS)


@settings(deadline=None)
@given(st.data(), st.sampled_from(PLACES))
def test_a_mistyped_key_is_named_with_the_right_one(data: st.DataObject, place: tuple[str, str, str]) -> None:
    """
    In every table, a key with one slip of the finger is told at its path together with the key that was meant.

    "kinsd" may be kind or kinds; either is right.
    """
    path, text, key = place
    wrong = data.draw(typo(key))
    keys = TABLES[path][1]
    assume(wrong not in keys)
    (told,) = [fault for fault in faults(text.format(wrong)) if fault.path == path.format(wrong)]
    assert told.message == "is not a key that Ekiden knows here"
    meant = {known for known in keys if one_slip_apart(wrong, known)}
    assert told.remedy in {f'Did you mean "{known}"?' for known in meant}
    assert key in meant


@settings(deadline=None)
@given(st.data(), st.sampled_from([name for name in FUNCTIONS if len(name) > 3]))
def test_a_mistyped_function_is_named_with_the_right_one(data: st.DataObject, name: str) -> None:
    """
    A mapping that calls a function by a slightly wrong name is told before anything is deployed.
    """
    wrong = data.draw(typo(name))
    assume(wrong not in FUNCTIONS)
    text = (
        FORM_HEAD + f"[[routes]]\nfrom = 'contact'\nto = 'x'\noperation = 'y'\nfields.a = {{ expr = '{wrong}(b)' }}\n"
    )
    (told,) = [fault for fault in faults(text) if fault.path == "routes[0].fields.a"]
    assert told.message == f"calls {wrong}(), which does not exist here"
    assert re.fullmatch(r"Did you mean \w+\(\)\?", told.remedy)


def test_a_mistyped_required_key_is_not_called_missing_as_well() -> None:
    """
    One slip is one fault.
    """
    assert [fault.path for fault in faults('[relay]\nnmae = "ekiden"\nsecret = "ssm:/a"\n')] == ["relay.nmae"]


def test_a_name_far_from_all_is_answered_with_the_list() -> None:
    """
    Where no known name comes near, all of them are told.
    """
    assert suggestion("xyz", ["origins", "thanks"]) == "Write one of: origins, thanks."
    assert suggestion("xyz", []) == "Remove it: nothing may stand here."
    assert nearest("origins" * 20, ["origins"]) == ""

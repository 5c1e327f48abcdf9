"""
What only a visitor's form has: thank-you page, quiet defences, declared fields. Its keys stand in the source's table.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.config import texts
from chalicelib.config.place import Place
from chalicelib.config.schema import Rule, Shape, as_table, read
from chalicelib.model import Form, FormField

FORM: Shape = {
    "thanks": Rule(clean=texts.web_url),
    "redirects": Rule(kind="texts", clean=texts.origin),
    # The door itself has 29 s, and needs some of them.
    "patience_seconds": Rule(kind="number", least=0, most=20),
    "next_field": Rule(),
    "controls": Rule(kind="texts"),
    "honeypot": Rule(),
    "token": Rule(choices=("off", "optional", "required")),
    "fill_seconds_min": Rule(kind="number", least=0, most=600),
    "token_seconds_max": Rule(kind="integer", least=900, most=604_800),
    "consent_field": Rule(),
    "consent_text": Rule(),
    "title": Rule(most=200),
    "title_en": Rule(most=200),
    "fields": Rule(kind="raw"),
}
FIELD: Shape = {
    "label": Rule(most=200),
    "label_en": Rule(most=200),
    "type": Rule(choices=("text", "email", "tel", "url", "textarea", "checkbox", "choice")),
    "required": Rule(kind="flag"),
    "chars_max": Rule(kind="integer", least=1, most=100_000),
    "choices": Rule(kind="texts"),
}


def form(values: Mapping[str, Any], place: Place) -> Form:
    """
    The form of a source, from the sound values of its table.
    """
    own = {name: values[name] for name in FORM if name in values and name != "fields"}
    if "thanks" not in own:
        if not place.key("thanks").at_fault:
            place.key("thanks").fault(
                "is missing",
                'Name the page that the visitor sees next: thanks = "https://www.example.co.jp/thanks".',
            )
        own["thanks"] = ""
    if own.get("consent_text") and not own.get("consent_field"):
        place.key("consent_field").fault(
            "is missing, so that nobody can tell whether the visitor agreed to consent_text",
            "Name the field of the consent checkbox.",
        )
    return Form(fields=_fields(values.get("fields", {}), place.key("fields")), **own)


def _fields(raw: object, place: Place) -> tuple[FormField, ...]:
    fields = []
    for name, value in (as_table(raw, place) or {}).items():
        here = place.key(name)
        table = as_table(value, here)
        if table is None:
            continue
        values = read(table, FIELD, here)
        if values.get("type") == "choice" and not values.get("choices"):
            here.key("choices").fault("is missing", 'List what may be chosen: choices = ["…", "…"].')
        if values.get("choices") and values.get("type") not in {"choice", "checkbox"}:
            message = "bounds nothing unless the field is a choice or a checkbox"
            here.key("choices").fault(message, 'Add type = "choice".')
        fields.append(FormField(name=name, **values))
    return tuple(fields)

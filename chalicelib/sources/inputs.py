"""
One field of the visitor's page: its label, its fault, and the control that shows what was typed.
"""

from __future__ import annotations

from html import escape

from chalicelib.model import FieldProblem, FormField
from chalicelib.value import value

RADIOS_MAX = 6
"""
More options than these are shown as a list to choose from.
"""

_INPUTS = {
    "email": 'type="email" inputmode="email" autocomplete="email" autocapitalize="none" spellcheck="false"',
    "tel": 'type="tel" inputmode="tel" autocomplete="tel"',
    "url": 'type="url" inputmode="url" autocapitalize="none" spellcheck="false"',
    "password": 'type="password" autocomplete="off"',
}
_PASSWORD_NAMES = ("password", "passwd", "passcode", "pwd", "パスワード", "暗証番号")
_UNCHOSEN = '<option value="">選択してください / Please choose</option>'


@value
class Shown:
    """
    One field on the page: how it is declared, under which name it is sent, what was typed, and what is wrong.

    `aside` marks what the form's page sent along beside its declared fields (utm_source and the like).
    """

    id: str
    field: FormField
    name: str
    typed: tuple[str, ...]
    problem: FieldProblem | None
    aside: bool


def field_of(shown: Shown) -> str:
    """
    The field with its label and what is wrong with it.
    """
    fault = (
        f'<p class="fault" id="{shown.id}e">{escape(shown.problem.ja)}'
        f'<span class="en" lang="en">{escape(shown.problem.en)}</span></p>'
        if shown.problem
        else ""
    )
    if shown.field.type == "checkbox" and len(shown.field.choices) <= 1:
        return f'<div class="field">{fault}{_tick(shown)}</div>'
    name = _name(shown.field)
    if _ticked(shown):
        labelled = f' role="group" aria-labelledby="{shown.id}n"{_described(shown)}'
        title = f'<div class="name" id="{shown.id}n">{name}</div>'
        return f'<div class="field"{labelled}>{title}{fault}{_options(shown)}</div>'
    control = _select(shown) if _listed(shown) else _box(shown)
    return f'<div class="field"><label class="name" for="{shown.id}">{name}</label>{fault}{control}</div>'


def _name(field: FormField) -> str:
    english = f' <span class="en" lang="en">{escape(field.label_en)}</span>' if field.label_en else ""
    must = ' <span class="must">必須<span lang="en"> Required</span></span>' if field.required else ""
    return label_of(field) + english + must


def label_of(field: FormField) -> str:
    """
    What the field is called, in Japanese where that is declared.
    """
    return escape(field.label or field.name)


def english_of(field: FormField) -> str:
    """
    What the field is called, in English where that is declared.
    """
    return escape(field.label_en or field.label or field.name)


def _described(shown: Shown) -> str:
    return f' aria-describedby="{shown.id}e"' if shown.problem else ""


def _state(shown: Shown) -> str:
    invalid = ' aria-invalid="true"' if shown.problem else ""
    required = ' aria-required="true"' if shown.field.required else ""
    return invalid + _described(shown) + required


def _box(shown: Shown) -> str:
    """
    A line or an area of text. Several values of one name get a line each.
    """
    kind = "password" if any(word in shown.name.lower() for word in _PASSWORD_NAMES) else shown.field.type
    attributes = f'class="box" name="{escape(shown.name)}"{_state(shown)}'
    texts = ("",) if kind == "password" or not shown.typed else shown.typed
    boxes = []
    for position, text in enumerate(texts):
        identity = f' id="{shown.id}"' if position == 0 else f' aria-label="{label_of(shown.field)} {position + 1}"'
        if kind == "textarea":
            # The first line feed after the tag is dropped by browsers, so one more keeps the visitor's own.
            boxes.append(f"<textarea {attributes}{identity}>\n{escape(text)}</textarea>")
        else:
            shape = _INPUTS.get(kind, 'type="text"')
            boxes.append(f'<input {shape} {attributes}{identity} value="{escape(text)}">')
    return "".join(boxes)


def _ticked(shown: Shown) -> bool:
    """
    Whether the answer is given by ticking some of several boxes or buttons.
    """
    return shown.field.type in {"checkbox", "choice"} and bool(shown.field.choices) and not _listed(shown)


def _listed(shown: Shown) -> bool:
    """
    Whether the options are shown as a list: many of them, of which one is chosen.
    """
    field = shown.field
    return field.type == "choice" and len(field.choices) > RADIOS_MAX and not _several(shown)


def _several(shown: Shown) -> bool:
    return shown.name.endswith("[]") or len(shown.typed) > 1 or shown.field.type == "checkbox"


def _tick(shown: Shown) -> str:
    """
    A single box. Without a declared value it sends what it sent before, else what browsers send: on.
    """
    value = next(iter(shown.field.choices or filter(None, shown.typed)), "on")
    ticked = " checked" if value in shown.typed else ""
    label = f'<label class="name" for="{shown.id}">{_name(shown.field)}</label>'
    return (
        f'<div class="option"><input type="checkbox" id="{shown.id}" name="{escape(shown.name)}" '
        f'value="{escape(value)}"{ticked}{_state(shown)}>{label}</div>'
    )


def _options(shown: Shown) -> str:
    kind = "checkbox" if _several(shown) else "radio"
    rows = []
    for position, choice in enumerate(shown.field.choices):
        identity = shown.id if position == 0 else f"{shown.id}-{position}"
        ticked = " checked" if choice in shown.typed else ""
        rows.append(
            f'<div class="option"><input type="{kind}" id="{identity}" name="{escape(shown.name)}" '
            f'value="{escape(choice)}"{ticked}><label for="{identity}">{escape(choice)}</label></div>'
        )
    return "".join(rows)


def _select(shown: Shown) -> str:
    rows = "".join(
        f'<option value="{escape(choice)}"{" selected" if choice in shown.typed else ""}>{escape(choice)}</option>'
        for choice in shown.field.choices
    )
    return f'<select class="box" id="{shown.id}" name="{escape(shown.name)}"{_state(shown)}>{_UNCHOSEN}{rows}</select>'

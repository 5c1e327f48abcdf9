"""
The visitor's page: one HTML document without scripts and without anything from elsewhere, Japanese first.

Whatever comes from outside is escaped. A form with faults is shown again whole, so that a visitor without JavaScript
can mend it and send it to the same address; passwords are never shown again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from chalicelib.model import FieldProblem, Form, FormField, Parse
from chalicelib.sources.bodies import Pairs
from chalicelib.sources.forms import is_control
from chalicelib.sources.inputs import Shown, english_of, field_of, label_of
from chalicelib.sources.stylesheet import CSS
from chalicelib.sources.words import INVALID, Notice


def notice_page(notice: Notice, *, form: Form | None = None, back: str = "") -> str:
    """
    A short page: what happened, what the visitor can do, and a way back to the form where its address is known.
    """
    words = 'フォームのページに戻る<span class="en" lang="en">Back to the form</span>'
    link = f'<p class="back"><a href="{escape(back)}">{words}</a></p>' if back else ""
    return _document(notice.title, _heading(notice, form) + link)


def form_page(
    form: Form, parse: Parse, problems: Sequence[FieldProblem], values: Pairs, *, query: str = "", page: str = ""
) -> str:
    """
    The form once more, with what was typed and what has to be mended.

    `query` is that of the form's address. `page` is where the form was first filled; it is handed on, as evidence of
    the consent given there.
    """
    fields = _laid_out(form, problems, values)
    inner = _heading(INVALID, form) + _summary(fields) + _form(fields, parse, query, _hidden(form, values, page))
    return _document(INVALID.title, inner)


def _laid_out(form: Form, problems: Sequence[FieldProblem], values: Pairs) -> list[Shown]:
    """
    Declared fields in their order, then what else was typed, then faults of fields that were never sent.
    """
    typed: dict[str, list[str]] = {}
    sent_as: dict[str, str] = {}
    for name, value in values:
        if not is_control(form, name):
            key = name.removesuffix("[]") or name
            typed.setdefault(key, []).append(value)
            sent_as[key] = name
    wrong = {problem.name: problem for problem in reversed(problems)}
    declared = {field.name: field for field in form.fields}
    fields = [*form.fields]
    for name in dict.fromkeys([*typed, *wrong]):
        if name not in declared:
            fields += _undeclared(name, typed.get(name, [""]), wrong.get(name))
    return [
        Shown(
            id=f"f{position}",
            field=field,
            name=sent_as.get(field.name, field.name),
            typed=tuple(typed.get(field.name, ())),
            problem=wrong.get(field.name),
            aside=bool(declared) and field.name not in declared and field.name not in wrong,
        )
        for position, field in enumerate(fields, start=1)
    ]


def _undeclared(name: str, texts: Sequence[str], problem: FieldProblem | None) -> list[FormField]:
    kind = "textarea" if any("\n" in text for text in texts) else "text"
    return [FormField(name=name, label=problem.label if problem else "", type=kind)]


def _document(title: str, inner: str) -> str:
    return (
        '<!DOCTYPE html><html lang="ja"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">'
        f'<title>{escape(title)}</title><style>{CSS}</style></head><body><main><div class="card">{inner}</div></main>'
        "</body></html>"
    )


def _heading(notice: Notice, form: Form | None) -> str:
    site = " / ".join(filter(None, (form.title, form.title_en))) if form else ""
    advice = "".join(f'<p class="advice">{escape(line)}</p>' for line in notice.advice.split("\n"))
    advice_en = "".join(f'<p class="en" lang="en">{escape(line)}</p>' for line in notice.advice_en.split("\n"))
    return (
        (f'<p class="site">{escape(site)}</p>' if site else "")
        + f'<h1>{escape(notice.title)}</h1><p class="en" lang="en">{escape(notice.title_en)}</p>'
        + advice
        + advice_en
    )


def _summary(fields: Iterable[Shown]) -> str:
    wrong = [(shown, shown.problem) for shown in fields if shown.problem is not None]
    rows = "".join(
        f'<li><a href="#{shown.id}">{label_of(shown.field)}</a>{escape(problem.ja)}'
        f'<span class="en" lang="en">{english_of(shown.field)}: {escape(problem.en)}</span></li>'
        for shown, problem in wrong
    )
    heading = f'{len(wrong)}か所をお直しください<span class="en" lang="en">To be corrected: {len(wrong)}</span>'
    return f'<section class="faults" aria-labelledby="faults"><h2 id="faults">{heading}</h2><ul>{rows}</ul></section>'


def _form(fields: Sequence[Shown], parse: Parse, query: str, hidden: Mapping[str, str]) -> str:
    """
    The form, sent to the same address, in the charset that the source expects.

    An empty action would send it to #f3 after a click in the summary, and browsers hand that on to the thank-you page.
    """
    action = f'action="?{escape(query)}"'
    charset = ' accept-charset="Shift_JIS"' if parse.charset.lower() == "cp932" else ""
    encoding = ' enctype="multipart/form-data"' if parse.format == "multipart" else ""
    carried = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in hidden.items()
    )
    return (
        f'<form method="post" {action}{charset}{encoding} novalidate><input type="hidden" name="_charset_">{carried}'
        + "".join(field_of(shown) for shown in fields if not shown.aside)
        + _aside([shown for shown in fields if shown.aside])
        + '<div class="send"><button type="submit">この内容で送信する<span class="en" lang="en">Send</span></button>'
        "</div></form>"
    )


def _aside(fields: Sequence[Shown]) -> str:
    if not fields:
        return ""
    words = 'そのほかの送信内容<span lang="en"> / Also sent</span>'
    return f"<details><summary>{words}</summary>{''.join(field_of(shown) for shown in fields)}</details>"


def _hidden(form: Form, values: Pairs, page: str) -> dict[str, str]:
    """
    Control fields travel on unseen, also a filled honeypot.
    """
    hidden = {"_page": page} if page else {}
    hidden |= {name: value for name, value in values if is_control(form, name)}
    hidden.pop("_charset_", None)
    return hidden

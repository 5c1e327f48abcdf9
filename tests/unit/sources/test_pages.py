"""
The visitor's page: complete, safe, legible, and good for mending a form without JavaScript.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

import pytest

from chalicelib.errors import EnvelopeRefused
from chalicelib.model import Envelope, FieldProblem, FormField, Parse, Source
from chalicelib.sources import events, problem, understand
from chalicelib.sources.stylesheet import CSS
from chalicelib.sources.words import notice_for

SITE = "https://www.example.co.jp"
URLENCODED = "application/x-www-form-urlencoded"
HEADERS = {"accept": "text/html", "origin": SITE, "referer": SITE + "/contact"}
FIELDS = (
    FormField(name="mail", label="メールアドレス", label_en="E-mail", type="email", required=True),
    FormField(name="tel", label="電話", type="tel"),
    FormField(name="body", label="内容", type="textarea"),
    FormField(name="kind", label="用件", type="choice", choices=("資料", "相談")),
    FormField(name="pref", label="都道府県", type="choice", choices=tuple("一二三四五六七八")),
    FormField(name="i", label="興味", type="checkbox", choices=("a", "b", "c")),
    FormField(name="agree", label="同意する", type="checkbox", choices=("yes",), required=True),
)
VOID = {"meta", "input", "br"}


class _Page(HTMLParser):
    """
    A page as a browser sees it: nesting checked, controls collected, and what the form would send.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open, self.controls, self.sent, self.ids, self.links, self.tags = [], [], [], [], [], []
        self.form, self._area, self._select = {}, None, None
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        if tag not in VOID:
            self.open.append(tag)
        if "id" in attributes:
            self.ids.append(attributes["id"])
        if tag == "a":
            self.links.append(attributes["href"])
        if tag == "form":
            self.form = attributes
        if tag in {"input", "textarea", "select"}:
            self.controls.append((tag, attributes))
        if tag == "input":
            self._input(attributes)
        if tag == "textarea":
            self._area = [attributes["name"], ""]
        if tag == "select":
            self._select = [attributes["name"], None]
        if tag == "option" and ("selected" in attributes or self._select[1] is None):
            self._select[1] = attributes["value"]

    def _input(self, attributes: dict[str, Any]) -> None:
        if attributes["type"] in {"checkbox", "radio"}:
            if "checked" in attributes:
                self.sent.append((attributes["name"], attributes["value"]))
        elif attributes["name"] == "_charset_":
            self.sent.append(("_charset_", {"Shift_JIS": "Shift_JIS"}.get(self.form.get("accept-charset"), "UTF-8")))
        else:
            self.sent.append((attributes["name"], attributes["value"]))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        if tag == "textarea":
            self.sent.append((self._area[0], self._area[1].removeprefix("\n")))
            self._area = None
        if tag == "select":
            self.sent.append(tuple(self._select))

    def handle_data(self, data: Any) -> None:
        if self._area:
            self._area[1] += data


def _refusal(envelope: Envelope, source: Source) -> EnvelopeRefused:
    with pytest.raises(EnvelopeRefused) as refused:
        understand(envelope, source, secrets={}, signing_key=b"k", now=envelope.received_at)
    return refused.value


def _page(pairs: Any, source: Source, knock: Callable[..., Envelope], **headers: str) -> str:
    envelope = knock(pairs, **(HEADERS | headers))
    return problem(envelope, source, _refusal(envelope, source)).body


def test_the_form_goes_to_the_same_address_again(
    form_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """What stood behind the question mark of its address is there the second time, too, and is no markup."""
    source = form_source(fields=FIELDS)
    envelope = replace(knock([("tel", "1")], **HEADERS), query={"lang": ("ja",), 'a"': ("<b>", "&")})

    page = _Page(problem(envelope, source, _refusal(envelope, source)).body)

    assert page.form["action"] == "?lang=ja&a%22=%3Cb%3E&a%22=%26"


def test_the_whole_form_can_be_mended_and_sent_again(
    form_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    Everything typed comes back in the form; with the faults mended and sent to the same address, the event is whole.
    """
    source = form_source(fields=FIELDS, honeypot="bot-field", consent_field="agree")
    typed = [
        ("mail", "taro＠example"), ("tel", ""), ("body", "\n  1行目\n\n2行目 <b>&amp;\n"), ("kind", "相談"),
        ("pref", "三"), ("i[]", "a"), ("i[]", "c"), ("会社[名]", '"株式会社" <例>'), ("memo", "a\nb"), ("x", "1"),
        ("x", "2"), ("_next", SITE + "/ok"), ("_token", "t"), ("bot-field", ""),
    ]  # fmt: skip

    page = _Page(_page(typed, source, knock))

    assert (page.form["method"], page.form["action"]) == ("post", "?")
    assert "novalidate" in page.form
    mended = dict.fromkeys(["mail"], "taro@example.co.jp")
    sent = [(name, mended.get(name, value)) for name, value in page.sent] + [("agree", "yes")]
    again = understand(knock(sent, **HEADERS), source, secrets={}, signing_key=b"k", now=knock().received_at)
    expected = {name: value for name, value in typed if name not in {"i[]", "x", "bot-field"} and name[0] != "_"}
    assert again.events[0].fields == expected | {
        "mail": "taro@example.co.jp", "i": ["a", "c"], "x": ["1", "2"], "agree": "yes"
    }  # fmt: skip
    assert again.next_url == SITE + "/ok"
    assert ("_token", "t") in sent
    assert again.events[0].evidence["page"] == SITE + "/contact"


def test_the_page_of_the_first_filling_survives_a_second_refusal(
    form_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    Also after two rounds of mending, the evidence names the page on which the visitor agreed.
    """
    source = form_source(fields=FIELDS)
    first = _Page(_page({"mail": ""}, source, knock))
    second = _Page(_page(first.sent, source, knock, referer="https://relay.example/in/contact"))

    assert ("_page", SITE + "/contact") in second.sent


def test_a_shift_jis_source_gets_shift_jis_again(
    form_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    The page of a source that reads Shift_JIS asks the browser for Shift_JIS, and the form comes back whole.
    """
    source = form_source(fields=FIELDS, parse=Parse(charset="cp932"))
    page = _Page(_page("name=" + "%8E%52", source, lambda body, **headers: knock(body, URLENCODED, **headers)))

    assert page.form["accept-charset"] == "Shift_JIS"
    again = [(name, {"mail": "a@b.jp"}.get(name, value)) for name, value in page.sent] + [("agree", "yes")]
    envelope = knock(urlencode(again, encoding="cp932"), URLENCODED)
    (event,) = events(envelope, source, secrets={}, signing_key=b"k", now=envelope.received_at)
    assert event.fields["name"] == "山"


def test_a_multipart_source_gets_multipart_again(
    form_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    A source that takes multipart only is sent multipart by the page.
    """
    body = '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b--\r\n'
    envelope = knock(body, "multipart/form-data; boundary=b", **HEADERS)
    source = form_source(fields=FIELDS, parse=Parse(format="multipart"))

    page = _Page(problem(envelope, source, _refusal(envelope, source)).body)

    assert page.form["enctype"] == "multipart/form-data"


ATTACKS = [
    '"><script>alert(1)</script>',
    "</textarea><script>x</script>",
    "' onfocus='x",
    "</style><img src=x>",
    "&lt;b&gt;",
]


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("place", ["name", "value", "control", "declared"])
def test_nothing_typed_becomes_markup(
    attack: str, place: str, form_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    Names and values of any kind are shown as text, in every place of the page.
    """
    pairs = {
        "name": [(attack, "1"), (attack, "2\n3")],
        "value": [("x", attack), ("tel", attack), ("body", attack), ("i[]", attack), ("agree", attack)],
        "control": [("_" + attack, attack), ("_next", attack), ("_page", attack)],
        "declared": [("y", "1")],
    }[place]
    declared = FormField(name="z", label=attack, label_en=attack, required=True, type="choice", choices=(attack, "b"))
    source = form_source(fields=(*FIELDS, declared), title=attack, title_en=attack)

    text = _page(pairs, source, knock)
    page = _Page(text)

    assert not {tag for tag, _ in page.tags} & {"script", "img", "b"}
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    if place == "value":
        assert attack in [value for _, value in page.sent]


@pytest.mark.parametrize("name", ["password", "Login-Password", "user_pwd", "パスワード", "mail_パスワード確認"])
def test_passwords_are_never_shown_again(
    name: str, form_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    What looks like a password is asked for again, not shown.
    """
    text = _page([(name, "hunter2"), (name, "hunter3")], form_source(fields=FIELDS), knock)

    assert "hunter" not in text
    assert [attributes["type"] for tag, attributes in _Page(text).controls if attributes.get("name") == name] == [
        "password"
    ]


def test_a_field_that_was_declared_a_password_is_never_shown(
    form_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    The same holds for a declared field.
    """
    fields = (*FIELDS, FormField(name="password", label="合言葉"))

    assert "hunter2" not in _page([("password", "hunter2")], form_source(fields=fields), knock)


def test_faults_are_named_at_the_top_and_at_the_field(
    form_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    A list at the top links to each field at fault; beside the field stand the same words, tied to it.
    """
    text = _page([("mail", "x"), ("tel", "1")], form_source(fields=FIELDS), knock)
    page = _Page(text)

    assert len(page.links) == 3
    assert all(link.removeprefix("#") in page.ids for link in page.links)
    assert len(page.ids) == len(set(page.ids))
    assert text.count("メールアドレスの形で入力してください") == 2
    assert text.count("Please enter an e-mail address") == 2
    wrong = [attributes for _, attributes in page.controls if attributes.get("aria-invalid") == "true"]
    assert [attributes["name"] for attributes in wrong] == ["mail", "tel", "agree"]
    assert all(attributes["aria-describedby"] in page.ids for attributes in wrong)


def test_every_control_has_a_label(form_source: Callable[..., Source], knock: Callable[..., Envelope]) -> None:
    """
    A label, a group's name or an accessible name belongs to every control that is not hidden.
    """
    text = _page([("mail", "x"), ("x", "1"), ("x", "2"), ("m", "1\n2")], form_source(fields=FIELDS), knock)
    page = _Page(text)
    labelled = {attributes["for"] for tag, attributes in page.tags if tag == "label"}

    for _, attributes in page.controls:
        if attributes.get("type") != "hidden":
            assert attributes.get("id") in labelled or "aria-label" in attributes


def test_inputs_are_of_their_declared_kind(form_source: Callable[..., Source], knock: Callable[..., Envelope]) -> None:
    """
    A phone shows the right keyboard; many options are a list, few are buttons, several answers are boxes.
    """
    page = _Page(_page([("mail", "x"), ("kind", "資料"), ("utm", "1")], form_source(fields=FIELDS), knock))
    kinds = {attributes["name"]: attributes.get("type", tag) for tag, attributes in page.controls}

    assert (kinds["mail"], kinds["tel"], kinds["body"]) == ("email", "tel", "textarea")
    assert (kinds["kind"], kinds["pref"], kinds["i"], kinds["agree"]) == ("radio", "select", "checkbox", "checkbox")
    assert kinds["utm"] == "text"


def test_what_was_sent_beside_the_declared_fields_stands_aside(
    form_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    A campaign code is no question to the visitor: it is kept, folded away; a field at fault is never folded away.
    """
    text = _page([("utm_source", "expo")], form_source(fields=FIELDS), knock)
    assert text.index("<details>") < text.index("utm_source") < text.index("</details>")

    refused = EnvelopeRefused(
        422, "invalid", "", values=[("seminar", "x")],
        problems=[FieldProblem(name="seminar", label="セミナー", ja="満席です。", en="It is full.", code="invalid")],
    )  # fmt: skip
    text = problem(knock({"seminar": "x"}, **HEADERS), form_source(fields=FIELDS), refused).body
    assert "<details>" not in text
    assert text.count("満席です。") == 2
    assert "セミナー" in text


def test_a_fault_of_a_field_that_was_never_sent_is_shown(
    form_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    A problem with an undeclared field that was not sent still gets its line and its input.
    """
    refused = EnvelopeRefused(
        422, "invalid", "", problems=[FieldProblem(name="f", label="欄", ja="必要です。", en="Needed.", code="missing")]
    )

    page = _Page(problem(knock({"a": "1"}, **HEADERS), form_source(), refused).body)

    assert ("f", "") in page.sent


def test_a_box_without_a_declared_value_sends_what_browsers_send(
    form_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    An unticked box of unknown value sends "on", as one without a value does in every browser.
    """
    source = form_source(fields=(FormField(name="agree", type="checkbox", required=True),))

    page = _Page(_page({"x": "1"}, source, knock))

    assert [one["value"] for _, one in page.controls if one.get("type") == "checkbox"] == ["on"]


@pytest.mark.parametrize("status", [400, 401, 403, 405, 413, 415, 429, 503])
def test_every_page_stands_alone(
    status: int, form_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    No script, no address of anything to load, a language, a title, and a viewport for phones.
    """
    text = problem(knock({"a": "1"}, **HEADERS), form_source(), EnvelopeRefused(status, "x", "")).body
    page = _Page(text)

    assert text.startswith("<!DOCTYPE html>")
    assert ("html", {"lang": "ja"}) in page.tags
    assert not {tag for tag, _ in page.tags} & {"script", "link", "img", "iframe", "object"}
    assert not re.search(r"url\(|@import|src=", text)
    assert "width=device-width" in text
    assert notice_for(status).title in text
    assert notice_for(status).title_en in text


# ── colours ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _colours(block: str) -> dict[str, str]:
    return {name: value if len(value) == 7 else "#" + "".join(digit * 2 for digit in value[1:])
            for name, value in re.findall(r"--([a-z-]+):(#[0-9a-f]{3,6})", block)}  # fmt: skip


def _luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_meet_wcag_aa(scheme: str) -> None:
    """
    Text has a contrast of 4.5 : 1 at least, edges of controls 3 : 1, in light and in dark.
    """
    light, dark = CSS.split("@media(prefers-color-scheme:dark)")
    colours = _colours(light if scheme == "light" else dark)
    texts = [("ink", "card"), ("soft", "card"), ("bad", "card"), ("bad", "bad-ground"), ("ink", "bad-ground"),
             ("soft", "bad-ground"), ("act", "card"), ("act-ink", "act"), ("act-ink", "act-over")]  # fmt: skip

    assert {pair: _contrast(colours[pair[0]], colours[pair[1]]) >= 4.5 for pair in texts} == dict.fromkeys(texts, True)
    assert _contrast(colours["edge"], colours["card"]) >= 3

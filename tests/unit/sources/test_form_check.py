"""
The door's own check of a form: what a visitor is asked to mend.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.errors import EnvelopeRefused
from chalicelib.model import Envelope, Event, FormField, Source
from chalicelib.sources import Knock, events, understand

KEY = b"signing key"


def _understand(envelope: Envelope, source: Source) -> Knock:
    return understand(envelope, source, secrets={}, signing_key=KEY, now=envelope.received_at)


def _event(envelope: Envelope, source: Source) -> Event:
    (event,) = events(envelope, source, secrets={}, signing_key=KEY, now=envelope.received_at)
    return event


def _refused(envelope: Envelope, source: Source) -> EnvelopeRefused:
    with pytest.raises(EnvelopeRefused) as refused:
        _understand(envelope, source)
    return refused.value


def _codes(
    fields: Any, pairs: Any, form_source: Callable[..., Source], knock: Callable[..., Envelope], **options: Any
) -> list[str]:
    source = form_source(fields=fields, **options)
    try:
        _understand(knock(pairs), source)
    except EnvelopeRefused as refused:
        return [problem.code for problem in refused.problems] if refused.status == 422 else [refused.code]
    return []


@pytest.mark.parametrize(
    "address",
    [
        "taro@example.co.jp", "TARO+x@example.co.jp", " taro@example.co.jp ", "ｔａｒｏ＠ｅｘａｍｐｌｅ．ｃｏ．ｊｐ",
        "abc..def@docomo.ne.jp", "abc.@ezweb.ne.jp", ".abc@example.com", '"abc..def"@docomo.ne.jp', "a@b.jp",
        "o'brien@example.com", "taro@日本語.example", "taro@xn--wgv71a.example", "a/b=c?d@example.com",
    ],
)  # fmt: skip
def test_addresses_that_pass(address: str, form_source: Callable[..., Source], knock: Callable[..., Envelope]) -> None:
    """
    Real addresses pass, also old mobile ones that break the rules and full-width typing; the typed text is kept.
    """
    field = FormField(name="mail", type="email", required=True)

    assert _event(knock({"mail": address}), form_source(fields=(field,))).fields == {"mail": address}


@pytest.mark.parametrize(
    "address",
    [
        "taro", "taro@", "@example.co.jp", "taro@example", "taro@@example.co.jp", "taro@exa mple.jp",
        "taro@example..jp", "taro@.example.jp", "taro@example.j", "山田@example.co.jp", "a@b.jp,c@d.jp",
        "taro@example.co.jp\nbcc: x@y.jp", "a" * 250 + "@example.jp", "taro@example.jp.", "<taro@example.co.jp>",
    ],
)  # fmt: skip
def test_addresses_that_do_not_pass(
    address: str, form_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    What cannot be an address is shown to the visitor at once, not found by a vendor later.
    """
    assert _codes((FormField(name="mail", type="email"),), {"mail": address}, form_source, knock) == ["invalid"]


@pytest.mark.parametrize(
    ("kind", "typed", "passes"),
    [
        ("tel", "03-1234-5678", True),
        ("tel", "０３ー１２３４ー５６７８", True),
        ("tel", "０３－１２３４－５６７８", True),
        ("tel", "+81 (0)3 1234 5678", True),
        ("tel", "090‐1234‐5678", True),
        ("tel", "0120-123-456 内線12", True),
        ("tel", "12345", False),
        ("tel", "1" * 21, False),
        ("tel", "電話しないでください", False),
        ("tel", "03-1234-5678まで", False),
        ("url", "https://www.example.co.jp/?a=1#b", True),
        ("url", "HTTP://example.co.jp", True),
        ("url", "ｈｔｔｐｓ://example.co.jp", True),
        ("url", "www.example.co.jp", False),
        ("url", "javascript:alert(1)", False),
        ("url", "https://example", False),
        ("url", "https://" + "a." * 1_100 + "jp", False),
        ("text", "x\u0001", True),
        ("textarea", "1\n2", True),
    ],
)
def test_other_shapes(
    kind: str, typed: Any, passes: Any, form_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    Telephone numbers and addresses of pages are checked for their rough shape only.
    """
    assert _codes((FormField(name="f", type=kind),), {"f": typed}, form_source, knock) == (
        [] if passes else ["invalid"]
    )


@pytest.mark.parametrize(
    ("options", "typed", "codes"),
    [
        ({"required": True}, [], ["missing"]),
        ({"required": True}, [("f", "")], ["missing"]),
        ({"required": True}, [("f", " \u3000\n")], ["missing"]),
        ({"required": True}, [("f", ""), ("f", "x")], []),
        ({"required": True}, [("f[]", "x")], []),
        ({}, [("f", "")], []),
        ({"type": "email"}, [("f", " ")], []),
        ({"chars_max": 3}, [("f", "𠮷野家")], []),
        ({"chars_max": 3}, [("f", "1234")], ["too_long"]),
        ({"chars_max": 3}, [("f", "1"), ("f", "1234")], ["too_long"]),
        ({"chars_max": 1}, [("f", "か\u3099")], []),
        ({"type": "choice", "choices": ("が", "b")}, [("f", "か\u3099")], []),
        ({"type": "choice", "choices": ("a", "b")}, [("f", "a "), ("f", "b")], []),
        ({"type": "choice", "choices": ("a", "b")}, [("f", "a"), ("f", "c")], ["choice"]),
        ({"type": "choice", "choices": ()}, [("f", "anything")], []),
        ({"type": "choice", "choices": ("a",)}, [("f", "")], []),
        ({"type": "checkbox", "choices": ("yes",), "required": True}, [], ["missing"]),
        ({"type": "checkbox", "choices": ("yes",)}, [("f", "no")], ["choice"]),
        ({"type": "checkbox", "required": True}, [("f", "on")], []),
    ],
)
def test_required_length_and_choices(
    options: dict[str, Any],
    typed: Any,
    codes: list[str],
    form_source: Callable[..., Source],
    knock: Callable[..., Envelope],
) -> None:
    """
    Blank is missing; lengths count characters as people see them; a choice must be one of the options.
    """
    assert _codes((FormField(name="f", **options),), [("x", "1"), *typed], form_source, knock) == codes


@pytest.mark.parametrize(
    ("value", "codes"),
    [(None, ["missing"]), (False, ["missing"]), ([], ["missing"]), (True, []), (5, []), ({"x": 1}, ["invalid"])],
)
def test_json_values_are_checked_like_typed_ones(
    value: Any, codes: list[str], form_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    A page's script may send booleans and numbers; null and false are no answer, and an object is no text.
    """
    source = form_source(fields=(FormField(name="f", required=True),))
    envelope = knock(json.dumps({"f": value, "x": 1}), "application/json")

    assert ([] if not codes else [one.code for one in _refused(envelope, source).problems]) == codes
    if not codes:
        assert _event(envelope, source).fields["f"] == value


def test_all_faults_at_once_with_everything_typed(
    form_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    The visitor hears of every fault in one go, in both languages and by the field's label, and loses nothing typed.
    """
    fields = (
        FormField(name="mail", label="メールアドレス", type="email", required=True),
        FormField(name="name", label="お名前", required=True),
        FormField(name="agree", type="checkbox", required=True),
    )
    pairs = [("mail", "taro"), ("name", " "), ("i[]", "a"), ("i[]", "b"), ("_next", "x")]

    refused = _refused(knock(pairs), form_source(fields=fields))

    assert [(one.name, one.label, one.code) for one in refused.problems] == [
        ("mail", "メールアドレス", "invalid"),
        ("name", "お名前", "missing"),
        ("agree", "agree", "missing"),
    ]
    assert all(one.ja and one.en for one in refused.problems)
    assert refused.values == tuple(pairs)

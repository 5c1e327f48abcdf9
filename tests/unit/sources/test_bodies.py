"""
Bytes from strangers: what is read, how it is decoded, and what is refused with which words.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.errors import EnvelopeRefused
from chalicelib.model import Envelope, Parse, Source
from chalicelib.sources import events

URLENCODED = "application/x-www-form-urlencoded"
JSON = "application/json"
BOUNDARY = "----WebKitFormBoundaryX"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"


def _fields(envelope: Envelope, source: Source) -> dict[str, Any]:
    (event,) = events(envelope, source, secrets={}, signing_key=b"k", now=envelope.received_at)
    return event.fields


def _refused(envelope: Envelope, source: Source) -> EnvelopeRefused:
    with pytest.raises(EnvelopeRefused) as refused:
        events(envelope, source, secrets={}, signing_key=b"k", now=envelope.received_at)
    return refused.value


def _part(name: str, data: Any, filename: str | None = None, extra: str = "", encoding: str = "utf-8") -> bytes:
    disposition = f'form-data; name="{name}"' + (f'; filename="{filename}"' if filename is not None else "")
    head = f"--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n{extra}\r\n".encode(encoding)
    return head + (data if isinstance(data, bytes) else data.encode(encoding)) + b"\r\n"


def _multipart(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


# ── urlencoded ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (b"email=taro%40example.co.jp&name=%E5%B1%B1%E7%94%B0", {"email": "taro@example.co.jp", "name": "山田"}),
        (b"name=%e5%b1%b1+%E7%94%B0%20x", {"name": "山 田 x"}),
        ("name=山田".encode(), {"name": "山田"}),
        (b"i=expo&x=1&i=catalog", {"i": ["expo", "catalog"], "x": "1"}),
        (b"i%5B%5D=expo", {"i": ["expo"]}),
        (b"i[]=b&i[]=a", {"i": ["b", "a"]}),
        (b"i=a&i[]=b&i=c", {"i": ["a", "b", "c"]}),
        (b"[]=a", {"[]": "a"}),
        (b"customer[email]=a%40b", {"customer[email]": "a@b"}),
        (b"a=&b", {"a": "", "b": ""}),
        (b"=nameless&a=1&&", {"a": "1"}),
        (b"a=1%0D%0A2%0D3%0A4%00", {"a": "1\n2\n3\n4"}),
        (b"a%00b=1", {"ab": "1"}),
        (b"a=++x+", {"a": "  x "}),
        (b"a=%EF%BC%A0", {"a": "＠"}),
        (b"a=1;b=2", {"a": "1;b=2"}),
        (b"a=%26%2365%3B", {"a": "&#65;"}),
        (b"a=%F0%A0%AE%B7", {"a": "𠮷"}),
    ],
)
def test_a_urlencoded_form(
    body: Any, fields: Any, form_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    Fields come as they were typed; repeated names and name[] make lists in the order sent.
    """
    assert _fields(knock(body, URLENCODED), form_source()) == fields


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"\xef\xbb\xbfa=1", "byte order mark"),
        (b"a=%u5C71", "percent sign"),
        (b"a=%zz", "percent sign"),
        (b"a=100%", "percent sign"),
        (b"a=%4", "percent sign"),
        (b"a=%8E%52", "not valid UTF-8"),
        (b"a=\x8e\x52", "not valid UTF-8"),
        (b"a=%ED%A0%80", "not valid UTF-8"),
        (b"a=%C0%AF", "not valid UTF-8"),
        # What API Gateway makes of raw Shift_JIS bytes in a text body: the characters are gone already.
        ("a=\ufffd\ufffd".encode(), "not valid UTF-8"),
        (b"&".join(b"f%d=1" % number for number in range(201)), "more than 200 fields"),
        (b"n" * 256 + b"=1", "longer than 255"),
        (b"", "no fields"),
        (b"_next=x", "no fields"),
    ],
)
def test_a_broken_urlencoded_form_is_a_400(
    body: Any, words: str, form_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    What cannot be read is refused with words that name the fault, and is never guessed at.
    """
    refused = _refused(knock(body, URLENCODED), form_source())

    assert (refused.status, refused.code) == (400, "malformed")
    assert words in refused.detail


def test_exactly_as_many_fields_as_allowed(form_source: Callable[..., Source], knock: Callable[..., Envelope]) -> None:
    """
    The limit itself is still fine.
    """
    assert len(_fields(knock({f"f{number}": "1" for number in range(200)}), form_source())) == 200


# ── charsets ────────────────────────────────────────────────────────────────────────────────────────────────────────

_SJIS_TEXT = "①髙﨑～－∥ソ表ｱ"
_SJIS_BYTES = "".join(f"%{byte:02X}" for byte in _SJIS_TEXT.encode("cp932")).encode()


@pytest.mark.parametrize(
    ("body", "content_type", "charset"),
    [
        (b"_charset_=Shift_JIS&a=" + _SJIS_BYTES, URLENCODED, "auto"),
        (b"a=" + _SJIS_BYTES + b"&_charset_=windows-31j", URLENCODED, "auto"),
        (b"a=" + _SJIS_BYTES, URLENCODED, "cp932"),
        (b"a=" + _SJIS_BYTES, URLENCODED + "; charset=Shift_JIS", "auto"),
        (b"a=" + _SJIS_BYTES, URLENCODED + ';charset="x-sjis"', "auto"),
        (b"_charset_=&a=" + _SJIS_BYTES, URLENCODED, "cp932"),
        (b"_charset_=UTF-8&a=" + "①髙﨑～－∥ソ表ｱ".encode(), URLENCODED, "cp932"),
        (b"_charset_=UTF-8&a=" + "①髙﨑～－∥ソ表ｱ".encode(), URLENCODED + "; charset=Shift_JIS", "auto"),
        (b"a=" + "①髙﨑～－∥ソ表ｱ".encode(), URLENCODED + "; charset=ISO-8859-1", "auto"),
        (b"a=" + _SJIS_TEXT.encode("cp932"), URLENCODED, "cp932"),
    ],
)
def test_old_japanese_pages(
    body: Any, content_type: str, charset: str, form_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    A Shift_JIS page's ①, 髙 and ～ arrive whole; what the browser says in `_charset_` counts most.
    """
    source = form_source(parse=Parse(charset=charset))

    assert _fields(knock(body, content_type), source) == {"a": _SJIS_TEXT}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("&#39641;橋", "髙橋"),
        ("&#134071;野家", "𠮷野家"),
        ("&#128512;", "😀"),
        ("&#65;&amp;&lt;", "&#65;&amp;&lt;"),
        ("&#55357;&#0;&#1114112;&#9999999;", "&#55357;&#0;&#1114112;&#9999999;"),
        ("&#;&#x20BB7;&", "&#;&#x20BB7;&"),
    ],
)
def test_what_a_shift_jis_page_cannot_hold(
    typed: Any, meant: str, form_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    Browsers write 𠮷 as &#134071; in a Shift_JIS form; that is undone, but what people typed themselves stays.
    """
    body = b"_charset_=Shift_JIS&a=" + "".join(f"%{byte:02X}" for byte in typed.encode("cp932")).encode()

    assert _fields(knock(body, URLENCODED), form_source()) == {"a": meant}


def test_numeric_references_in_utf8_are_text(
    form_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    In a UTF-8 form, &#134071; is what somebody typed.
    """
    assert _fields(knock({"a": "&#134071;"}), form_source()) == {"a": "&#134071;"}


@pytest.mark.parametrize(
    ("body", "content_type"),
    [(b"_charset_=EUC-JP&a=1", URLENCODED), (b"a=1", URLENCODED + "; charset=utf-16"), (b"{}", JSON + "; charset=x")],
)
def test_other_charsets_are_a_415(
    body: Any, content_type: str, form_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    A charset that Ekiden does not read is named as such, instead of storing broken letters.
    """
    refused = _refused(knock(body, content_type), form_source())

    assert (refused.status, refused.code) == (415, "unsupported_type")
    assert "UTF-8, Shift_JIS" in refused.detail


@pytest.mark.parametrize("text", [b"%82", b"%FF%FF", b"%80", b"a%A0b", b"%FD"])
def test_broken_shift_jis_is_a_400(
    text: bytes, form_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    Bytes that are no Shift_JIS are refused, not replaced; nor read as the private characters of Python's codec.
    """
    refused = _refused(knock(b"_charset_=Shift_JIS&a=" + text, URLENCODED), form_source())

    assert (refused.status, refused.detail) == (400, "The text is not valid Shift_JIS.")


# ── multipart ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_multipart_form(form_source: Callable[..., Source], knock: Callable[..., Envelope]) -> None:
    """
    Text parts are fields, also repeated ones; an empty file input is no file.
    """
    body = _multipart(
        _part("name", "山田\r\n太郎"),
        _part("i[]", "expo"),
        _part("i[]", "catalog"),
        _part("cv", "", filename="", extra="Content-Type: application/octet-stream\r\n"),
    )

    assert _fields(knock(body, MULTIPART), form_source()) == {"name": "山田\n太郎", "i": ["expo", "catalog"]}


@pytest.mark.parametrize(
    ("parts", "charset"),
    [
        (("_charset_", "Shift_JIS"), "auto"),
        (("x", "1"), "cp932"),
    ],
)
def test_a_multipart_form_in_shift_jis(
    parts: Any, charset: str, form_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    Names and texts of a Shift_JIS multipart form arrive whole, 表 and ソ (whose second byte is a backslash) too.
    """
    body = _multipart(_part("表", "髙﨑ソ&#134071;", encoding="cp932"), _part(*parts))

    fields = _fields(knock(body, MULTIPART), form_source(parse=Parse(charset=charset)))

    assert fields["表"] == "髙﨑ソ𠮷"


def test_a_part_may_state_its_own_charset(form_source: Callable[..., Source], knock: Callable[..., Envelope]) -> None:
    """
    A part that names its charset is read in it.
    """
    body = _multipart(_part("a", "髙".encode("cp932"), extra="Content-Type: text/plain; charset=Shift_JIS\r\n"))

    assert _fields(knock(body, MULTIPART), form_source()) == {"a": "髙"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nonsense",
        _multipart(_part("a", "1"))[:-20],
        _multipart(b"--" + BOUNDARY.encode() + b"\r\n\r\nx\r\n"),
        _multipart(_part("a", b"\xff")),
        _multipart(_part("n" * 300, "1")),
        _multipart(*(_part(f"f{number}", "1") for number in range(201))),
        _multipart(_part("a", "1", extra="X" * 5_000 + ": 1\r\n")),
        _multipart(_part("a", "1", extra="Content-Length: x\r\n")),
    ],
    ids=["empty", "nonsense", "cut off", "nameless", "not text", "long name", "many", "long header", "bad length"],
)
def test_a_broken_multipart_form_is_a_400(
    body: Any, form_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    A multipart body that is cut off or malformed is refused.
    """
    assert (_refused(knock(body, MULTIPART), form_source()).status) == 400


@pytest.mark.parametrize(
    "content_type", ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=\ud800"]
)
def test_a_multipart_form_without_its_boundary(
    content_type: str, form_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    Without a usable boundary there is nothing to split at.
    """
    assert _refused(knock(_multipart(_part("a", "1")), content_type), form_source()).status == 400


@pytest.mark.parametrize(
    "part",
    [
        _part("cv", b"%PDF\xff", filename="履歴書.pdf"),
        _part("cv", b"x", filename=""),
        _part("cv", b"", filename="empty.txt"),
        _part("cv", b"x").replace(b'"cv"', b"\"cv\"; filename*=UTF-8''a.pdf"),
    ],
)
def test_files_are_refused_or_dropped(
    part: bytes, form_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    A form that takes no files says so at the field; one that drops them keeps the rest.
    """
    body = _multipart(_part("name", "山田"), part)

    refused = _refused(knock(body, MULTIPART), form_source())
    assert refused.status == 422
    assert [(one.name, one.code) for one in refused.problems] == [("cv", "file")]
    assert refused.values == (("name", "山田"),)

    assert _fields(knock(body, MULTIPART), form_source(parse=Parse(files="drop"))) == {"name": "山田"}

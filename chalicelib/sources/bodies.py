"""
An envelope's bytes → what they say: form pairs or a JSON value, decoded strictly, nothing interpreted.

Text keeps what was typed, except that line ends become a single line feed and NUL characters, which neither DynamoDB
nor a CSV file can carry, are removed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import parse_qsl

from chalicelib.errors import EnvelopeRefused, Unusable
from chalicelib.model import Envelope, Parse
from chalicelib.model.arrival import Json
from chalicelib.sources import json_text
from chalicelib.value import value

HEADER_BYTES_MAX = 16_384
NAME_CHARS_MAX = 255

Pairs = tuple[tuple[str, str], ...]

_MEDIA = {
    "urlencoded": "application/x-www-form-urlencoded",
    "multipart": "multipart/form-data",
    "json": "application/json",
    "soap": "text/xml",
}
_USUAL = frozenset({"urlencoded", "multipart", "json"})
# Shift_JIS of browsers is Windows-31J: ①, 髙 and ～ fail in Python's own "shift_jis". Latin-1 is the label that many
# HTTP clients set by default over text that is ASCII or UTF-8; the strict decoding tells if it was not.
_CHARSETS = {
    **dict.fromkeys(("utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin1", "windows-1252"), "utf-8"),
    **dict.fromkeys(("shift_jis", "shift-jis", "sjis", "x-sjis", "windows-31j", "ms932", "cp932"), "cp932"),
    **dict.fromkeys(("ms_kanji", "csshiftjis"), "cp932"),
}
_BOM = b"\xef\xbb\xbf"
_CHARSET_PARAMETER = re.compile(r';\s*charset\s*=\s*"?([^\s";]+)', re.IGNORECASE)
_CHARSET_FIELD = rb"(?:\A|&)%s=([A-Za-z0-9_\-]*)"
_BAD_PERCENT = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_NUMERIC_REFERENCE = re.compile(r"&#(\d{1,7});")


@value
class Body:
    """
    What the bytes say. `value` is the JSON value, or the fields of a form.

    `pairs` are a form's names and values as sent; `files` are the names of the fields that held a file.
    """

    value: Json
    pairs: Pairs = ()
    files: tuple[str, ...] = ()


def read(envelope: Envelope, parse: Parse) -> Body:
    """
    Read the body as its content type and the source's rules say.

    Raises EnvelopeRefused (415 for a type or charset that is not taken, 400 for what cannot be read), and Unusable
    where a form came without the field that should hold the JSON.
    """
    if sum(len(name) + len(value) + 4 for name, value in envelope.headers.items()) > HEADER_BYTES_MAX:
        raise EnvelopeRefused(400, "malformed", f"The headers are larger than {HEADER_BYTES_MAX:,} bytes.")
    form = format_of(envelope, parse)
    content_type = envelope.headers.get("content-type", "")
    if form == "soap":
        from chalicelib.sources import soap  # noqa: PLC0415 - one sender speaks it

        return Body(value=soap.load(envelope.body, depth_max=parse.depth_max))
    if form == "json":
        text = _decode(envelope.body.removeprefix(_BOM), _charset(parse, content_type))
        return Body(value=json_text.load(text, depth_max=parse.depth_max))
    if form == "urlencoded":
        pairs = _urlencoded(envelope, parse, content_type)
        files: tuple[str, ...] = ()
    else:
        pairs, files = _multipart(envelope, parse, content_type)
    if parse.json_in_field:
        return Body(value=_json_of(pairs, parse), pairs=pairs, files=files)
    return Body(value=fields_of(pairs), pairs=pairs, files=files)


def fields_of(pairs: Iterable[tuple[str, str]]) -> dict[str, Json]:
    """
    A form's fields by name: repeated names and `name[]` become lists in the order sent, others stay text.
    """
    fields: dict[str, Json] = {}
    for name, given in pairs:
        key = name.removesuffix("[]") or name
        held = fields.get(key)
        if isinstance(held, list):
            held.append(given)
        elif held is not None:
            fields[key] = [held, given]
        else:
            fields[key] = given if key == name else [given]
    return fields


def clean(text: str) -> str:
    """
    Text with plain line ends and without NUL characters.
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.replace("\0", "") if "\0" in text else text


def format_of(envelope: Envelope, parse: Parse) -> str:
    """
    urlencoded, multipart, json or soap. Text without a better type is JSON where it looks so (navigator.sendBeacon).

    Raises EnvelopeRefused (415) for a type that the source does not take.
    """
    media = envelope.headers.get("content-type", "").partition(";")[0].strip().lower()
    taken = set(_USUAL) if parse.format == "auto" else {parse.format}
    if parse.json_in_field:
        taken |= {"urlencoded", "multipart"}
    if media in {"", "text/plain"}:
        looks_json = envelope.body.removeprefix(_BOM).lstrip()[:1] in {b"{", b"["}
        form = "json" if looks_json or parse.lenient else ""
    elif media in {"application/xml", "application/soap+xml"}:
        form = "soap"
    elif media == "text/json" or media.endswith("+json"):
        form = "json"
    else:
        form = next((name for name, known in _MEDIA.items() if known == media), "")
    if form not in taken:
        accepted = ", ".join(_MEDIA[name] for name in sorted(taken))
        raise EnvelopeRefused(415, "unsupported_type", f"This content type is not taken here. Accepted: {accepted}.")
    return form


def _charset(parse: Parse, content_type: str, stated: str = "") -> str:
    """
    What the text is encoded in: what the browser says in `_charset_`, else what is configured, else the header.
    """
    if stated:
        return _known_charset(stated)
    if parse.charset != "auto":
        return _known_charset(parse.charset)
    found = _CHARSET_PARAMETER.search(content_type)
    return _known_charset(found[1]) if found else "utf-8"


def _stated(envelope: Envelope, parse: Parse, texts: Mapping[str, str]) -> str:
    """
    The charset that the sender names: `_charset_` first, which browsers fill in; else what the source looks for.
    """
    if texts.get("_charset_") or not parse.charset_in:
        return texts.get("_charset_", "")
    asked = envelope.query.get(parse.charset_in, ())
    return asked[0] if len(asked) == 1 else texts.get(parse.charset_in, "")


def _text_field(body: bytes, name: str) -> str:
    """
    The plain value of a form field whose name and value need no decoding.
    """
    found = re.search(_CHARSET_FIELD % re.escape(name.encode()), body)
    return found[1].decode("ascii") if found else ""


def _known_charset(label: str) -> str:
    charset = _CHARSETS.get(label.strip().lower())
    if charset is None:
        raise EnvelopeRefused(415, "unsupported_type", "This charset is not taken here. Accepted: UTF-8, Shift_JIS.")
    return charset


def _decode(data: bytes, charset: str) -> str:
    try:
        return data.decode(charset)
    except UnicodeDecodeError as problem:
        raise _undecodable(charset) from problem


def _undecodable(charset: str) -> EnvelopeRefused:
    name = "Shift_JIS" if charset == "cp932" else "UTF-8"
    return EnvelopeRefused(400, "malformed", f"The text is not valid {name}.")


def _urlencoded(envelope: Envelope, parse: Parse, content_type: str) -> Pairs:
    body = envelope.body
    if body.startswith(_BOM):
        raise EnvelopeRefused(400, "malformed", "The form starts with a byte order mark.")
    if _BAD_PERCENT.search(body):
        raise EnvelopeRefused(400, "malformed", "The form holds a percent sign that is not followed by two hex digits.")
    if body.count(b"&") >= parse.fields_max:
        raise _too_many(parse)
    texts = {name: _text_field(body, name) for name in ("_charset_", parse.charset_in) if name}
    charset = _charset(parse, content_type, _stated(envelope, parse, texts))
    try:
        found = parse_qsl(_decode(body, charset), keep_blank_values=True, encoding=charset, errors="strict")
    except UnicodeDecodeError as problem:
        raise _undecodable(charset) from problem
    return _tidy(found, charset)


def _multipart(envelope: Envelope, parse: Parse, content_type: str) -> tuple[Pairs, tuple[str, ...]]:
    """
    The text parts, and the names of the parts that hold a file.

    Headers are read as Latin-1, which loses nothing, because `_charset_` may name their encoding only later. A file
    input that was left empty comes with an empty file name and no bytes, and is no file.
    """
    from multipart import MultipartError, ParserLimitReached  # noqa: PLC0415 - most forms have no need of it

    try:
        parts = parts_of(envelope.body, content_type, parts_max=parse.fields_max)
    except ParserLimitReached as problem:
        raise _too_many(parse) from problem
    except (MultipartError, UnicodeError) as problem:
        raise EnvelopeRefused(400, "malformed", "The multipart form is broken or cut off.") from problem
    wanted = {"_charset_", parse.charset_in}
    stated = {name: data.decode("latin-1") for name, data, _, _ in reversed(parts) if name in wanted}
    charset = _charset(parse, content_type, _stated(envelope, parse, stated))
    texts, files = [], []
    for raw_name, data, label, filename in parts:
        name = _decode(raw_name.encode("latin-1"), charset)
        if filename is None:
            texts.append((name, _decode(data, _known_charset(label) if label else charset)))
        elif filename or data:
            files.append(clean(name))
    return _tidy(texts, charset), tuple(files)


def parts_of(body: bytes, content_type: str, *, parts_max: int) -> list[tuple[str, bytes, str, str | None]]:
    """
    Each part's name, bytes, own charset, and file name (None for a text field). Raises the library's errors.
    """
    from multipart import MultipartSegment, PushMultipartParser, parse_options_header  # noqa: PLC0415 - as above

    boundary = parse_options_header(content_type)[1].get("boundary", "")
    parts: list[tuple[str, bytes, str, str | None]] = []
    chunks: list[bytes] = []
    with PushMultipartParser(boundary, strict=True, header_charset="latin-1", max_segment_count=parts_max) as parser:
        for event in parser.parse(body):
            if isinstance(event, MultipartSegment):
                segment = event
            elif event is not None:
                chunks.append(event)
            else:
                # RFC 5987 names, which the library does not read, still mark a file.
                starred = "" if "filename*=" in segment.header("Content-Disposition", "") else None
                filename = starred if segment.filename is None else segment.filename
                parts.append((segment.name, b"".join(chunks), segment.charset or "", filename))
                chunks = []
    return parts


def _tidy(pairs: Sequence[tuple[str, str]], charset: str) -> Pairs:
    """
    Pairs as typed: browsers write what a non-UTF-8 form cannot hold as `&#39641;`; that is undone.

    Nameless fields, which no browser sends, are left out.
    """
    if charset != "utf-8":
        pairs = [(_unreferenced(name), _unreferenced(value)) for name, value in pairs]
    cleaned = tuple((clean(name), clean(value)) for name, value in pairs)
    if any(len(name) > NAME_CHARS_MAX for name, _ in cleaned):
        raise EnvelopeRefused(400, "malformed", f"A field name is longer than {NAME_CHARS_MAX} characters.")
    return tuple(pair for pair in cleaned if pair[0])


def _unreferenced(text: str) -> str:
    """
    Numeric references back to characters. Those of ASCII characters stay: no browser writes them, somebody typed them.
    """

    def character(found: re.Match[str]) -> str:
        code = int(found[1])
        known = 0xA0 <= code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF
        return chr(code) if known else found[0]

    return _NUMERIC_REFERENCE.sub(character, text) if "&#" in text else text


def _json_of(pairs: Pairs, parse: Parse) -> Json:
    """
    The JSON that a form carries in one of its fields (GitHub's `payload`, MovableType's `entry`).
    """
    text = next((value for name, value in pairs if name == parse.json_in_field), None)
    if text is None:
        raise Unusable(f"the form field {parse.json_in_field}, which holds the JSON, is missing")
    return json_text.load(text, depth_max=parse.depth_max)


def _too_many(parse: Parse) -> EnvelopeRefused:
    return EnvelopeRefused(400, "malformed", f"The form has more than {parse.fields_max} fields.")

"""
An envelope's bytes → what they say: form pairs or a JSON value, decoded strictly, nothing interpreted.

Text keeps what was typed, except that line ends become a single line feed and NUL characters, which neither DynamoDB
nor a CSV file can carry, are removed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from urllib.parse import parse_qsl

from chalicelib.errors import EnvelopeRefused, Unusable
from chalicelib.model import Envelope, Parse
from chalicelib.model.arrival import Json
from chalicelib.sources import json_text
from chalicelib.sources.charsets import charset_of, decode, known_charset, real, stated_charset, text_field, undecodable
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
_BOM = b"\xef\xbb\xbf"
_REPLACED = "\ufffd".encode()
_KEPT_AS_BYTES = frozenset({"multipart/form-data", "text/csv"})
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
        text = decode(envelope.body.removeprefix(_BOM), charset_of(parse, content_type))
        return Body(value=json_text.load(text, depth_max=parse.depth_max, lenient=parse.lenient))
    if form == "urlencoded":
        pairs = _urlencoded(envelope, parse, content_type)
        files: tuple[str, ...] = ()
    else:
        pairs, files = _multipart(envelope, parse, content_type)
    if parse.json_in_field:
        return Body(value=_json_of(pairs, parse), pairs=pairs, files=files)
    return Body(value=fields_of(pairs), pairs=pairs, files=files)


def destroyed(envelope: Envelope) -> bool:
    """
    Whether the body, as text, went through a gateway that put U+FFFD in the place of bytes that are not UTF-8.

    A browser that means the character itself writes it as %EF%BF%BD.
    """
    media = envelope.headers.get("content-type", "").partition(";")[0].strip().lower()
    return media not in _KEPT_AS_BYTES and _REPLACED in envelope.body


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


def storable(text: str) -> str:
    """
    A header's text without what cannot be stored.
    """
    return clean(text.encode(errors="ignore").decode())


def format_of(envelope: Envelope, parse: Parse) -> str:
    """
    urlencoded, multipart, json or soap. Text without a better type is JSON where it looks so (navigator.sendBeacon).

    Raises EnvelopeRefused (415) for a type that the source does not take.
    """
    media = envelope.headers.get("content-type", "").partition(";")[0].strip().lower()
    taken = set(_USUAL) if parse.format == "auto" else {parse.format}
    if parse.json_in_field:
        taken |= {"urlencoded", "multipart"}
    looks_json = envelope.body.removeprefix(_BOM).lstrip()[:1] in {b"{", b"["}
    if media in {"", "text/plain"}:
        form = "json" if looks_json or parse.lenient else ""
    elif parse.lenient and looks_json and media == _MEDIA["urlencoded"]:
        form = "json"  # an encoded form never begins with a bare bracket
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


def _urlencoded(envelope: Envelope, parse: Parse, content_type: str) -> Pairs:
    body = envelope.body
    if body.startswith(_BOM):
        raise EnvelopeRefused(400, "malformed", "The form starts with a byte order mark.")
    if _BAD_PERCENT.search(body):
        raise EnvelopeRefused(400, "malformed", "The form holds a percent sign that is not followed by two hex digits.")
    if body.count(b"&") >= parse.fields_max:
        raise _too_many(parse)
    texts = {name: text_field(body, name) for name in ("_charset_", parse.charset_in) if name}
    charset = charset_of(parse, content_type, stated_charset(envelope, parse, texts))
    try:
        found = parse_qsl(decode(body, charset), keep_blank_values=True, encoding=charset, errors="strict")
    except UnicodeDecodeError as problem:
        raise undecodable(charset) from problem
    for pair in found:
        real("".join(pair), charset)
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
    charset = charset_of(parse, content_type, stated_charset(envelope, parse, stated))
    texts, files = [], []
    for raw_name, data, label, filename in parts:
        name = decode(raw_name.encode("latin-1"), charset)
        if filename is None:
            texts.append((name, decode(data, known_charset(label) if label else charset)))
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
    return json_text.load(text, depth_max=parse.depth_max, lenient=parse.lenient)


def _too_many(parse: Parse) -> EnvelopeRefused:
    return EnvelopeRefused(400, "malformed", f"The form has more than {parse.fields_max} fields.")

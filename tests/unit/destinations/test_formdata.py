"""
multipart/form-data by hand: what a parser finds in it, and that the same parts give the same bytes.
"""

from __future__ import annotations

import io
import re

from hypothesis import given
from hypothesis import strategies as st
from multipart import MultipartParser, parse_options_header

from chalicelib.destinations.formdata import Part, multipart


def parsed(content_type: str, body: bytes) -> list[tuple[str, str | None, bytes]]:
    """
    Name, file name and bytes of each part, by a strict parser.
    """
    kind, options = parse_options_header(content_type)
    assert kind == "multipart/form-data"
    parser = MultipartParser(io.BytesIO(body), options["boundary"], strict=True)
    return [(part.name, part.filename or None, part.raw) for part in parser]


@given(settings=st.binary(max_size=50), data=st.binary(max_size=200))
def test_any_bytes_come_back(settings: bytes, data: bytes) -> None:
    """
    A parameter without a file name and a file with one arrive as they were, line ends and dashes included.
    """
    parts = [Part(name="s", data=settings), Part(name="f", data=data, filename="list.csv", content_type="text/csv")]

    assert parsed(*multipart(parts)) == [("s", None, settings), ("f", "list.csv", data)]


def test_the_same_parts_give_the_same_bytes() -> None:
    """
    A call whose answer was lost can be made again exactly as it was.
    """
    parts = [Part(name="s", data=b"{}"), Part(name="f", data=b"a\r\n", filename="list.csv")]

    assert multipart(parts) == multipart(list(parts))


def test_other_parts_give_another_boundary() -> None:
    """
    Moving a byte from one part to the next is another request.
    """
    one = multipart([Part(name="s", data=b"ab"), Part(name="f", data=b"c")])
    other = multipart([Part(name="s", data=b"a"), Part(name="f", data=b"bc")])

    assert one[0] != other[0]


def test_only_a_file_has_a_file_name() -> None:
    """
    PHP takes a part with a file name for a file and one without for a parameter.
    """
    body = multipart(
        [Part(name="s", data=b"{}"), Part(name="f", data=b"a", filename="list.csv", content_type="text/csv")]
    )[1]

    assert re.findall(rb"Content-[^\r]+", body) == [
        b'Content-Disposition: form-data; name="s"',
        b'Content-Disposition: form-data; name="f"; filename="list.csv"',
        b"Content-Type: text/csv",
    ]

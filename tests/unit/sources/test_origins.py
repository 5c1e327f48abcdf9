"""
Origins and addresses, as browsers read them.
"""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.sources.origins import listed, origin_of, with_query


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://www.example.co.jp", "https://www.example.co.jp"),
        ("HTTPS://WWW.Example.CO.JP:443/a?b#c", "https://www.example.co.jp"),
        ("http://www.example.co.jp:80", "http://www.example.co.jp"),
        ("http://localhost:8080/x", "http://localhost:8080"),
        ("https://[::1]:8443/", "https://[::1]:8443"),
        ("https://www.example.co.jp@evil.example/", None),
        ("https://www.example.co.jp\\@evil.example/", None),
        ("https:\\\\evil.example", None),
        ("//evil.example/", None),
        ("/thanks", None),
        ("https:/evil.example", None),
        ("https:///evil.example", None),
        ("ht\ntps://evil.example", None),
        (" https://evil.example", None),
        ("javascript:alert(1)//https://www.example.co.jp", None),
        ("data:text/html,x", None),
        ("https://www.example.co.jp:99999", None),
        ("https://www.example.co.jp:x", None),
        ("https://[::1", None),
        ("https://日本語.example/", None),
        ("https://ｗｗｗ.example.co.jp/", None),
        ("https://www.example.co.jp/サンクス", "https://www.example.co.jp"),
        ("null", None),
        ("", None),
    ],
)
def test_the_origin_of_an_address(address: str, origin: str | None) -> None:
    """
    Whatever a browser might read differently from Python has no origin at all.
    """
    assert origin_of(address) == origin


def test_an_origin_without_meaning_is_never_listed() -> None:
    """
    Nonsense on both sides does not match.
    """
    assert not listed("nonsense", ["nonsense", ""])


@pytest.mark.parametrize(
    ("address", "query", "expected"),
    [
        ("https://a.jp/t", {}, "https://a.jp/t"),
        ("https://a.jp/t", {"c": "x-00"}, "https://a.jp/t?c=x-00"),
        ("https://a.jp/t?", {"c": "1"}, "https://a.jp/t?c=1"),
        ("https://a.jp/t?a=%E5%B1%B1&b#top", {"c": "1"}, "https://a.jp/t?a=%E5%B1%B1&b&c=1#top"),
        ("https://a.jp/t?c=old&a=1&%63=older", {"c": "new"}, "https://a.jp/t?a=1&c=new"),
        ("https://a.jp/t#a?b", {"c": "1"}, "https://a.jp/t?c=1#a?b"),
        ("https://a.jp/サンクス?名=山#下", {"c": "&="}, None),
    ],
)
def test_adding_to_the_thank_you_address(address: str, query: Any, expected: str | None) -> None:
    """
    The page's own query and fragment stay; ours comes last, once, and everything is plain ASCII for the header.
    """
    result = with_query(address, query)

    assert result.isascii()
    if expected:
        assert result == expected
    else:
        assert result.endswith("&c=%26%3D#%E4%B8%8B")

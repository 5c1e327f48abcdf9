"""
Names and addresses: what is kept, and what is told.
"""

from __future__ import annotations

import pytest

from chalicelib.config.texts import Wrong, email, name, name_from, origin, relay_name, service_url, web_url


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("https://www.example.co.jp", "https://www.example.co.jp"),
        ("HTTPS://WWW.Example.co.jp", "https://www.example.co.jp"),
        ("https://www.example.co.jp:443", "https://www.example.co.jp"),
        ("http://www.example.co.jp:80", "http://www.example.co.jp"),
        ("https://www.example.co.jp:8443", "https://www.example.co.jp:8443"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://[::1]:3000", "http://[::1]:3000"),
        ("https://日本語.example.jp", "https://xn--wgv71a119e.example.jp"),
    ],
)
def test_an_origin_is_kept_as_browsers_send_it(written: str, kept: str) -> None:
    """
    Small letters, no usual port, and the host in ASCII: so it can be compared with an Origin header.
    """
    assert origin(written) == kept


@pytest.mark.parametrize(
    ("written", "right"),
    [
        ("https://www.example.co.jp/", "https://www.example.co.jp"),
        ("https://www.example.co.jp/form?x=1#y", "https://www.example.co.jp"),
        ("https://WWW.example.co.jp:443/a", "https://www.example.co.jp"),
    ],
)
def test_an_origin_with_a_path_is_answered_with_the_right_one(written: str, right: str) -> None:
    """
    The usual mistake, a copied page address, is answered with the very text to write.
    """
    wrong = origin(written)
    assert isinstance(wrong, Wrong)
    assert wrong.remedy == f'Write "{right}".'


@pytest.mark.parametrize(
    "written",
    [
        "",
        "*",
        "null",
        "www.example.co.jp",
        "//www.example.co.jp",
        "https://",
        "https://:443",
        "https://a:0",
        "https://a:99999",
        "https://a:b",
        "https://[::1",
        "https://user:pass@www.example.co.jp",
        "https://www.example.co.jp\\@evil.example",
        "https://www.exam\nple.co.jp",
        "https://www .example.co.jp",
        "https://" + "あ" * 80 + ".jp",
        "javascript:alert(1)",
    ],
)
def test_what_is_no_web_address_is_told(written: str) -> None:
    """
    Neither origins nor pages nor services may be anything else than a plain web address with a host.
    """
    for check in (origin, web_url, service_url):
        assert isinstance(check(written), Wrong)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("https://api.example.com", "https://api.example.com"),
        ("https://api.example.com/", "https://api.example.com"),
        ("https://API.example.com/v1/", "https://api.example.com/v1"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://localhost", "http://localhost"),
    ],
)
def test_a_service_address_is_kept_without_its_last_slash(written: str, kept: str) -> None:
    """
    Paths can be put behind it as they are; plain http is for this machine alone.
    """
    assert service_url(written) == kept


@pytest.mark.parametrize(
    "written", ["http://api.example.com", "http://127.0.0.1.example.com", "http://localhost.example.com"]
)
def test_a_service_elsewhere_must_be_encrypted(written: str) -> None:
    """
    Hosts that only look local are not taken for this machine.
    """
    wrong = service_url(written)
    assert isinstance(wrong, Wrong)
    assert wrong.message == "is not encrypted"


def test_a_thank_you_page_may_be_plain_http_and_keeps_its_query() -> None:
    """
    The visitor's next page is the site's own matter.
    """
    assert web_url("http://www.example.co.jp/thanks?a=1#top") == "http://www.example.co.jp/thanks?a=1#top"


@pytest.mark.parametrize("text", ["ops@example.co.jp", "o'neil+alarm@mail.example.co.jp", "ops@localhost.localdomain"])
def test_alarm_addresses_are_taken(text: str) -> None:
    """
    Ordinary addresses pass.
    """
    assert email(text) == text


@pytest.mark.parametrize(
    "text", ["ops", "ops@", "@example.co.jp", "ops@example", "a b@example.co.jp", "a@b@example.co.jp"]
)
def test_what_is_no_address_gets_no_alarms(text: str) -> None:
    """
    An address that no mail could reach is a fault, not a silent alarm.
    """
    assert isinstance(email(text), Wrong)


def test_names_are_bounded() -> None:
    """
    Names become parts of queue names and paths, so they are short and plain.
    """
    assert name("a" * 40) == "a" * 40
    assert relay_name("a" * 20) == "a" * 20
    assert all(isinstance(name(text), Wrong) for text in ("", "a" * 41, "A", "-a", "a_b", "日本"))
    assert all(isinstance(relay_name(text), Wrong) for text in ("a", "a" * 21, "1a", "A1"))


def test_a_vendors_default_lane_name_becomes_usable() -> None:
    """
    An account name with capitals or underscores needs no lane written out.
    """
    assert name_from("haihaimail-api_Sample-import") == "haihaimail-api-sample-import"
    assert name_from("_日本_") == "lane"
    assert len(name_from("a" * 100)) == 40

"""
Texts with a form of their own: names, addresses of the web and of people, references to secrets.

Each check gives the text as it is kept, or Wrong: what is wrong and what to write instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import SplitResult, urlsplit

from chalicelib.config.place import shown
from chalicelib.value import positional_value

SECRET_EXAMPLE = "ssm:/ekiden/prod/name"  # noqa: S105 - a reference, not a secret

LOCAL_STAGES = frozenset({"", "local"})
"""
Stages where a secret may come from the environment.
"""

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_RELAY_NAME = re.compile(r"[a-z][a-z0-9-]{1,19}")
_ROUTE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,119}")
_REFERENCE = re.compile(
    r"ssm:(/[A-Za-z0-9_.-]+)+|secretsmanager:[A-Za-z0-9/_+=.@:!-]{1,512}|env:[A-Za-z_][A-Za-z0-9_]*"
)
_EMAIL = re.compile(r"[^\s@\"(),:;<>\[\\\]]+@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9-]*[A-Za-z0-9])+")
_ORGANIZATION = re.compile(r"00D[A-Za-z0-9]{12}(?:[A-Z0-5]{3})?")
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:.]+\]")
_LOOPBACK = re.compile(r"localhost|127(?:\.\d{1,3}){3}|\[::1\]")
_DEFAULT_PORTS = {"http": 80, "https": 443}


@positional_value
class Wrong:
    """
    What is wrong with a text, to be read after its path, and the remedy as a whole sentence.
    """

    message: str
    remedy: str


def _named(pattern: re.Pattern[str], remedy: str) -> Callable[[str], str | Wrong]:
    def check(text: str) -> str | Wrong:
        return text if pattern.fullmatch(text) else Wrong(f"{shown(text)} is not a usable name", remedy)

    return check


name = _named(_NAME, "Write 1 to 40 of a-z, 0-9 and -, the first a letter or digit.")
relay_name = _named(
    _RELAY_NAME, "Write 2 to 20 of a-z, 0-9 and -, the first a letter: it begins every resource's name."
)
route_name = _named(_ROUTE_NAME, "Write 1 to 120 of A-Z, a-z, 0-9, - and _, the first a letter or digit.")
subnet_id = _named(re.compile(r"subnet-[0-9a-f]{8,17}"), 'Write a subnet id such as "subnet-0123456789abcdef0".')
security_group_id = _named(re.compile(r"sg-[0-9a-f]{8,17}"), 'Write a group id such as "sg-0123456789abcdef0".')


def name_from(text: str) -> str:
    """
    A usable name made of any text, as near to it as possible.

    >>> name_from("haihaimail-api_Sample-import")
    'haihaimail-api-sample-import'
    """
    return re.sub(r"[^a-z0-9-]+", "-", text.lower()).strip("-")[:40] or "lane"


def email(text: str) -> str | Wrong:
    """
    An address that alarms are sent to.
    """
    return (
        text if _EMAIL.fullmatch(text) else Wrong("is not an e-mail address", 'Write one such as "ops@example.co.jp".')
    )


def salesforce_organization(text: str) -> str | Wrong:
    """
    The id of a Salesforce organisation, with 15 or 18 characters.
    """
    if _ORGANIZATION.fullmatch(text):
        return text
    return Wrong(
        "is not the id of a Salesforce organisation",
        'Write what Setup > Company Information (会社情報) shows as 組織 ID: "00D" and 12 or 15 more characters.',
    )


def reference(value: object, stage: str) -> str | Wrong:
    """
    A reference to a secret, fit for the stage. The value is never repeated: it may be the secret itself.
    """
    remedy = f'Store the secret and write a reference to it: "{SECRET_EXAMPLE}" or "secretsmanager:name".'
    if not isinstance(value, str):
        return Wrong("is not a reference to a secret", remedy)
    if not _REFERENCE.fullmatch(value):
        if value.startswith("ssm:") and not value.startswith("ssm:/"):
            return Wrong("names an SSM parameter without a path", f'Begin the path with a slash: "{SECRET_EXAMPLE}".')
        return Wrong("is not a reference; a secret itself must not stand in this file", remedy)
    if value.startswith("env:") and stage not in LOCAL_STAGES:
        return Wrong(f'reads the environment, which the deployed stage "{stage}" does not have', remedy)
    return value


# ── addresses of the web ────────────────────────────────────────────────────────────────────────────────────────────


def service_url(text: str) -> str | Wrong:
    """
    The address of a service: https, or http to the own machine; kept without a slash at its end.
    """
    remedy = 'Write an address such as "https://api.example.com".'
    parts = _split(text, remedy)
    if isinstance(parts, Wrong):
        return parts
    if parts.scheme == "http" and not _LOOPBACK.fullmatch(_host(parts)):
        return Wrong("is not encrypted", "Write https:// (http:// is for this machine alone).")
    if parts.query or parts.fragment:
        return Wrong("has a query or a fragment", "Write the address up to the question mark.")
    return _joined(parts, parts.path.rstrip("/"))


def web_url(text: str) -> str | Wrong:
    """
    The address of a page: http or https.
    """
    remedy = 'Write an address such as "https://www.example.co.jp/thanks".'
    parts = _split(text, remedy)
    return parts if isinstance(parts, Wrong) else text


def origin(text: str) -> str | Wrong:
    """
    A site as browsers name it in their Origin header: scheme, host in ASCII and small letters, and an unusual port.
    """
    remedy = 'Write scheme and host alone, such as "https://www.example.co.jp".'
    parts = _split(text, remedy)
    if isinstance(parts, Wrong):
        return parts
    bare = _joined(parts, "")
    if parts.path or parts.query or parts.fragment:
        return Wrong("has a path, which an origin has not", f'Write "{bare}".')
    return bare


def _split(text: str, remedy: str) -> SplitResult | Wrong:
    """
    The parts of a web address with an ASCII host, or what is wrong with it.
    """
    if not text.isprintable() or " " in text or "\\" in text:
        return Wrong("has blanks or characters that no address has", remedy)
    try:
        parts = urlsplit(text)
        port = parts.port
        host = parts.hostname or ""
        ascii_host = host if host.isascii() else host.encode("idna").decode()
    except ValueError:
        return Wrong("is not a web address", remedy)
    if parts.scheme not in _DEFAULT_PORTS:
        return Wrong("does not begin with https:// or http://", remedy)
    if "@" in parts.netloc:
        return Wrong("holds a user name or password", "Write it without them; secrets are given by reference.")
    bracketed = f"[{ascii_host}]" if ":" in ascii_host else ascii_host
    if not _HOST.fullmatch(bracketed) or port == 0:
        return Wrong("has no usable host", remedy)
    usual = port is None or port == _DEFAULT_PORTS[parts.scheme]
    return parts._replace(netloc=bracketed if usual else f"{bracketed}:{port}")


def _host(parts: SplitResult) -> str:
    return re.sub(r":\d+$", "", parts.netloc)


def _joined(parts: SplitResult, path: str) -> str:
    return f"{parts.scheme}://{parts.netloc}{path}"

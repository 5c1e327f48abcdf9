"""
`ekiden try`: what a sample of a sender would cause, without sending anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, TYPE_CHECKING, Any

import click

from chalicelib.cli import trial_view
from chalicelib.cli.screen import data, hint, show, table
from chalicelib.cli.tools import NOT_DONE, Tools, as_json, example, placed
from chalicelib.cli.words import plain
from chalicelib.destinations.checks import suggestion
from chalicelib.errors import EnvelopeRefused
from chalicelib.model import Config, Envelope, State

if TYPE_CHECKING:
    from chalicelib.cli.trial import Trial

ATTENTION = frozenset({State.DEAD, State.HELD})


@click.command(
    "try",
    epilog=example(
        "ekiden try form.txt --source contact",
        "echo 'your-email=taro@example.co.jp&sei=山田' | ekiden try - --source contact",
        "ekiden try hook.json --source crm --header 'X-Relay-Token: any' --json",
    ),
)
@click.argument("sample", type=click.File("rb"))
@click.option("--source", required=True, metavar="NAME", help="The source in relay.toml that it would come to.")
@click.option("--content-type", default="", help="Of the sample; else it is judged by its first characters.")
@click.option("--header", "headers", multiple=True, metavar="NAME:VALUE", help="Another header; may be repeated.")
@click.option("--token", default=None, help="The last part of the address, for sources that are told by it.")
@placed
@as_json
@click.pass_context
def try_sample(
    ctx: click.Context,
    *,
    sample: IO[bytes],
    source: str,
    content_type: str,
    headers: tuple[str, ...],
    token: str | None,
    as_json: bool,
) -> None:
    """
    Show what SAMPLE would cause; nothing is sent.

    That is: the events understood, the deliveries, the exact calls. It needs neither AWS nor secrets. SAMPLE is a file
    (- is standard input) with a body as a sender posts it: a form, JSON, a webhook. That the sender is
    genuine is not checked. Status 1 where something would be refused, dead or held.
    """
    from chalicelib.cli.trial import trial  # noqa: PLC0415 - loads the relay

    config = _config(ctx.obj, source)
    body = _body(sample)
    given = {"content-type": content_type or _judged(body), **dict(_header(each) for each in headers)}
    envelope = _envelope(source, body, given, token)
    try:
        found = trial(config, envelope)
    except EnvelopeRefused as refused:
        _tell_refused(refused, for_programs=as_json)
        ctx.exit(NOT_DONE)
    if as_json:
        data(trial_view.as_json(config, envelope, found))
    else:
        trial_view.show_trial(config, envelope, found)
    if _needs_attention(found):
        ctx.exit(NOT_DONE)


def _config(tools: Tools, source: str) -> Config:
    from dataclasses import replace  # noqa: PLC0415 - small, and used here only

    # Secrets are not read, so their kind does not matter: any stage's file may be tried.
    config = replace(tools, stage="").config()
    if source not in config.sources:
        raise click.UsageError(f'relay.toml has no source "{source}". {suggestion(source, config.sources)}')
    return config


def _envelope(source: str, body: bytes, headers: Mapping[str, str], token: str | None) -> Envelope:
    from chalicelib.adapters.clock import SystemClock  # noqa: PLC0415 - only where something is tried

    now = SystemClock().now()
    return Envelope(source=source, headers=headers, path_token=token, body=body, received_at=now)


def _body(sample: IO[bytes]) -> bytes:
    """
    The bytes of a sample. An editor's last line end is no part of a form.
    """
    body = sample.read()
    return body if body.lstrip()[:2] == b"--" else body.rstrip(b"\r\n")


def _judged(body: bytes) -> str:
    """
    The content type of a sample that nobody named.
    """
    start = body.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start[:1] in {b"{", b"["}:
        return "application/json"
    if start.startswith(b"--"):
        boundary = start.splitlines()[0][2:].decode("latin-1").strip()
        return f'multipart/form-data; boundary="{boundary}"'
    return "application/x-www-form-urlencoded"


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise click.UsageError(f"\"{text}\" is no header. Write it like 'X-Name: value'")
    return name.strip().lower(), value.strip()


def _tell_refused(refused: EnvelopeRefused, *, for_programs: bool) -> None:
    problems = [{"field": each.name, "ja": each.ja, "en": each.en} for each in refused.problems]
    if for_programs:
        told: dict[str, Any] = {"status": refused.status, "code": refused.code, "detail": refused.detail}
        data({"refused": {**told, "problems": problems}})
        return
    click.echo(f"The sender would be answered {refused.status}: {refused.detail}", err=True)
    if problems:
        made = table("field", "what the visitor reads")
        for each in refused.problems:
            made.add_row(plain(each.name), f"{each.ja}\n{each.en}")
        show(made)
    if "UTF-8" in refused.detail:
        hint("ekiden try … --content-type 'application/x-www-form-urlencoded; charset=Shift_JIS'")


def _needs_attention(found: Trial) -> bool:
    return bool(found.poison) or any(each.state in ATTENTION for each in found.deliveries)

"""
`ekiden senders`: for each source of relay.toml, what to type into its sender's screen.
"""

from __future__ import annotations

from typing import Any

import click
from rich.text import Text

from chalicelib.cli.instructions import Instructions, Words, instructions
from chalicelib.cli.screen import data, facts, hint, say, show, title, warn
from chalicelib.cli.telling import told
from chalicelib.cli.tools import Tools, as_json, example, placed
from chalicelib.errors import ConfigError
from chalicelib.model import Config

NO_ADDRESS = "https://YOUR-API/api"
FACTS = {
    "json in field": "JSON の入る項目 JSON in field",
    "records": "レコード records",
    "fields": "項目 fields",
    "id": "識別子 id",
    "remembered": "重複とみなす期間 repeats",
    "time": "日時 time",
    "kind": "種別 kind",
    "test": "テスト test",
    "answer": "応答 answer",
}
"""
How the facts of a source are called on the screen.
"""


@click.command(epilog=example("ekiden senders", "ekiden --stage prod senders crm --json"))
@click.argument("names", nargs=-1, metavar="[SOURCE]...")
@placed
@as_json
@click.pass_obj
def senders(tools: Tools, *, names: tuple[str, ...], as_json: bool) -> None:
    """
    Show what to type into each sender's own screen.

    Address, headers, secret (by its reference, never its value), body and answer of every source in relay.toml, or of
    those named; in Japanese and English, with what the sender cannot do.
    """
    config = tools.config()
    unknown = [name for name in names if name not in config.sources]
    if unknown:
        there = ", ".join(sorted(config.sources)) or "none"
        raise click.BadParameter(f"relay.toml has no source {', '.join(unknown)}; it has: {there}")
    found = [each for each in instructions(config, _base(tools, config)) if not names or each.source in names]
    if as_json:
        data({"stage": tools.stage, "sources": [_as_json(each) for each in found]})
        return
    for each in found:
        _show(each)
    if found:
        hint(f"ekiden try SAMPLE --source {found[0].source}")
    else:
        say("relay.toml has no sources.")


def _base(tools: Tools, config: Config) -> str:
    """
    Where the stage is reached. Before the first deployment nobody knows, and a placeholder must do.
    """
    try:
        return tools.base(tools.stage, config)
    except ConfigError:
        raise
    except Exception as error:
        words = told(error)
        if words is None:
            raise
        warn(f"{words[0]}\nUntil then the addresses are shown under {NO_ADDRESS}.")
        return NO_ADDRESS


def _show(found: Instructions) -> None:
    title(f"{found.source}  {found.guide.label}  (preset {found.preset})")
    rows: dict[str, str | Text] = {
        "URL": Text(found.url, style="cyan"),
        "メソッド method": "POST",
        **{f"ヘッダー header {name}": value for name, value in found.headers.items()},
        "証明 proof": _both(found.proof),
        "秘密の値 secret": found.secret,
        **{FACTS[name]: words for name, words in found.facts.items()},
        "対応 kinds": "\n".join(f"{word or '(none)'} → {kind}" for word, kind in found.kinds.items()),
        "画面 screen": _both(found.guide.screen),
        **{f"手順 step {number}": _both(line) for number, line in enumerate(found.steps, start=1)},
        **{f"制約 limit {number}": _both(line) for number, line in enumerate(found.guide.limits, start=1)},
    }
    show(facts(rows))
    say()


def _both(words: Words) -> str:
    ja, en = words
    return ja if ja == en else f"{ja}\n{en}"


def _as_json(found: Instructions) -> dict[str, Any]:
    def by_language(lines: list[Words] | tuple[Words, ...]) -> dict[str, list[str]]:
        return {"ja": [ja for ja, _ in lines], "en": [en for _, en in lines]}

    return {
        "source": found.source,
        "preset": found.preset,
        "label": found.guide.label,
        "url": found.url,
        "method": "POST",
        "headers": dict(found.headers),
        "secret": found.secret,
        "proof": dict(zip(("ja", "en"), found.proof, strict=True)),
        **{name.replace(" ", "_"): words for name, words in found.facts.items()},
        "kinds": dict(found.kinds),
        "screen": dict(zip(("ja", "en"), found.guide.screen, strict=True)),
        "steps": by_language(found.steps),
        "limits": by_language(found.guide.limits),
    }

"""
docs/senders.md as it follows from the presets and from what `ekiden senders` says of each; its head is written by hand.

Write the rest anew with: python -m tests.unit.docs.sending
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from chalicelib.cli.instructions import Instructions, Words, guides, instructions
from chalicelib.config import parse
from chalicelib.destinations import VENDORS
from chalicelib.sources import PRESETS

FILE = Path(__file__).resolve().parents[3] / "docs" / "senders.md"
BASE = "https://relay.example.co.jp"
GROUPS = {
    "forms": "フォーム Forms",
    "crm": "CRM・EC・業務システム CRM, shops, business systems",
    "between": "つなぐサービス Services in between",
    "schemes": "署名だけを用意する送信元 Senders whose fields you map yourself",
}


def document() -> str:
    """
    The whole text: the head as it was written, and a section for each preset.
    """
    written = FILE.read_text(encoding="utf-8")
    parts = [written.partition(f"\n## {GROUPS['forms']}\n")[0]]
    for group, heading in GROUPS.items():
        names = [name for name in guides() if guides()[name].group == group]
        parts.append(f"\n## {heading}\n")
        parts += [_section(name) for name in names]
    return "".join(parts)


def example(preset: str) -> str:
    """
    The source of a relay.toml that uses the preset.
    """
    guide = guides()[preset]
    lines = [f"[sources.{_slug(preset)}]", f'preset = "{preset}"']
    if preset != "form" and "secret" not in guide.toml:
        lines.append(f'secret = "ssm:/ekiden/prod/{_slug(preset)}"')
    return "\n".join(lines) + "\n" + guide.toml


def of_preset(preset: str) -> Instructions:
    """
    What `ekiden senders` would say of that source.
    """
    head = f'[relay]\nname = "acme"\nsecret = "ssm:/ekiden/prod/relay"\npublic_url = "{BASE}"\n'
    config = parse(head + example(preset), vendors=VENDORS, presets=PRESETS, stage="prod")
    (found,) = instructions(config, BASE)
    return found


def _slug(preset: str) -> str:
    return preset.replace("_", "-")


def _section(preset: str) -> str:
    found = of_preset(preset)
    lines = [f"\n### {found.guide.label}\n"]
    lines += [f"\n```toml\n{example(preset)}```\n", "\n| | |\n|---|---|\n"]
    lines += [f"| {name} | {value} |\n" for name, value in _rows(found)]
    for number, (ja, en) in enumerate(found.steps, start=1):
        lines.append(f"\n{number}. {_safe(ja)}\n   <br>{_safe(en)}\n" if ja != en else f"\n{number}. {_safe(ja)}\n")
    lines.append("\n**できないこと What it cannot do**\n\n")
    lines += [f"- {_safe(ja)}\n  <br>{_safe(en)}\n" for ja, en in found.guide.limits]
    return "".join(lines)


def _rows(found: Instructions) -> Iterator[tuple[str, str]]:
    yield "URL", f"POST `{found.url}`"
    for name, value in found.headers.items():
        yield "ヘッダー header", f"`{name}: {value}`"
    yield "証明 proof", _both(found.proof)
    if any(found.guide.screen):
        yield "画面 screen", _both(found.guide.screen)
    names = {
        "json in field": "JSON の入る項目 JSON in the field",
        "records": "レコード records",
        "fields": "項目 fields",
        "id": "識別子 id",
        "remembered": "重複とみなす期間 repeats are known for",
        "time": "日時 time",
        "kind": "種別 kind",
        "test": "テスト test delivery",
        "answer": "応答 answer",
    }
    for name, value in found.facts.items():
        yield names[name], value if name in {"remembered", "answer"} else f"`{value.replace('|', chr(92) + '|')}`"
    if found.kinds:
        told = (f"`{word or '(none)'}` → {kind}" for word, kind in found.kinds.items())
        yield "対応 kinds", "<br>".join(told)


def _both(words: Words) -> str:
    ja, en = (_safe(each) for each in words)
    return ja if ja == en else f"{ja}<br>{en}"


def _safe(text: str) -> str:
    return text.replace("<", "&lt;").replace("|", "\\|")


if __name__ == "__main__":
    FILE.write_text(document(), encoding="utf-8")

"""
The files that batch calls sent: whose rows they were, their exact bytes, and what the vendor reported of them.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.text import Text

from chalicelib.cli.screen import data, facts, hint, say, show, stacked, table, title, warn
from chalicelib.cli.tools import NOT_DONE, Doors, Tools, as_json, example, placed, revealing
from chalicelib.cli.veil import veiled
from chalicelib.cli.words import amount, iso, minute, plain, second

if TYPE_CHECKING:
    from chalicelib.relay.sent_files import SentFile, SentLine

LISTED = 50
LINES_SHOWN = 200
CALL = "01JDXXXXXXXXXXXXXXXXXXXXXX"
REPORT_BYTES_MAX = 2_000_000
COLOURS = {"imported": "green", "look": "red", "accepted": "", "open": "cyan"}


@click.group(cls=Doors, epilog=example("ekiden files list", f"ekiden files show {CALL}"))
@placed
def files() -> None:
    """
    Look at sent files; hand in what the vendor reports.
    """


@files.command("list", epilog=example("ekiden files list", "ekiden files list --lane haihaimail-acme-import --json"))
@click.option("--lane", default="", help="Of this lane only.")
@click.option("--limit", default=LISTED, show_default=True, type=click.IntRange(1, 3_000), help="At most so many.")
@placed
@as_json
@click.pass_obj
def list_files(tools: Tools, *, lane: str, limit: int, as_json: bool) -> None:
    """
    List the files of the last ten days, the newest first.

    States: accepted (the vendor took the file, which proves no row), imported (a report proves every row), look (a
    report does not: look at the vendor's result screen), open (not concluded), no answer, or why it was not taken.
    """
    found = tools.relay().operator.files.listed(lane, limit=limit)
    if as_json:
        data([_as_json(each) for each in found])
        return
    if not found:
        say("No file was sent within ten days.")
        return
    rows = table("call", "sent (JST)", "rows", "state", "what", whole=(0, 1))
    for each in found:
        size = f"{each.bytes:,} bytes"
        rows.add_row(each.id, minute(each.at), stacked(f"{each.rows:,}", size), _state(each), _what(each))
    show(rows)
    if len(found) == limit:
        say(f"\nThe newest {limit:,}; see more with --limit")
    looks = [each for each in found if each.state == "look"]
    hint(f"ekiden files show {(looks or found)[0].id}")


@files.command("show", epilog=example(f"ekiden files show {CALL}", f"ekiden files show {CALL} --reveal --json"))
@click.argument("call", metavar="CALL")
@revealing
@placed
@as_json
@click.pass_obj
def show_file(tools: Tools, *, call: str, reveal: bool, as_json: bool) -> None:
    """
    Show a file, and which submission each of its rows is from.

    Rows are counted with the header as 1, as in the vendor's own result file.
    """
    operator = tools.relay().operator
    found = operator.files.find(call)
    lines = operator.files.lines(found)
    if reveal:
        operator.note_reveal(found.id)
    item = _address_item(operator.config, found)
    if as_json:
        data({**_as_json(found), "lines": [_line_json(each, item, reveal=reveal) for each in lines]})
        return
    _show(found)
    title("\nrows")
    rows = table("row", "address", "deliveries", whole=(2,))
    for each in lines[:LINES_SHOWN]:
        rows.add_row(str(each.row), _address(each, item, reveal=reveal), "\n".join(each.deliveries))
    show(rows)
    if len(lines) > LINES_SHOWN:
        say(f"\nThe first {LINES_SHOWN:,} of {len(lines):,}; all of them with --json")
    if not reveal:
        hint(f"ekiden files show {found.id} --reveal")
    hint(f"ekiden files get {found.id} -o file.csv")
    if found.report is None:
        hint(f"ekiden files report {found.id} --stdin")


@files.command("get", epilog=example(f"ekiden files get {CALL} -o sent.csv"))
@click.argument("call", metavar="CALL")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to write it; a file that is there is not overwritten.",
)
@placed
@as_json
@click.pass_obj
def get_file(tools: Tools, *, call: str, output: Path, as_json: bool) -> None:
    """
    Write the exact bytes that were sent into a file.

    It holds people's data in clear. That it was taken out is put on record.
    """
    sent = tools.relay().operator.files
    found = sent.find(call)
    try:
        with output.open("xb") as file:
            try:
                file.write(sent.data(found))
            except Exception:
                output.unlink()
                raise
    except FileExistsError:
        raise click.UsageError(f"{output} is there already: name another file") from None
    except OSError as error:
        raise click.UsageError(f"{output} cannot be written: {error.strerror}") from None
    if as_json:
        data({"id": found.id, "rows": found.rows, "bytes": found.bytes, "file": str(output)})
        return
    say(f"Wrote {amount(found.bytes, 'byte')} ({amount(found.rows, 'row')}) to {output}. Delete it when you are done.")


@files.command(
    "report", epilog=example(f"ekiden files report {CALL} mail.txt", f"pbpaste | ekiden files report {CALL} --stdin")
)
@click.argument("call", metavar="CALL")
@click.argument("file", metavar="[FILE]", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--stdin", "piped", is_flag=True, help="Read the report from standard input.")
@placed
@as_json
@click.pass_context
def report(ctx: click.Context, *, call: str, file: Path | None, piped: bool, as_json: bool) -> None:
    """
    Hand in the vendor's report of a file: its counts are kept.

    The report mail (pasted, or saved as .eml), or the line of the result screen. Counts of 成功, 失敗 and その他 are
    read; what cannot be read is said. Where rows failed, the file is listed as needing a look.
    """
    from chalicelib.cli.report_text import text_of  # noqa: PLC0415 - only where a report is read
    from chalicelib.destinations.haihaimail_report import read_report  # noqa: PLC0415 - as above

    if piped == (file is not None):
        raise click.UsageError("Name a FILE with the report, or give --stdin.")
    raw = file.read_bytes() if file else sys.stdin.buffer.read(REPORT_BYTES_MAX)
    tools: Tools = ctx.obj
    sent = tools.relay().operator.files
    found = sent.find(call)
    read = read_report(text_of(raw[:REPORT_BYTES_MAX]))
    for doubt in read.doubts:
        warn(doubt)
    if not read.usable:
        warn("Nothing was kept.")
        ctx.exit(NOT_DONE)
    kept = sent.report(found, read.counts)
    if as_json:
        data(_as_json(kept) | {"doubt": "" if kept.state == "imported" else read.counts.doubt(kept.rows)})
        ctx.exit(0 if kept.state == "imported" else NOT_DONE)
    say(f"{kept.id}: {read.counts} of {amount(kept.rows, 'row')}.")
    if kept.state == "imported":
        say("Every row of the file was imported.", style="green")
        return
    warn(read.counts.doubt(kept.rows))
    hint(f"ekiden files show {kept.id}")
    ctx.exit(NOT_DONE)


def _state(found: SentFile) -> Text:
    return Text(plain(found.state), style=COLOURS.get(found.state, "yellow"))


def _what(found: SentFile) -> Text:
    where = " ".join(f"{name}={found.settings[name]}" for name in ("gid", "spid") if found.settings.get(name))
    lower = "; ".join(part for part in (where, f"{found.lane}/{found.key}", str(found.report or "")) if part)
    return stacked(f"{found.destination} {found.operation}", lower)


def _show(found: SentFile) -> None:
    show(Text.assemble("file ", (found.id, "bold"), "  ", _state(found)))
    told: dict[str, str | Text] = {
        "sent": f"{second(found.at)} JST",
        "to": f"{found.destination} {found.operation}",
        "settings": ", ".join(f"{name} = {text}" for name, text in found.settings.items()),
        "lane, key": f"{found.lane}/{found.key}",
        "size": f"{amount(found.rows, 'row')}, {amount(found.bytes, 'byte')}",
        "report": f"{found.report}. {found.report.doubt(found.rows)}".strip() if found.report else "",
    }
    show(facts(told))
    if found.state == "accepted":
        say("The vendor took the file; that proves no row. Its result screen (ten days) or its report mail does.")


def _address_item(config: Any, found: SentFile) -> str:  # noqa: ANN401 - the configuration
    from chalicelib.destinations.haihaimail_rows import address_item  # noqa: PLC0415 - only where a file is shown

    destination = config.destinations.get(found.destination)
    return address_item(destination) if destination else ""


def _address(line: SentLine, item: str, *, reveal: bool) -> str:
    text = line.payload.get(item, "")
    return text if reveal else veiled(text)


def _line_json(line: SentLine, item: str, *, reveal: bool) -> dict[str, Any]:
    return {"row": line.row, "address": _address(line, item, reveal=reveal), "deliveries": list(line.deliveries)}


def _as_json(found: SentFile) -> dict[str, Any]:
    return {
        "id": found.id,
        "lane": found.lane,
        "key": found.key,
        "at": iso(found.at),
        "destination": found.destination,
        "operation": found.operation,
        "settings": dict(found.settings),
        "rows": found.rows,
        "bytes": found.bytes,
        "state": found.state,
        "said": found.said,
        "report": found.report.as_dict() if found.report else None,
    }

"""
`ekiden files`: what was sent, whose it was, and what the vendor reported of it.
"""

from __future__ import annotations

import json
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.faults import Fault
from tests.scenarios.world import World
from tests.unit.cli.conftest import LANE, Ekiden, flat

DONE = "成功: 2件\n失敗: 0件\nその他: 0件\n"


@pytest.fixture
def sent(world: World) -> str:
    """
    The call of a file of two rows.
    """
    for name in ("taro", "hanako"):
        world.submit("newsletter", {"email": f"{name}@example.co.jp", "name": "見本"})
    world.pass_minutes(2)
    (found,) = world.relay.operator.files.listed()
    return found.id


def listed(ekiden: Ekiden, *options: str) -> list[dict[str, Any]]:
    """
    The list for programs.
    """
    found: list[dict[str, Any]] = json.loads(ekiden("files", "list", "--json", *options).output)
    return found


def test_the_list_says_when_how_many_and_what_became_of_it(ekiden: Ekiden, sent: str) -> None:
    """
    A file that was taken is accepted: no more is proven.
    """
    (found,) = listed(ekiden)

    assert (found["id"], found["lane"], found["state"], found["rows"]) == (sent, LANE, "accepted", 2)
    assert (found["destination"], found["operation"], found["settings"]["gid"]) == ("haihai", "register", "12")
    assert found["at"] == "2026-11-21T10:00:00+09:00"
    shown = flat(ekiden("files", "list"))
    assert sent in shown
    assert "accepted" in shown


def test_nothing_was_sent(ekiden: Ekiden) -> None:
    """
    A sentence, and an empty list for programs.
    """
    assert "No file was sent" in ekiden("files", "list").output
    assert listed(ekiden) == []


def test_a_lane_that_sends_no_files_is_told(ekiden: Ekiden) -> None:
    """
    Those that do are named.
    """
    found = ekiden("files", "list", "--lane", "satori-satori")

    assert found.exit_code == 1
    assert LANE in found.output


def test_the_newest_come_first_and_no_more_than_asked_for(world: World, ekiden: Ekiden, sent: str) -> None:
    """
    Bounded by --limit.
    """
    world.pass_minutes(10)
    world.submit("newsletter", {"email": "late@example.co.jp", "name": "遅子"})
    world.pass_minutes(10)

    assert [each["rows"] for each in listed(ekiden)] == [1, 2]
    assert [each["rows"] for each in listed(ekiden, "--limit", "1")] == [1]
    assert listed(ekiden, "--lane", LANE)[1]["id"] == sent


def test_a_row_leads_to_its_submission(world: World, ekiden: Ekiden, sent: str) -> None:
    """
    Counted as the vendor's result file does, the address veiled unless it is revealed, which is on record.
    """
    shown = json.loads(ekiden("files", "show", sent, "--json").output)
    ids = {each.id for each in world.deliveries()}

    assert [line["row"] for line in shown["lines"]] == [2, 3]
    assert {name for line in shown["lines"] for name in line["deliveries"]} == ids
    assert "example.co.jp" not in ekiden("files", "show", sent).output
    assert "taro@example.co.jp" in ekiden("files", "show", sent, "--reveal").output
    assert [told["id"] for fact, told in world.journal.lines if fact == "operator.revealed"] == [sent]


def test_the_exact_bytes_are_written_once_and_on_record(
    world: World, ekiden: Ekiden, sent: str, tmp_path: Path
) -> None:
    """
    What the vendor got, byte for byte; a file that is there is not overwritten.
    """
    place = tmp_path / "sent.csv"
    assert ekiden("files", "get", sent, "-o", str(place)).exit_code == 0

    assert place.read_bytes().decode("cp932").splitlines()[0] == "メールアドレス,お名前"
    assert place.read_bytes() == world.bucket.get(f"calls/{LANE}/{sent}/data")
    assert [told["call"] for fact, told in world.journal.lines if fact == "operator.file_taken"] == [sent]
    assert ekiden("files", "get", sent, "-o", str(place)).exit_code == 2


@pytest.mark.parametrize("name", ["01JDXXXXXXXXXXXXXXXXXXXXXX", "../secret", ""])
@pytest.mark.parametrize("command", ["show", "report"])
def test_an_unknown_file_is_told(ekiden: Ekiden, command: str, name: str) -> None:
    """
    A sentence and status 1.
    """
    more = ["--stdin"] if command == "report" else []
    found = ekiden("files", command, name, *more, input=DONE)

    assert found.exit_code == 1
    assert "There is no file" in found.output


def test_bytes_whose_days_are_over_are_told(world: World, ekiden: Ekiden, sent: str, tmp_path: Path) -> None:
    """
    Nothing is written then.
    """
    world.bucket.delete(f"calls/{LANE}/{sent}/data")
    found = ekiden("files", "get", sent, "-o", str(tmp_path / "x.csv"))

    assert (found.exit_code, list(tmp_path.iterdir())) == (1, [])
    assert "10 days" in found.output


def test_after_ten_days_a_file_is_no_longer_listed(world: World, ekiden: Ekiden, sent: str) -> None:
    """
    As on the vendor's own screen, also where the bucket is late with its clearing.
    """
    world.clock.sleep(10 * 86_400 + 60)

    assert listed(ekiden) == []
    assert ekiden("files", "show", sent).exit_code == 1


# ── reports ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_report_that_proves_every_row_is_kept(ekiden: Ekiden, sent: str) -> None:
    """
    All succeeded and they add up: the file is listed as imported.
    """
    found = ekiden("files", "report", sent, "--stdin", input=DONE)

    assert found.exit_code == 0
    assert "Every row of the file was imported." in found.output
    assert listed(ekiden)[0]["state"] == "imported"
    assert listed(ekiden)[0]["report"] == {"done": 2, "failed": 0, "other": 0}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("成功: 1件\n失敗: 1件\nその他: 0件\n", "1 failed"),
        ("成功: 1件\n失敗: 0件\nその他: 1件\n", "1 are その他"),
        ("成功: 9件\n失敗: 0件\nその他: 0件\n", "another file's report"),
    ],
)
def test_a_report_that_does_not_needs_a_look(world: World, ekiden: Ekiden, sent: str, text: str, why: str) -> None:
    """
    Status 1, the reason, and a notice to the operators that leads to the vendor's screen; no delivery changes.
    """
    before = world.states()
    found = ekiden("files", "report", sent, "--stdin", input=text)

    assert found.exit_code == 1
    assert why in flat(found)
    assert listed(ekiden)[0]["state"] == "look"
    assert [cause for cause, _, _ in world.journal.notices] == [f"report:{LANE}"]
    assert "処理結果" in world.journal.notices[0][2]
    assert world.states() == before
    assert "look" in ekiden("files", "list").output


def test_a_later_report_takes_the_place_of_an_earlier_one(ekiden: Ekiden, sent: str) -> None:
    """
    A wrong one that was handed in is mended by the right one.
    """
    ekiden("files", "report", sent, "--stdin", input="成功: 1件\n失敗: 1件")
    ekiden("files", "report", sent, "--stdin", input=DONE)

    assert listed(ekiden)[0]["state"] == "imported"


@pytest.mark.parametrize("text", ["こんにちは", "成功: 1件\n成功: 2件\n失敗: 0件"])
def test_what_cannot_be_read_is_said_and_not_kept(ekiden: Ekiden, sent: str, text: str) -> None:
    """
    Status 1; the file stays as it was.
    """
    found = ekiden("files", "report", sent, "--stdin", input=text)

    assert found.exit_code == 1
    assert "Nothing was kept." in found.output
    assert listed(ekiden)[0]["state"] == "accepted"


@pytest.mark.parametrize("charset", ["utf-8", "cp932", "iso-2022-jp"])
@pytest.mark.parametrize("form", ["pasted", "mail", "html mail"])
def test_a_report_comes_as_text_or_as_a_saved_mail(
    ekiden: Ekiden, sent: str, tmp_path: Path, charset: str, form: str
) -> None:
    """
    In any Japanese charset, quoted-printable or base64, as plain text or HTML.
    """
    raw = DONE.encode(charset)
    if form != "pasted":
        mail = EmailMessage()
        mail["Subject"] = "一括登録・削除の処理結果"
        cells = "<table><tr><td>成功</td><td>失敗</td></tr>\n<tr><td>2</td><td>0</td></tr></table>"
        mail.set_content(cells if form == "html mail" else DONE, charset=charset)
        if form == "html mail":
            mail.replace_header("Content-Type", f"text/html; charset={charset}")
        raw = mail.as_bytes()
    file = tmp_path / "report.eml"
    file.write_bytes(raw)

    assert ekiden("files", "report", sent, str(file)).exit_code == 0
    assert listed(ekiden)[0]["state"] == "imported"


def test_a_report_is_named_once(ekiden: Ekiden, sent: str, tmp_path: Path) -> None:
    """
    A file, or standard input: not both, not neither.
    """
    assert ekiden("files", "report", sent).exit_code == 2
    (tmp_path / "x").write_text(DONE)
    assert ekiden("files", "report", sent, str(tmp_path / "x"), "--stdin").exit_code == 2


# ── other states ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_file_that_was_not_taken_says_why(world: World, ekiden: Ekiden) -> None:
    """
    The verdict of the last answer; a file without any answer says that.
    """
    world.haihai.regenerate_token()
    world.submit("newsletter", {"email": "taro@example.co.jp", "name": "太郎"})
    world.pass_minutes(2)
    (found,) = listed(ekiden)
    assert found["state"] == "paused"

    for name in [each for each in world.bucket.objects if "/said-" in each]:
        world.bucket.delete(name)
    assert listed(ekiden)[0]["state"] == "no answer"


def test_a_file_whose_call_is_not_concluded_is_open(world: World, ekiden: Ekiden) -> None:
    """
    The vendor took it and the answer was lost: it goes again.
    """
    world.haihai.faults.add(Fault(kind="lose_after", times=50))
    world.submit("newsletter", {"email": "taro@example.co.jp", "name": "太郎"})
    world.pass_minutes(2)

    assert listed(ekiden)[0]["state"] == "open"


def test_nothing_that_the_list_reads_is_about_anybody(world: World, sent: str) -> None:
    """
    The small object beside a file, and the report, hold no person.
    """
    world.relay.operator.files.find(sent)
    small = world.bucket.get(f"calls/{LANE}/{sent}/about.json")

    assert small is not None
    assert b"example.co.jp" not in small
    assert "見本" not in small.decode()


def test_the_vendors_own_mail_is_understood(world: World, ekiden: Ekiden) -> None:
    """
    A row that the vendor's database refuses: its mail, handed in as it came, marks the file.
    """
    items = [replace(item, form="number") if item.name == "お名前" else item for item in world.haihai.account.items]
    world.haihai.queue.database.account = replace(world.haihai.account, items=tuple(items))
    world.submit("newsletter", {"email": "taro@example.co.jp", "name": "太郎"})
    world.pass_minutes(5)
    (found,) = listed(ekiden)
    (mail,) = world.haihai.mailbox

    assert ekiden("files", "report", found["id"], "--stdin", input=f"{mail.subject}\n\n{mail.text}").exit_code == 1
    assert listed(ekiden)[0]["report"] == {"done": 0, "failed": 1, "other": 0}

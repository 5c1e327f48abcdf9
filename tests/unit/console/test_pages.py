"""
What an operator sees and does in the console, click by click, against the real relay over memory stores.
"""

from __future__ import annotations

import csv
import re
from io import StringIO

import pytest

from chalicelib.console.charts import Series, bars
from chalicelib.console.saying import Say
from chalicelib.model import Delivery, State
from tests.scenarios.world import World
from tests.unit.console.window import WITH_CONSOLE, Page, Window, world_with_console

LONG = "長" * 300
TARO = {"email": "taro@example.co.jp", "sei": "山田", "mei": "太郎"}
SATORI, HAIHAI = "satori-satori", "haihaimail-api-sample-import"


@pytest.fixture
def world() -> World:
    return world_with_console()


@pytest.fixture
def window(world: World) -> Window:
    opened = Window(world)
    opened.sign_in()
    return opened


def dead(world: World, number: int = 1, **fields: str) -> list[Delivery]:
    """So many submissions that SATORI's rules refuse."""
    for each in range(number):
        world.submit("contact", TARO | {"email": f"v{each}@example.co.jp", "mei": LONG, **fields})
    return [each for each in world.deliveries() if each.state is State.DEAD]


def state_of(world: World, name: str) -> State:
    return next(each.state for each in world.deliveries() if each.id == name)


def sheet(page: Page) -> list[list[str]]:
    assert page.answer.body.startswith("\ufeff")
    assert page.answer.headers["Content-Disposition"].startswith("attachment; filename=")
    return list(csv.reader(StringIO(page.answer.body[1:])))


# ── lanes ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_lanes_show_quota_waits_and_when_they_are_of(world: World, window: Window) -> None:
    """Used, left and kept of the day, what waits and since when, and the moment of the snapshot."""
    for number in range(3):
        world.submit("newsletter", {"email": f"r{number}@example.co.jp", "name": "佐藤 花子"})
    world.clock.sleep(90)
    page = window.get()

    assert "10:01:30 JST 時点" in page.text
    assert "使用 0 / 240 回・残り 228 回・予備 12 回" in page.text
    assert "待機3件最長の待ち1分30秒" in page.text
    assert "不達 0" in page.text


def test_a_lane_is_paused_with_a_reason_and_resumed(world: World, window: Window) -> None:
    """Its reason stands on the page; both deeds are on record with who did them."""
    page = window.send(window.get().form(f"/lanes/{SATORI}"), ("reason", "年末の 点検"), ("deed", "pause"))

    assert "停止中" in page.text
    assert "年末の 点検" in page.text
    assert world.lane(SATORI)["paused_reason"] == "年末の 点検"
    page = window.send(page.form(f"/lanes/{SATORI}"), ("deed", "resume"))
    assert "paused_reason" not in world.lane(SATORI)
    record = window.get("/record").text
    assert re.search(r"sato再開.*sato停止.*年末の 点検", record)


def test_a_deed_that_there_is_not_is_told(window: Window) -> None:
    """A lane or a deed that was made up gets words, not an error."""
    form = window.get().form(f"/lanes/{SATORI}")
    strange = window.send(form, ("deed", "explode"))
    form.action = form.action.replace(SATORI, "moon")
    nowhere = window.send(form, ("deed", "resume"))

    assert (strange.status, nowhere.status) == (409, 409)
    assert "no lane moon" in nowhere.text


def test_one_lane_has_a_page_of_its_own(window: Window) -> None:
    """A notice links to it."""
    page = window.get(f"/lanes/{HAIHAI}")

    assert HAIHAI in page.text
    assert SATORI not in page.text


# ── dead letters ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_dead_letter_is_fixed_and_sent_again(world: World, window: Window) -> None:
    """The field at fault comes first; what is typed is shown with the price before anything is done."""
    (letter,) = dead(world)
    page = window.get(f"/deliveries/{letter.id}")
    plan = window.send(page.form("/plan"), ("fix.first_name", "太郎"), ("deed", "replay"))

    assert page.form("/plan").values[3][0] == "fix.first_name"
    assert "first_name太郎" in plan.text
    assert f"{SATORI}1件1回上限なし" in plan.text
    assert state_of(world, letter.id) is State.DEAD
    done = window.send(plan.form("/do"))
    assert "1件を処理しました" in done.text
    assert state_of(world, letter.id) is State.SUPERSEDED
    world.answer_bells()
    assert world.states()["delivered"] == 1


def test_sending_the_form_twice_does_it_once(world: World, window: Window) -> None:
    """A double click, or going back and sending again, makes no second delivery."""
    (letter,) = dead(world)
    page = window.get(f"/deliveries/{letter.id}")
    plan = window.send(page.form("/plan"), ("fix.first_name", "太郎"), ("deed", "replay"))
    window.send(plan.form("/do"))
    again = window.send(plan.form("/do"))

    assert "処理できませんでした" in again.text
    assert len(world.deliveries()) == 2


def test_a_field_is_cleared_on_purpose_only(world: World, window: Window) -> None:
    """A blank field stays as it is; ticking 空にする blanks it."""
    (letter,) = dead(world)
    page = window.get(f"/deliveries/{letter.id}")
    plan = window.send(page.form("/plan"), ("clear.first_name", "yes"), ("deed", "replay"))
    window.send(plan.form("/do"))

    assert "（空にする）" in plan.text
    new = next(each for each in world.deliveries() if each.replay_of == letter.id)
    assert (new.payload.get("first_name", ""), new.payload["last_name"]) == ("", "山田")


def test_what_would_be_refused_again_is_told_beforehand(world: World, window: Window) -> None:
    """Without a mended value the same rule holds; nothing is offered to be done."""
    (letter,) = dead(world)
    plan = window.send(window.get(f"/deliveries/{letter.id}").form("/plan"), ("deed", "replay"))

    assert "何もしていません" in plan.text
    assert "it would be dead again" in plan.text
    assert not [form for form in plan.forms if form.action.endswith("/do")]


def test_a_field_that_there_is_not_is_told(world: World, window: Window) -> None:
    """A name that somebody made up is no field of the delivery."""
    (letter,) = dead(world)
    form = window.get(f"/deliveries/{letter.id}").form("/plan")

    assert window.send(form, ("fix.<b>", "x"), ("deed", "replay")).status == 409


def test_ticked_dead_letters_are_dropped_after_a_yes(world: World, window: Window) -> None:
    """Only those that were ticked; they stay on record."""
    first, second, third = dead(world, 3)
    form = window.get("/dead").form("/plan")
    plan = window.send(form, ("id", first.id), ("id", third.id), ("deed", "drop"))
    done = window.send(plan.form("/do"))

    assert "2件を破棄します" in plan.text
    assert "2件を処理しました" in done.text
    assert [state_of(world, each.id) for each in (first, second, third)] == ["dropped", "dead", "dropped"]
    assert "不達の破棄" in window.get("/record").text
    english = window.get("/record?lang=en").text
    assert "drop dead" in english
    assert "by filter" not in english


def test_dead_letters_are_chosen_by_a_filter(world: World, window: Window) -> None:
    """By source, destination, words of the reason and time; the plan says how many and that no call is used."""
    dead(world, 3)
    filters = window.get("/dead").forms[-1]
    none = window.send(filters, ("reason", "no such words"), ("deed", "drop"))
    plan = window.send(filters, ("reason", "CHARACTERS"), ("source", "contact"), ("deed", "drop"))

    assert "何もしていません" in none.text
    assert "3件を破棄します" in plan.text
    assert "呼び出し回数は使いません" in plan.text


def test_a_filter_tells_the_price_of_what_can_go(world: World, window: Window) -> None:
    """After the rules were mended in relay.toml, all are sent again, a call each."""
    dead(world, 2)
    for letter in world.deliveries():
        assert letter.state is State.DEAD
    held = window.send(window.get("/dead").forms[-1], ("deed", "replay"))

    assert held.text.count("it would be dead again") == 2


def test_too_many_at_once_are_refused(window: Window, world: World) -> None:
    """A request that could not end in time does nothing."""
    dead(world)
    form = window.get("/dead").form("/plan")
    page = window.send(form, *(("id", f"01M7XSW1M0C42657VFQVC2R1YD.{n}") for n in range(1, 102)), ("deed", "drop"))

    assert page.status == 409


def test_dead_letters_as_a_file_tell_nobody(world: World, window: Window) -> None:
    """Values are veiled in it as on the page."""
    dead(world)
    rows = sheet(window.get("/dead/csv"))

    assert rows[0][:2] == ["id", "state"]
    assert "v0@example.co.jp" not in str(rows)
    assert "山田" not in str(rows)


@pytest.mark.parametrize("typed", ["=HYPERLINK(0)", "+1", "-1", "@SUM(1)", "＝1", " =1"])
def test_dead_letters_as_a_file_run_nothing(typed: str) -> None:
    """What a stranger typed is text, also where it is nobody's secret and begins as a formula does."""
    open_names = WITH_CONSOLE.replace('preset = "form"', 'preset = "form"\npersonal = ["email"]', 1)
    world = world_with_console(open_names)
    dead(world, 1, sei=typed)
    window = Window(world)
    window.sign_in()
    headings, row = sheet(window.get("/dead/csv"))

    assert row[headings.index("field: last_name")] == f"'{typed}"
    assert not [cell for cell in row if cell.strip().startswith(("=", "+", "-", "@", "＝"))]


def test_only_what_is_dead_is_sent_again(world: World, window: Window) -> None:
    """One that was settled, or is held, since the page was opened is left out, with its state."""
    (letter,) = dead(world)
    world.submit("contact", TARO)
    sent = next(each for each in world.deliveries() if each.id != letter.id)
    plan = window.send(window.get("/dead").form("/plan"), ("id", sent.id), ("deed", "drop"))

    assert f"{sent.id} 送信済み" in plan.text
    assert "何もしていません" in plan.text


# ── held ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_held_delivery_is_released(world: World, window: Window) -> None:
    """A suspicion that was none: it is sent as if it had never been held, and that is on record."""
    world.submit("contact", TARO | {"_gotcha": "x"})
    (held,) = world.deliveries()
    plan = window.send(window.get(f"/deliveries/{held.id}").form("/plan"), ("deed", "replay"))
    done = window.send(plan.form("/do"))
    world.answer_bells()

    assert "保留の解除" in plan.text
    assert "1件を処理しました" in done.text
    assert world.states()["delivered"] == 1


@pytest.mark.parametrize(("deed", "states"), [("release", {"waiting": 2}), ("drop", {"dropped": 2})])
def test_a_held_key_is_sent_again_or_dropped_after_a_yes(deed: str, states: dict[str, int]) -> None:
    """A file that the vendor refused holds its key; its rows go, or go no more, when a person says so."""
    world = world_with_console(WITH_CONSOLE.replace("gid = 12", "gid = 99"))
    for number in range(2):
        world.submit("newsletter", {"email": f"r{number}@example.co.jp", "name": "佐藤"})
    world.pass_minutes(5)
    window = Window(world)
    window.sign_in()
    held = window.get("/held")
    plan = window.send(held.form("/plan-key"), ("deed", deed))

    assert "キー保留" in window.get().text
    assert "2行" in plan.text
    assert ("2件1回" in plan.text) is (deed == "release")
    assert world.states() == {"waiting": 2}
    window.send(plan.form("/key"))
    assert world.states() == states
    assert (world.relay.operator.held_keys() == []) is (deed == "release")
    assert {"release": "保留キーの再送", "drop": "保留キーの破棄"}[deed] in window.get("/record").text


def test_signing_in_is_on_record(window: Window) -> None:
    """Who was in, and when."""
    assert "satoサインイン" in window.get("/record").text


# ── looking ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_personal_values_are_veiled_until_they_are_asked_for_on_record(world: World, window: Window) -> None:
    """The page shows how long they are; who asks is on record before anything is shown."""
    world.submit("contact", TARO)
    (made,) = world.deliveries()
    page = window.get(f"/submissions/{made.event_id}")
    shown = window.send(page.form(f"/submissions/{made.event_id}"))

    assert "taro@example.co.jp" not in page.answer.body
    assert "••• (18)" in page.text
    assert "taro@example.co.jp" in shown.text
    assert f"sato個人情報の表示{made.event_id}" in window.get("/record").text


def test_nothing_is_shown_that_could_not_be_put_on_record(
    world: World, window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the table refuses the entry, the values stay veiled."""
    world.submit("contact", TARO)
    (made,) = world.deliveries()
    form = window.get(f"/submissions/{made.event_id}").form(f"/submissions/{made.event_id}")
    write = world.table.write

    def refuse(*writes: object) -> object:
        if any("AUDIT" in str(each) for each in writes):
            raise RuntimeError
        return write(*writes)  # type: ignore[arg-type]

    monkeypatch.setattr(world.table, "write", refuse)
    page = window.send(form)

    assert page.status == 500
    assert "taro@example.co.jp" not in page.answer.body


def test_a_story_tells_what_came_what_was_made_of_it_and_each_call(world: World, window: Window) -> None:
    """From the form to the vendor's answer."""
    world.submit("newsletter", {"email": "hana@example.co.jp", "name": "佐藤 花子"})
    world.pass_minutes(3)
    (made,) = world.deliveries()
    page = window.get(f"/submissions/{made.event_id}")

    assert "newsletter → haihai register送信済み" in page.text
    assert "呼び出しと返事" in page.text
    file = next(link for link in page.links if "/files/" in link)
    whole = window.get(file.removeprefix("/api/console"))
    assert made.id in whole.text
    copy = window.send(whole.form(file.rpartition("/")[2]))
    assert "hana@example.co.jp" in copy.answer.body
    assert "satoファイルの写し" in window.get("/record").text
    listed = window.get("/files")
    assert file in listed.links


def test_what_a_visitor_typed_is_text_on_every_page(world: World, window: Window) -> None:
    """A name with markup in it is shown, and is no element of the page."""
    world.submit("contact", TARO | {"mei": "<img src=x onerror=alert(1)>", "sei": "<script>alert(2)</script>"})
    (made,) = world.deliveries()
    page = window.get(f"/submissions/{made.event_id}")
    shown = window.send(page.form(f"/submissions/{made.event_id}"))

    assert "<script>alert(2)</script>" in shown.text
    assert not {"img", "script"} & set(shown.tags)


def test_a_search_that_ends_before_it_begins_is_told(window: Window) -> None:
    """Two dates the wrong way round are no search without a hit."""
    page = window.send(window.get("/search").form("/search"), ("since", "2026-11-21"), ("until", "2026-11-20"))

    assert "「まで」の日付が「から」より前です" in page.text
    assert "見つかりませんでした" not in page.text


def test_a_deed_leads_back_to_its_list(world: World, window: Window) -> None:
    """Who drops dead letters goes on with the other ones, also after thinking better of it."""
    (letter,) = dead(world)
    plan = window.send(window.get("/dead").form("/plan"), ("id", letter.id), ("deed", "drop"))
    done = window.send(plan.form("/do"))

    assert plan.links.count("/api/console/dead") == 2
    assert "不達へ戻る" in done.text


def test_submissions_are_found_by_address_and_the_address_is_in_no_link(world: World, window: Window) -> None:
    """However it is written; only the masked address is shown."""
    world.submit("contact", TARO)
    world.submit("contact", TARO | {"email": "hana@example.co.jp"})
    page = window.send(window.get("/search").form("/search"), ("who", " Taro@EXAMPLE.co.jp"))

    assert "1件（新しい順）" in page.text
    assert "t•••@example.co.jp" in page.text
    assert not [link for link in page.links if "taro" in link.lower()]


def test_submissions_are_found_by_source_state_day_and_id(world: World, window: Window) -> None:
    """Alone and together; a day or a state that is none is told."""
    world.submit("contact", TARO)
    world.submit("newsletter", {"email": "hana@example.co.jp", "name": "佐藤"})
    form = window.get("/search").form("/search")

    def found(*typed: tuple[str, str]) -> str:
        return window.send(form, *typed).text

    assert "2件（新しい順）" in found()
    assert "1件（新しい順）" in found(("source", "newsletter"), ("state", "waiting"))
    assert "見つかりませんでした" in found(("source", "newsletter"), ("state", "delivered"))
    assert "2件（新しい順）" in found(("since", "2026-11-21"), ("until", "2026-11-21"))
    assert "見つかりませんでした" in found(("until", "2026-11-20"))
    assert "日付が読めません" in found(("since", "yesterday"))
    assert "その状態はありません" in found(("state", "lost"))
    assert "受け取った内容" in found(("who", world.deliveries()[0].event_id.lower()))


def test_a_long_search_goes_on_and_becomes_a_file(world: World, window: Window) -> None:
    """Page after page, each submission once; the file has all of them."""
    for number in range(60):
        world.submit("newsletter", {"email": f"r{number}@example.co.jp", "name": "佐藤"})
    page = window.get("/search")
    ids = set(re.findall(r"/submissions/(\w+)", page.answer.body))
    pages = 1
    while more := next((each for each in page.forms if ("cursor" in dict(each.values))), None):
        page, pages = window.send(more), pages + 1
        ids |= set(re.findall(r"/submissions/(\w+)", page.answer.body))

    assert (len(ids), pages) == (60, 3)
    rows = sheet(window.send(page.form("/search/csv")))
    assert len(rows) == 61
    assert "r1@example.co.jp" not in str(rows)


def test_a_day_is_drawn_by_hours_with_its_figures(world: World, window: Window) -> None:
    """What came, calls and waits; the same figures stand in a table; a day that is none is today."""
    world.submit("contact", TARO)
    world.pass_minutes(61)
    world.submit("contact", TARO | {"email": "hana@example.co.jp"})
    window.sign_in()
    page = window.get("/days/2026-11-21")

    assert "10:001" in page.text
    assert "11:001" in page.text
    assert "svg" in page.tags
    assert f"{SATORI} の呼び出し" in page.text
    assert "2026-11-21 の一日" in window.get("/days/never").text
    assert "2026-11-20 の一日" in window.get("/days?date=2026-11-20").text


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_day_of_another_age_is_no_fault_of_ours(window: Window, day: str) -> None:
    """It is shown as today, or told to be no date; nobody reads of a fault in the log."""
    window.sign_in()

    assert [window.get(f"{path}?date={day}").status for path in ("/days", "/files")] == [200, 200]
    assert window.get(f"/days/{day}").status == 200
    found = window.send(window.get("/search").form("/search"), ("since", "0001-01-01"))
    assert found.status == 200
    assert "日付が読めません" in found.text


def test_a_page_that_there_is_not_is_told(window: Window) -> None:
    """Also a delivery, a submission or a file that nobody knows."""
    found = [
        window.get(path).status
        for path in (
            "/moon",
            "/dead/moon",
            "/deliveries/x",
            "/deliveries/x.y",
            "/submissions/x",
            "/files/x",
            "/files/a.b",
        )
    ]

    assert found == [404] * 7
    assert "保存期間を過ぎたか" in window.get("/deliveries/x").text
    assert "There is no delivery x" in window.get("/deliveries/x?lang=en").text


def test_both_languages_by_the_browser_and_by_the_switch(world: World) -> None:
    """English for an English browser; the switch holds for the pages that follow."""
    opened = Window(world, language="en-GB,en;q=0.9")
    page = opened.sign_in()
    assert "Lanes" in page.text

    switch = next(link for link in page.links if "lang=ja" in link)
    switched = opened.get(switch.removeprefix("/api/console"))
    assert "レーン" in switched.text
    assert "不達" in opened.get("/dead").text


@pytest.mark.parametrize("most", [9, 2_000, 40_000])
def test_the_numbers_beside_a_chart_are_whole(most: int) -> None:
    """A burst's thousands stand beside the bars without being cut off: seven units for a character are enough."""
    drawn = str(bars(Say(), "届いたもの", Series(name="合計", values=(most,)), unit="件"))
    ends = re.findall(r'<text[^>]* x="(\d+)"[^>]*text-anchor="end"[^>]*>([\d,]+)</text>', drawn)

    assert f"{most:,}" in drawn
    assert [words for x, words in ends if int(x) < 7 * len(words)] == []
    assert len(ends) >= 3

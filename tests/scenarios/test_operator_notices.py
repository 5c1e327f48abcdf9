"""
What operators are told: once until it clears, in both languages, with a link; and a digest each morning.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.adapters.journal import SUBJECT_CHARS_MAX
from chalicelib.errors import StoreUnavailable
from chalicelib.model import Config, Console, Notice
from chalicelib.ports import Query
from chalicelib.relay.links import PLACES
from chalicelib.relay.wording import KINDS, worded
from tests.sandbox.faults import Fault
from tests.scenarios.world import CONFIG, TEN, World
from tests.unit.docs import code

HAIHAI = "haihaimail-api-sample-import"
SATORI = "satori-satori"
NINE = TEN + timedelta(hours=23)
"""
9:00 in Tokyo, the next morning.
"""


def form(world: World, number: int, source: str = "newsletter", **fields: str) -> None:
    given = {"email": f"u{number}@example.co.jp", "name": "名", "sei": "山田", "mei": "太郎", **fields}
    assert world.submit(source, given).status == 303


def causes(world: World, *kinds: str) -> list[str]:
    """The causes of these kinds, and of their endings."""
    told = [cause for cause, _, _ in world.journal.notices]
    return [each for each in told if not kinds or each.removeprefix("cleared:").partition(":")[0] in kinds]


def digests(world: World) -> list[str]:
    return [text for cause, _, text in world.journal.notices if cause.startswith("digest:")]


# ── no storm ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_long_wait_is_told_once_and_then_that_it_is_over() -> None:
    """However many hours it lasts. The next one is news again."""
    world = World()
    for _ in range(2):
        world.relay.operator.pause(SATORI, "for the test")
        form(world, 1, "contact")
        world.pass_minutes(6 * 60, step=5)
        world.relay.operator.resume(SATORI)
        world.pass_minutes(3)

    assert causes(world, "wait") == [f"wait:{SATORI}", f"cleared:wait:{SATORI}"] * 2


def test_a_paused_lane_is_told_once_and_cleared_by_the_resume() -> None:
    """Wrong keys pause it; each later refusal says nothing more; after the resume it may be news again."""
    world = World()
    world.satori.faults.add(Fault("status", status=401, body='{"status":401}', times=1))
    form(world, 1, "contact")
    world.pass_minutes(120, step=5)
    assert causes(world, "paused") == [f"paused:{SATORI}"]

    world.relay.operator.resume(SATORI)
    world.pass_minutes(2)
    assert causes(world, "paused") == [f"paused:{SATORI}", f"cleared:paused:{SATORI}"]
    over = next(text for cause, _, text in world.journal.notices if cause == f"cleared:paused:{SATORI}")
    assert "JST and is not there any more" in over
    world.satori.faults.add(Fault("status", status=401, body='{"status":401}', times=1))
    form(world, 2, "contact")
    assert causes(world, "paused")[2:] == [f"paused:{SATORI}"]


def test_a_closed_lane_is_told_once_and_opened_once() -> None:
    """Probes that fail for a day add nothing; that the vendor answers again is told by one worker."""
    world = World()
    world.haihai.quota.spend(240, world.clock.now())
    form(world, 1)
    world.pass_until(TEN + timedelta(hours=15))

    assert causes(world, "closed", "opened") == [f"closed:{HAIHAI}", f"opened:{HAIHAI}"]


def test_a_lane_that_an_operator_opened_is_cleared_and_may_close_again() -> None:
    """A resume opens it without a call; that is told too, and the next closure is news."""
    world = World()
    world.haihai.quota.spend(240, world.clock.now())
    form(world, 1)
    world.pass_minutes(3)
    world.relay.operator.resume(HAIHAI)
    world.haihai.quota.limit = 1_000
    world.pass_minutes(5)
    assert causes(world, "closed", "opened") == [f"closed:{HAIHAI}", f"cleared:closed:{HAIHAI}"]

    world.haihai.quota.limit = 0
    form(world, 2)
    world.pass_minutes(10)
    assert causes(world, "closed", "opened")[2:] == [f"closed:{HAIHAI}"]


def test_a_held_key_is_told_once_and_cleared_when_it_goes() -> None:
    """The operator's release ends it."""
    world = World()
    groups = dict(world.haihai.account.groups)
    del world.haihai.account.groups["12"]
    form(world, 1)
    world.pass_minutes(180, step=5)
    ((lane, key, _),) = world.relay.operator.held_keys()
    world.haihai.account.groups.update(groups)
    world.relay.operator.release_key(lane, key.name)
    world.pass_minutes(2)

    assert causes(world, "key") == [f"key:{lane}:{key.name}", f"cleared:key:{lane}:{key.name}"]


def test_what_nobody_has_seen_for_half_an_hour_is_over() -> None:
    """A secret that cannot be read is told once, stays open while it is met, and clears after it was written."""
    world = World()
    token = world.secrets.values.pop("env:HAIHAI_TOKEN")
    form(world, 1)
    world.pass_minutes(90)
    assert causes(world, "secret") == ["secret"]

    world.secrets.values["env:HAIHAI_TOKEN"] = token
    world.pass_minutes(40)
    assert causes(world, "secret") == ["secret", "cleared:secret"]


def test_dead_letters_of_one_kind_are_told_once_an_hour() -> None:
    """They are incidents: nothing clears them, and a new one an hour later is news."""
    world = World()
    for number in range(5):
        form(world, number, name="😀")
    world.clock.sleep(3_700)
    form(world, 9, name="😀")

    assert causes(world) == ["dead:newsletter:haihai"] * 2


# ── words ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", sorted({cause.partition(":")[0] for cause in code.notice_causes()}))
def test_every_notice_is_in_both_languages(kind: str) -> None:
    """What happened, what it means for the business, what to do; and it leads to a page that there is."""
    words = KINDS[kind]

    assert all(any(ord(letter) > 0x3000 for letter in text) for text in (words.ja, words.means_ja, words.deed_ja))
    assert words.means.isascii()
    assert words.place in PLACES


def test_there_are_no_words_for_what_is_never_told() -> None:
    """What has gone from the code goes from the words."""
    assert set(KINDS) == {cause.partition(":")[0] for cause in code.notice_causes()}


def test_a_message_has_its_parts_and_a_link_where_there_is_a_console() -> None:
    """Japanese first, English after it, then the page; without a public address there is none."""
    notice = Notice(cause=f"paused:{SATORI}", subject=f"Lane {SATORI} is paused", text="401. Mend it.")
    door = Console(accounts=("env:ACCOUNTS",))
    at = "https://relay.example.co.jp/api"
    text = worded(notice, Config(name="acme", secret=("env:KEY",), public_url=at, console=door))

    japanese, english, link = text.split("\n\n")
    assert japanese.startswith(f"レーン {SATORI} を停止しました。\n業務への影響: ")
    assert f"\n対処: 理由を確認して直し（キー、ベンダー画面、base_url）、ekiden resume {SATORI} で" in japanese
    assert english.startswith(f"Lane {SATORI} is paused.\n401. Mend it.\nFor the business: ")
    assert link == f"コンソール / Console: https://relay.example.co.jp/api/console/lanes/{SATORI}"
    for without in (Config(name="acme", secret=("env:KEY",), public_url=at), Config(name="acme", secret=("env:KEY",))):
        assert "Console" not in worded(notice, without)


def test_subjects_are_as_sns_takes_them() -> None:
    """ASCII, and not too long, for every notice of a bad day."""
    world = World()
    world.haihai.quota.spend(240, world.clock.now())
    for number in range(3):
        form(world, number, name="😀")
        form(world, number)
        form(world, number, "contact", _gotcha="x")
    world.pass_until(NINE + timedelta(minutes=2))

    assert len(causes(world)) >= 4
    for _, subject, _ in world.journal.notices:
        assert subject.isascii()
        assert len(subject) <= SUBJECT_CHARS_MAX


# ── the digest ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_each_morning_says_what_came_and_what_needs_a_person() -> None:
    """Source by source, for the day before; once, however many workers see the hour."""
    world = World()
    for number in range(3):
        form(world, number)
        form(world, number, "contact")
    form(world, 4, name="😀")
    form(world, 5, "contact", _gotcha="x")
    world.pass_minutes(10)
    world.relay.operator.pause(HAIHAI, "for the test")
    form(world, 6)
    world.clock.move_to(NINE)
    for _ in range(3):
        world.relay = world._relay()
        world.pass_minutes(1)
    world.pass_minutes(90)

    (text,) = digests(world)
    assert "newsletter: 5 came 受付, 3 delivered 配信済; now 1 waiting 待機, 1 dead 配信不可, 0 held 確認待ち" in text
    assert "contact: 4 came 受付, 3 delivered 配信済; now 0 waiting 待機, 0 dead 配信不可, 1 held 確認待ち" in text
    assert "crm: 0 came" in text
    assert f"Still open / 未解消: wait:{HAIHAI}" in text


def test_a_table_that_fails_half_way_does_not_cost_the_digest() -> None:
    """The next minute counts again, and sends it once."""
    world = World()
    form(world, 1)
    world.clock.move_to(NINE)
    count = world.table.count

    def away(_query: Query) -> int:
        raise StoreUnavailable("DynamoDB: busy", maybe_applied=False)

    world.table.count = away  # type: ignore[method-assign]
    with pytest.raises(StoreUnavailable):
        world.relay.tick()
    world.table.count = count  # type: ignore[method-assign]
    world.pass_minutes(3)

    assert len(digests(world)) == 1


def test_a_day_without_anything_says_so() -> None:
    """Silence would look like a relay that is down."""
    world = World()
    world.clock.move_to(NINE)
    world.pass_minutes(2)

    (text,) = digests(world)
    assert "Nothing came. / 何も届きませんでした。" in text


def test_without_a_source_there_is_no_digest() -> None:
    """An installation that takes nothing has nothing to tell."""
    world = World(CONFIG.partition("[sources.contact]")[0])
    world.clock.move_to(NINE)
    world.pass_minutes(70)

    assert world.journal.notices == []


def test_the_digest_comes_in_its_hour_only() -> None:
    """Not at half past eight, nor at ten for an installation that was made at ten."""
    world = World()
    world.pass_minutes(30)
    world.clock.move_to(NINE - timedelta(minutes=5))
    world.pass_minutes(4)
    assert digests(world) == []
    world.pass_minutes(2)
    assert len(digests(world)) == 1
    world.pass_until(NINE + timedelta(days=1, minutes=2))
    assert len(digests(world)) == 2

"""
The console's door, attacked: guessed passwords, forged forms, stolen and foreign cookies.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.console import sessions
from chalicelib.model import Envelope
from tests.scenarios.world import CONFIG, World
from tests.unit.console.window import ACCOUNTS, PASSWORD, STAGE, Page, Window, world_with_console

LANE = "satori-satori"


@pytest.fixture
def world() -> World:
    return world_with_console()


@pytest.fixture
def window(world: World) -> Window:
    return Window(world)


def facts(world: World, name: str) -> list[dict[str, str]]:
    return [fields for fact, fields in world.journal.lines if fact == name]


def is_in(page: Page) -> bool:
    return any(form.action.endswith("/sign-out") for form in page.forms)


def test_without_a_console_there_is_nothing_at_its_address() -> None:
    """Who has not configured it has no door that could be tried."""
    world = World(CONFIG)
    asked = Envelope(source="console", method="GET", received_at=world.clock.now())

    assert world.relay.console(asked, "", "", {"path": "/api/console"}).status == 404


@pytest.mark.parametrize("path", ["", "/dead", "/submissions/01M7XSW1M0C42657VFQVC2R1YD", "/dead/csv", "/nothing"])
def test_nothing_is_shown_to_a_stranger(window: Window, path: str) -> None:
    """Every address leads to the sign-in, whether there is something or not."""
    answer = window.get(path, follow=False)

    assert answer.status == 303
    assert answer.answer.headers["Location"].startswith(f"{STAGE}/console/sign-in")
    assert answer.answer.body == ""


def test_signing_in_leads_back_to_what_was_asked_for(window: Window) -> None:
    """Name and password open the page that a link had named."""
    shown = window.get("/dead")
    page = window.send(shown.form("/sign-in"), ("name", "sato"), ("password", PASSWORD))

    assert (page.status, is_in(page)) == (200, True)
    assert "不達" in page.text


@pytest.mark.parametrize(
    "back",
    ["https://evil.example.com/", "//evil.example.com", "/api/consolex", "/api/console/../x", "/api/console//x", ""],
)
def test_signing_in_leads_nowhere_else(window: Window, back: str) -> None:
    """An address of another site, smuggled into the form, is not followed."""
    shown = window.get("/sign-in")
    answer = window.send(shown.form("/sign-in"), ("back", back), ("name", "sato"), ("password", PASSWORD), follow=False)

    assert answer.answer.headers["Location"] == f"{STAGE}/console"


def test_the_cookie_is_kept_from_scripts_other_sites_and_other_paths(window: Window) -> None:
    """HttpOnly, Secure, SameSite=Strict, and the stage's own path."""
    cookie = window.send(
        window.get("/sign-in").form("/sign-in"), ("name", "sato"), ("password", PASSWORD), follow=False
    ).answer.headers["Set-Cookie"]

    assert {part.strip() for part in cookie.split(";")[1:]} == {
        "Max-Age=1800", f"Path={STAGE}/console", "HttpOnly", "SameSite=Strict", "Secure"
    }  # fmt: skip


def test_wrong_names_and_wrong_passwords_get_the_same_answer(world: World) -> None:
    """Nobody learns which names there are; the log tells of strange names only that there was one."""
    pages = []
    for name, password in (("sato", "wrong"), ("nobody", PASSWORD), ("", "")):
        page = Window(world).sign_in(name, password)
        pages.append((page.status, page.text))

    assert len(set(pages)) == 1
    assert pages[0][0] == 401
    told = facts(world, "console.sign_in_refused")
    assert [each["account"] for each in told] == ["sato", "(unknown)", "(unknown)"]


def test_five_wrong_passwords_lock_a_name_for_the_rest_of_the_quarter(world: World) -> None:
    """The right password gets the same answer then, from any address; afterwards it opens."""
    for number in range(5):
        assert Window(world, address=f"203.0.113.{number}").sign_in(password="wrong").status == 401

    locked = Window(world, address="203.0.113.99").sign_in()
    other = Window(world).sign_in("tanaka")
    world.clock.sleep(15 * 60)
    later = Window(world).sign_in()

    assert (locked.status, is_in(locked)) == (401, False)
    assert facts(world, "console.sign_in_refused")[-1]["why"] == "too many attempts"
    assert is_in(other)
    assert is_in(later)


def test_a_name_that_there_is_not_is_locked_alike(world: World) -> None:
    """The lock tells nothing of which names there are."""
    for _ in range(6):
        Window(world).sign_in("nobody", "wrong")

    assert facts(world, "console.sign_in_refused")[-1] == {"account": "(unknown)", "why": "too many attempts"}


def test_one_address_that_tries_many_names_is_locked(world: World) -> None:
    """Thirty failures in a quarter of an hour, whichever the names."""
    for number in range(30):
        Window(world).sign_in(f"name{number}", "wrong")

    assert not is_in(Window(world).sign_in())
    assert is_in(Window(world, address="198.51.100.1").sign_in())


def test_the_right_password_is_not_counted(world: World) -> None:
    """Who signs in ten times in a quarter of an hour is not locked out."""
    for _ in range(10):
        assert is_in(Window(world).sign_in())


def test_a_form_of_another_site_does_nothing(window: Window) -> None:
    """Neither without the proof, nor with a stranger's, nor from another site even with the right one."""
    page = window.sign_in()
    pause = page.form(f"/lanes/{LANE}")
    deed = [("deed", "pause"), ("reason", "x")]
    strange = sessions.form_proof(b"another key", "another session")

    bare = window.post(pause.action, deed)
    forged = window.post(pause.action, [("proof", strange), *deed])
    window.site = "cross-site"
    elsewhere = window.send(pause, *deed)

    assert [each.status for each in (bare, forged, elsewhere)] == [403, 403, 403]
    assert "paused_reason" not in window.world.lane(LANE)


def test_a_form_of_one_session_does_nothing_in_another(world: World) -> None:
    """An operator's page cannot be used to act as another operator."""
    mine, other = Window(world), Window(world)
    page = mine.sign_in("tanaka")
    other.sign_in("sato")

    answer = other.send(page.form(f"/lanes/{LANE}"), ("deed", "pause"), ("reason", "x"))

    assert answer.status == 403


def test_signing_in_by_another_sites_form_is_refused(world: World) -> None:
    """Nobody is signed in as somebody else without noticing: the form needs this browser's own cookie."""
    attacker, victim = Window(world), Window(world)
    form = attacker.get("/sign-in").form("/sign-in")

    answer = victim.send(form, ("name", "sato"), ("password", PASSWORD))

    assert answer.status == 403
    assert "ekiden_session" not in victim.cookies


def test_a_changed_cookie_is_nobody(window: Window) -> None:
    """Another name in it, or another letter of the signature."""
    window.sign_in()
    body, _, signature = window.cookies["ekiden_session"].partition(".")
    for cookie in (f"{body}.{signature[:-2]}AA", f"{body}x.{signature}", body, f"{body}.", "x.y"):
        window.cookies["ekiden_session"] = cookie

        assert window.get(follow=False).status == 303


def test_signing_out_ends_the_session_everywhere(window: Window) -> None:
    """A copy of the cookie that somebody has kept opens nothing afterwards."""
    page = window.sign_in()
    kept = window.cookies["ekiden_session"]
    window.send(page.form("/sign-out"))

    assert "ekiden_session" not in window.cookies
    window.cookies["ekiden_session"] = kept
    assert window.get(follow=False).status == 303


def test_a_session_that_nobody_uses_ends(window: Window) -> None:
    """After half an hour; while it is used it goes on, but not beyond twelve hours."""
    window.sign_in()
    window.world.clock.sleep(29 * 60)
    still = window.get(follow=False).status
    window.world.clock.sleep(31 * 60)

    assert (still, window.get(follow=False).status) == (200, 303)

    window.sign_in()
    begun, now = window.world.clock.now(), window.world.clock.now()
    while window.get(follow=False).status == 200:
        window.world.clock.sleep(20 * 60)
        now = window.world.clock.now()

    assert timedelta(hours=11, minutes=30) < now - begun <= timedelta(hours=12, minutes=20)


def test_a_changed_password_or_an_account_that_is_gone_ends_the_session(window: Window) -> None:
    """Within the five minutes that a secret is remembered; here at once."""
    window.sign_in()
    window.world.secrets.values["env:CONSOLE"] = ACCOUNTS.replace('"sato"', '"ito"')

    assert window.get(follow=False).status == 303


def test_accounts_that_cannot_be_read_are_no_open_door(window: Window) -> None:
    """A console without its secret says so, to everybody, and shows nothing."""
    window.sign_in()
    for value in ("{}", "not json", '{"sato": "plain words"}'):
        window.world.secrets.values["env:CONSOLE"] = value
        page = window.get()

        assert (page.status, is_in(page)) == (503, False)
    assert "plain words" not in str(window.world.journal.lines)


@pytest.mark.parametrize("body", [b"\xff\xfe", b"a" * 300_000, b"&".join([b"a=1"] * 3_000), b"%ff=%ff", b""])
def test_a_body_that_is_no_form_does_nothing(window: Window, body: bytes) -> None:
    """It is refused as a form without a proof, never an error."""
    window.sign_in()
    asked = Envelope(
        source="console",
        method="POST",
        headers={
            "content-type": "application/x-www-form-urlencoded",
            "cookie": f"ekiden_session={window.cookies['ekiden_session']}",
        },
        body=body,
        received_at=window.world.clock.now(),
    )
    answer = window.world.relay.console(asked, "do", "", {"path": f"{STAGE}/console/do"})

    assert answer.status == 403
    assert facts(window.world, "fault") == []


def test_no_page_loads_anything_or_runs_anything(window: Window) -> None:
    """Its policy forbids scripts and everything from elsewhere; it is not stored, framed, or named to other sites."""
    for page in (window.get("/sign-in"), window.sign_in(), window.get("/dead/csv"), window.get("/nothing")):
        headers = page.answer.headers
        policy = headers["Content-Security-Policy"]

        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "frame-ancestors 'none'" in policy
        assert "script" not in policy
        assert (headers["Cache-Control"], headers["X-Content-Type-Options"]) == ("no-store", "nosniff")
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "script" not in page.tags


def test_only_on_this_machine_the_cookie_travels_without_encryption(world: World) -> None:
    """A local stage has no https; no other host can ask for that."""
    for host, secure in (("127.0.0.1:8080", False), ("localhost", False), ("localhost.example.com", True), ("", True)):
        asked = Envelope(source="console", method="GET", headers={"host": host}, received_at=world.clock.now())
        answer = world.relay.console(replace(asked), "sign-in", "", {"path": f"{STAGE}/console/sign-in"})

        assert ("; Secure" in answer.headers["Set-Cookie"]) is secure

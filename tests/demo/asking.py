"""
The stories of what is asked: an opt-out that 配配メール alone knows, and a question beside the contact form.
"""

from __future__ import annotations

from datetime import timedelta

from tests.demo.expectations import Expect
from tests.demo.moments import in_words
from tests.demo.play import Play

MIDORI = "midori@example.co.jp"
WITHIN_SECONDS = 3_600
TURN = timedelta(minutes=5)
TURNS_MAX = 12
CONSENT_DAYS = 3
QUESTION, ANSWER = "納期", "3営業日です。"


def opt_out(play: Play) -> None:
    """
    A reader clicks the opt-out link of a mail; an older consent comes later.
    """
    play.chapter("8  Who stops in 配配メール is stopped everywhere", "an opt-out")
    fields = {"your-email": MIDORI, "sei": "緑川", "mei": "みどり", "topic": "その他", "message": "はじめまして。"}
    play.visit("contact", fields | {"newsletter": "on", "agree": "on"}, MIDORI)
    play.carry(play.haihai, "the newsletter's row goes to 配配メール")
    allowed = play.books.lead(MIDORI).get("delivery_permission", "")
    play.books.opt_out(MIDORI)
    stopped_at = play.running.now()
    play.show.say(f"$ POST {play.running.at.haihai}/_sandbox/stop   (the opt-out link of a mail)")
    for _ in range(TURNS_MAX):
        play.pass_to(play.running.now() + TURN, "the lists are due")
        play.running.minute()
        if _refused(play) and _known_at_desk(play):
            break
    took = (play.running.now() - stopped_at).total_seconds()
    met = allowed == "approval" and _refused(play) and _known_at_desk(play) and took <= WITHIN_SECONDS
    play.expect(Expect.OPT_OUT_REACHES, f"SATORI and Mail Dealer know after {in_words(took)}", met=met)

    then = (stopped_at - timedelta(days=CONSENT_DAYS)).isoformat(timespec="seconds")
    play.webhook({"id": "crm-4712", "type": "changed", "updated_at": then, "email": MIDORI, "consent": True})
    play.running.settle()
    found = play.books.lead(MIDORI).get("delivery_permission", "")
    told = f"a consent of {CONSENT_DAYS} days ago came later: SATORI still says {found}"
    play.expect(Expect.OPT_OUT_STAYS, told, met=found == "reject")


def lookup(play: Play) -> None:
    """
    A visitor looks for an answer before writing.
    """
    play.chapter("9  An answer beside the form", "")
    found = play.books.look_up("faq", QUESTION)
    told = ", ".join(each["title"] for each in found) or "(nothing)"
    met = [each["answer"] for each in found] == [ANSWER]
    play.expect(Expect.LOOKUP_ANSWERS, f"{QUESTION}: {told}", met=met)


def _refused(play: Play) -> bool:
    return bool(play.books.lead(MIDORI).get("delivery_permission") == "reject")


def _known_at_desk(play: Play) -> bool:
    return bool(play.books.at_desk(MIDORI).get("メール配信") == "停止")

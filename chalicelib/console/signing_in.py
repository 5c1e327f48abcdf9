"""
The door: a name, a password, and nothing that tells a stranger which of them was wrong.
"""

from __future__ import annotations

from chalicelib.console.frame import Frame, button, form, hidden, note, page
from chalicelib.console.markup import el


def sign_in_page(frame: Frame, *, back: str = "", refused: bool = False) -> str:
    """
    The form to sign in. `refused`: name or password were wrong, or were tried too often.
    """
    say = frame.say
    wrong = say(
        "サインインできませんでした。名前とパスワードを確認してください。5回続けて失敗した名前は、最大15分間使えません。",
        "You are not signed in. Check name and password. After 5 failures a name rests for up to 15 minutes.",
    )
    fields = (
        el("label", el("span", say("名前", "Name"), class_="name"), _box("name", "username")),
        el("label", el("span", say("パスワード", "Password"), class_="name"), _box("password", "current-password")),
    )
    sent = form(
        frame,
        frame.to("sign-in"),
        hidden("back", back) if back else None,
        *fields,
        button(say("サインイン", "Sign in")),
        class_="signin card",
    )
    title = say("サインイン", "Sign in")
    return page(frame, title, note(wrong, "bad") if refused else None, sent, wide=False)


def _box(name: str, purpose: str) -> str:
    return el(
        "input",
        name=name,
        type="password" if name == "password" else "text",
        autocomplete=purpose,
        autocapitalize="none",
        spellcheck="false",
        required=True,
        maxlength=200,
        class_="box",
    )


def message_page(frame: Frame, title: str, words: str, *, kind: str = "bad") -> str:
    """
    A short page that says one thing, with the way back.
    """
    way = el("p", el("a", frame.say("レーンへ戻る", "Back to the lanes"), href=frame.base))
    return page(frame, title, note(words, kind), way, wide=False)

"""
The console's door: who asks, what for, and the answer. The pages themselves are drawn by chalicelib.console.

Nothing of it is loaded before somebody opens the console: forms and webhooks pay nothing for it.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from chalicelib.console.frame import Frame
from chalicelib.console.saying import Say
from chalicelib.console.signing_in import message_page, sign_in_page
from chalicelib.console.stylesheet import CSS
from chalicelib.errors import StoreUnavailable
from chalicelib.model import Config, Console, Envelope, Response
from chalicelib.relay import faults
from chalicelib.relay.console.answers import CSV_TYPE, File
from chalicelib.relay.console.asking import Asked, asked
from chalicelib.relay.console.doing import Doing
from chalicelib.relay.console.entry import Entry, Visitor
from chalicelib.relay.console.filing import Files
from chalicelib.relay.console.looking import Looking
from chalicelib.relay.deps import Deps
from chalicelib.relay.operating import Operator
from chalicelib.relay.replaying import Replayer
from chalicelib.relay.viewing import NotThere, OperatorError

STYLE = base64.b64encode(hashlib.sha256(CSS.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{STYLE}'; img-src 'self' data:; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000",
}
Page = str | File | None


class Hands(Protocol):
    """
    What the relay lets a person do, in that person's name.
    """

    def operator_named(self, who: Callable[[], str]) -> Operator:
        """
        Looks, and deeds on one.
        """

    def replayer(self, who: Callable[[], str] | None = None) -> Replayer:
        """
        Deeds on many.
        """


class ConsoleDoor:
    """
    Answers browsers of operators. Without `[console]` there is none.
    """

    def __init__(self, deps: Deps, hands: Hands) -> None:
        self._deps = deps
        self._hands = hands

    def answer(self, envelope: Envelope, page: str, name: str, context: Mapping[str, Any]) -> Response:
        """
        The answer to one request. Never raises.
        """
        console = self._deps.config.console
        if console is None:
            return Response(status=404, headers={"Content-Type": "text/plain", **HEADERS}, body="Not found\n")
        request = asked(envelope, page, name, context, public_url=self._deps.config.public_url)
        return _Answering(self._deps, self._hands, request, console).answer()


class _Answering:
    """
    One request on its way to its answer.
    """

    def __init__(self, deps: Deps, hands: Hands, request: Asked, console: Console) -> None:
        self._deps = deps
        self._hands = hands
        self._asked = request
        self._entry = Entry(deps, console)

    def answer(self) -> Response:
        frame = self._frame(None)
        try:
            visitor = self._entry.visitor(self._asked)
            frame = self._frame(visitor)
            return self._guarded(frame, visitor)
        except NotThere as error:
            words = frame.say("ありません。番号の誤りか、保存期間を過ぎたか、消去されたものです。", str(error))
            return self._page(404, message_page(frame, frame.say("見つかりません", "Not found"), words))
        except OperatorError as error:
            title = frame.say("できません", "It cannot be done")
            return self._page(409, message_page(frame, title, str(error)))
        except StoreUnavailable as unavailable:
            self._deps.ports.journal.log("console.unavailable", reason=str(unavailable))
            title = frame.say("いまは見られません", "Not available now")
            words = frame.say(
                "保存先か秘密情報が読めません。少し待ってください。", "The table or a secret cannot be read. Try again."
            )
            return self._page(503, message_page(frame, title, words))
        except Exception:  # noqa: BLE001 - an operator gets a page, and the log the traceback
            self._deps.ports.journal.log("fault", where="console", traceback=faults.for_log())
            words = frame.say("プログラムの誤りです。ログに残しました。", "A fault of Ekiden's own; it is in the log.")
            return self._page(500, message_page(frame, frame.say("エラー", "Error"), words))

    def _guarded(self, frame: Frame, visitor: Visitor) -> Response:
        """
        Only own forms do anything, and only who is signed in sees anything.
        """
        request = self._asked
        if request.method == "POST" and not self._entry.came_from_its_own_page(request, visitor):
            words = frame.say(
                "このフォームは期限切れか、別の場所から送られました。何もしていません。ページを開き直してください。",
                "This form is too old, or was sent from elsewhere. Nothing was done. Open the page again.",
            )
            return self._page(403, message_page(frame, frame.say("受け付けません", "Refused"), words), visitor.cookie)
        if request.page == "sign-in":
            return self._at_sign_in(frame, visitor)
        if visitor.session is None:
            return self._redirect(frame.to("sign-in", back=self._back()), visitor.cookie)
        if request.page == "sign-out" and request.method == "POST":
            return self._redirect(frame.to("sign-in"), self._entry.sign_out(request, visitor.session))
        return self._served(frame, visitor, visitor.session.account)

    def _at_sign_in(self, frame: Frame, visitor: Visitor) -> Response:
        request = self._asked
        if request.method != "POST":
            return self._page(200, sign_in_page(frame, back=request.query.get("back", "")), visitor.cookie)
        cookie = self._entry.sign_in(request, visitor)
        back = request.field("back")
        if not cookie:
            return self._page(401, sign_in_page(frame, back=back, refused=True), visitor.cookie)
        account = request.field("name").strip()
        self._hands.operator_named(lambda: account).note("sign in")
        return self._redirect(back if _is_ours(back, frame.base) else frame.base, cookie)

    def _served(self, frame: Frame, visitor: Visitor, account: str) -> Response:
        """
        The page of one who is signed in.
        """
        request = self._asked
        operator = self._hands.operator_named(lambda: account)
        files = Files(self._deps.ports.bucket)
        doors: Mapping[str, Callable[[], Page]]
        if request.method == "POST":
            doing = Doing(operator, self._hands.replayer(lambda: account), files, frame=frame, request=request)
            if request.page in doing.ENDS_ELSEWHERE:
                return self._redirect(doing.done_elsewhere(), visitor.cookie)
            doors = doing.doors()
        else:
            doors = Looking(operator, files, frame, request).doors()
        door = doors.get(request.page)
        found = door() if door else None
        if isinstance(found, File):
            headers = {"Content-Type": CSV_TYPE, "Content-Disposition": f'attachment; filename="{found.name}"'}
            return Response(status=200, headers={**HEADERS, **headers}, body=found.text)
        if found is None:
            words = frame.say("このページはありません。", "There is no such page.")
            return self._page(404, message_page(frame, frame.say("見つかりません", "Not found"), words), visitor.cookie)
        return self._page(200, found, visitor.cookie)

    def _back(self) -> str:
        """
        Where to go after signing in: the page that was asked for, unless it was a deed.
        """
        request = self._asked
        if request.method != "GET":
            return ""
        return "/".join(filter(None, (request.base, request.page, request.name))) if request.page else ""

    def _frame(self, visitor: Visitor | None) -> Frame:
        request, config = self._asked, self._deps.config
        here = "/".join(filter(None, (request.base, request.page, request.name)))
        return Frame(
            base=request.base,
            say=Say(lang=visitor.lang if visitor else request.chosen_language or request.language),
            at=self._deps.now(),
            account=visitor.session.account if visitor and visitor.session else "",
            proof=visitor.proof if visitor else "",
            here=_with_query(here, request) if request.method == "GET" else request.base,
            installation=_name_of(config),
        )

    def _page(self, status: int, body: str, cookie: str = "") -> Response:
        headers = {"Content-Type": "text/html; charset=utf-8", **HEADERS, **({"Set-Cookie": cookie} if cookie else {})}
        return Response(status=status, headers=headers, body=body)

    def _redirect(self, to: str, cookie: str) -> Response:
        headers = {
            "Location": to,
            "Content-Type": "text/plain",
            **HEADERS,
            **({"Set-Cookie": cookie} if cookie else {}),
        }
        return Response(status=303, headers=headers, body="")


def _name_of(config: Config) -> str:
    return config.name


def _with_query(here: str, request: Asked) -> str:
    from urllib.parse import urlencode  # noqa: PLC0415 - asking has loaded it

    kept = {name: text for name, text in request.query.items() if name != "lang" and text}
    return f"{here}?{urlencode(kept)}" if kept else here


def _is_ours(address: str, base: str) -> bool:
    """
    Whether an address is a page of this console: a path below its own, without tricks.
    """
    tricky = any(each in address for each in ("\\", "..", "//", "\r", "\n", "@", ":"))
    return address.isascii() and address.isprintable() and not tricky and address.startswith(f"{base}/")

"""
What the door says to a visitor when something went wrong, in Japanese and English.
"""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.value import value


@value
class Notice:
    """
    What happened (title) and what the visitor can do (advice, one paragraph a line).
    """

    title: str
    advice: str
    title_en: str
    advice_en: str


_BACK = "ブラウザの「戻る」で前のページに戻り、"
_ELSE = "\nそれでも送信できない場合は、お手数ですが、お電話やメールなど他の方法でご連絡ください。"
_ELSE_EN = "\nIf it still does not work, please contact us another way, by phone or e-mail."

INVALID = Notice(
    title="入力内容をご確認ください",
    advice="まだ送信されていません。下の項目を直して、もう一度送信してください。",
    title_en="Please check your entries",
    advice_en="Nothing has been sent yet. Correct the fields below and send again.",
)
RECEIVED = Notice(
    title="送信ありがとうございました",
    advice="内容を受け付けました。このページは閉じていただいてかまいません。",
    title_en="Thank you",
    advice_en="We have received your message. You may close this page.",
)
_UNAVAILABLE = Notice(
    title="ただいま受け付けられません",
    advice="送信内容は保存されていません。数分おいてから、" + _BACK + "もう一度送信してください。" + _ELSE,
    title_en="We cannot take your message right now",
    advice_en="It was not saved. Please wait a few minutes, go back and send it again." + _ELSE_EN,
)
_BUSY = Notice(
    title="ただいま混み合っています",
    advice="送信内容は保存されていません。1分ほどおいてから、" + _BACK + "もう一度送信してください。",
    title_en="We are very busy right now",
    advice_en="Your message was not saved. Please wait a minute, go back and send it again.",
)
_UNREADABLE = Notice(
    title="送信内容を読み取れませんでした",
    advice="送信は完了していません。" + _BACK + "ページを再読み込みしてから、もう一度送信してください。" + _ELSE,
    title_en="We could not read what was sent",
    advice_en="Nothing was saved. Please go back, reload the page and send again." + _ELSE_EN,
)

_BY_STATUS: Mapping[int, Notice] = {
    400: _UNREADABLE,
    401: Notice(
        title="送信元を確認できませんでした",
        advice="送信は完了していません。" + _BACK + "フォームからもう一度送信してください。" + _ELSE,
        title_en="We could not verify the sender",
        advice_en="Nothing was saved. Please go back and send the form again." + _ELSE_EN,
    ),
    403: Notice(
        title="このページからは送信できません",
        advice="送信は完了していません。公式サイトのフォームを開き直して、もう一度送信してください。" + _ELSE,
        title_en="This form may not be sent from that page",
        advice_en="Nothing was saved. Please open the form on our own site and send it again." + _ELSE_EN,
    ),
    405: Notice(
        title="このアドレスは開いて見るものではありません",
        advice="ここはフォームの送信先です。フォームのページからお送りください。",
        title_en="There is nothing to see at this address",
        advice_en="It is where forms are sent to. Please use the page with the form.",
    ),
    413: Notice(
        title="送信内容が大きすぎます",
        advice="送信は完了していません。" + _BACK + "文章を短くするか添付を外して、もう一度送信してください。" + _ELSE,
        title_en="What you sent is too large",
        advice_en="Nothing was saved. Please go back, shorten the text or leave out files, and send again." + _ELSE_EN,
    ),
    415: Notice(
        title="この形式では受け付けられません",
        advice="送信は完了していません。" + _BACK + "ページを再読み込みしてから、もう一度送信してください。" + _ELSE,
        title_en="We cannot take this kind of data",
        advice_en="Nothing was saved. Please go back, reload the page and send again." + _ELSE_EN,
    ),
    422: INVALID,
    429: _BUSY,
    503: _UNAVAILABLE,
}


_CAPTCHA = Notice(
    title="人による送信であることを確認できませんでした",
    advice="送信は完了していません。" + _BACK + "確認（キャプチャ）をもう一度行ってから送信してください。" + _ELSE,
    title_en="We could not confirm that you are not a robot",
    advice_en="Nothing was saved. Please go back, solve the captcha again and send the form." + _ELSE_EN,
)
_BY_CODE: Mapping[str, Notice] = {"captcha": _CAPTCHA, "captcha_missing": _CAPTCHA}


def has_words(code: str) -> bool:
    """
    Whether a code has words of its own, which a page of fields to mend would not give.
    """
    return code in _BY_CODE


def notice_for(status: int, code: str = "") -> Notice:
    """
    The words for a refusal: its own, else those of its class.
    """
    if code in _BY_CODE:
        return _BY_CODE[code]
    return _BY_STATUS.get(status, _UNREADABLE if status < 500 else _UNAVAILABLE)

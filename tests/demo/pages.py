"""
The pages of the demo's website, in Japanese: a start page, the forms, the thank-you page.

They do without JavaScript; one form has ekiden.js, and a thank-you page with a ticket has thanks.js (docs/forms.md).

A form's page is what a company writes by hand; here it is made from the fields that `relay.toml` declares, so that the
two cannot part. The look is that of Ekiden's own pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path
from urllib.parse import urlencode

from chalicelib.model import Form
from chalicelib.sources.inputs import Shown, field_of
from chalicelib.sources.stylesheet import CSS

COMPANY = "株式会社サンプル"
BOUND = (
    "この値で、訪問者のブラウザと SATORI のカスタマーが結びつきます（計測タグの代わりに、このページが呼び出しました）。"
)
UNBOUND = "この送信では結びつけるものがありません（SATORI を使わないか、SATORI が応答しないとき）。データは届きます。"
NOTE = "これは Ekiden のデモサイトです。送信した内容は、このコンピュータの外に出ません。"
TO_THE_TOP = '<p class="back"><a href="/">トップへ戻る</a></p>'
GOES_TO = {
    "contact": "SATORI（API v4）へすぐに。「メールマガジンも希望する」なら配配メールにも。",
    "download": "SATORI（API v3）へすぐに。",
    "newsletter": "配配メールへ、まとめて CSV で（1日240回の枠の中で）。",
}
MORE_CSS = (
    ".ways{margin:1.5rem 0 0;padding:0;list-style:none}.ways li{padding:1rem 0;border-top:1px solid var(--line)}"
    ".ways a{font-weight:600;font-size:1.0625rem}.ways p{margin:.25rem 0 0;color:var(--soft);font-size:.9375rem}"
    ".note{margin:1.5rem 0 0;color:var(--soft);font-size:.875rem}.trap{position:absolute;left:-6000px}"
    ".tag{margin:1.5rem 0 0;padding:1rem 1.125rem;border:1px solid var(--line);border-left:4px solid var(--rule);"
    "border-radius:4px}.tag h2{margin:0;font-size:1rem}.tag p{margin:.5rem 0 0}.tag code{font-size:1.0625rem;"
    "overflow-wrap:anywhere}button:disabled{opacity:.6}"
    ".ekiden-error{margin:.375rem 0 0;color:#b3261e;font-size:.9375rem}"
)
SCRIPTS = {f"/{name}": Path(__file__).with_name(name).read_text(encoding="utf-8") for name in ("tag.js", "faq.js")}


def start_page(forms: Mapping[str, Form], behind: Mapping[str, str], *, faq: str = "") -> str:
    """
    What can be tried: each form with where its data goes, and links to look behind the scenes, by label.

    With `faq`, the address of a lookup, there is a search for answers too.
    """
    ways = "".join(
        f'<li><a href="/{escape(name)}">{escape(form.title)}</a><p>{escape(GOES_TO.get(name, ""))}</p></li>'
        for name, form in forms.items()
    )
    looks = "".join(f'<li><a href="{escape(link)}">{escape(label)}</a></li>' for label, link in behind.items())
    inner = (
        f'<p class="site">{COMPANY}</p><h1>ようこそ</h1><p class="advice">フォームを送って、届くところを見てください。'
        f'</p><ul class="ways">{ways}</ul>{_faq(faq) if faq else ""}'
        f'<p class="advice">届け先をのぞく</p><ul class="ways">{looks}</ul>'
        f'<p class="note">{NOTE}</p>'
    )
    return _document("ようこそ", inner)


def form_page(form: Form, action: str, *, script: str = "") -> str:
    """
    One form, which the browser sends to the relay at `action`; with a `script`, ekiden.js, that does it in its place.
    """
    shown = (
        Shown(id=f"f{number}", field=field, name=field.name, typed=(), problem=None, aside=False)
        for number, field in enumerate(form.fields, start=1)
    )
    trap = (
        f'<div class="trap" aria-hidden="true"><input name="{escape(form.honeypot)}" tabindex="-1" autocomplete="off">'
        "</div>"
        if form.honeypot
        else ""
    )
    inner = (
        f'<p class="site">{COMPANY}</p><h1>{escape(form.title)}</h1><p class="en" lang="en">{escape(form.title_en)}</p>'
        f'<form method="post" action="{escape(action)}" accept-charset="UTF-8"{" data-ekiden" if script else ""}>'
        f"{''.join(map(field_of, shown))}{trap}"
        '<div class="send"><button type="submit">送信する</button></div></form>'
        f"{_script(script) if script else ''}"
        f'{TO_THE_TOP}<p class="note">{NOTE}</p>'
    )
    return _document(form.title, inner)


def _faq(address: str) -> str:
    """
    A search for answers: a script shows them here; without one the browser shows the lookup's own answer.
    """
    return (
        f'<form id="faq" method="get" action="{escape(address)}"><div class="field">'
        '<label for="q">よくある質問をさがす</label>'
        '<input id="q" name="q" type="text" minlength="2" maxlength="100" required></div>'
        '<div class="send"><button type="submit">検索</button></div><div role="status" aria-live="polite"></div></form>'
        f"{_script('/faq.js')}"
    )


def thanks_page(tag: str, *, satori: str, browser: str) -> str:
    """
    What the visitor sees afterwards, and what SATORI's tag would read there: `tag`, the parameter `c` of the address.

    In place of the tag, a hidden frame calls the sandbox's binding page, which ties the browser to the customer.
    """
    if tag:
        link = f"{satori}/bind?{urlencode({'c': tag, 'browser': browser})}"
        told = (
            f'<p>c = <code id="c">{escape(tag)}</code></p><p>{BOUND}</p>'
            f'<iframe src="{escape(link)}" title="SATORI" hidden></iframe>'
        )
    else:
        told = f'<p>c = <code id="c"></code>（なし）</p><p>{UNBOUND}</p>'
    return _document("送信ありがとうございました", _thanks(told))


def late_page(script: str, *, satori: str, browser: str) -> str:
    """
    The thank-you page of somebody with a ticket: `script`, thanks.js, gets the value, and then lets the tag run.
    """
    tag = (
        f'<script src="/tag.js" data-satori="{escape(satori)}" data-browser="{escape(browser)}" data-bound="{BOUND}">'
        "</script>"
    )
    told = f'<p>c = <code id="c"></code></p><p id="told">{UNBOUND}</p><template data-ekiden>{tag}</template>'
    return _document("送信ありがとうございました", _thanks(told) + _script(script))


def missing_page() -> str:
    """
    There is no such page.
    """
    return _document("ページがありません", f"<h1>ページがありません</h1>{TO_THE_TOP}")


def _thanks(told: str) -> str:
    return (
        f'<p class="site">{COMPANY}</p><h1>送信ありがとうございました</h1>'
        '<p class="advice">内容を受け付けました。</p>'
        f'<section class="tag"><h2>SATORI の計測タグが読む値</h2>{told}</section>'
        f'{TO_THE_TOP}<p class="note">{NOTE}</p>'
    )


def _script(address: str) -> str:
    return f'<script defer src="{escape(address)}"></script>'


def _document(title: str, inner: str) -> str:
    return (
        '<!DOCTYPE html><html lang="ja"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)} | {COMPANY}</title><style>{CSS}{MORE_CSS}</style></head>"
        f'<body><main><div class="card">{inner}</div></main></body></html>'
    )

"""
A company with the demo's website, an older site in Shift_JIS, and the packaged relay on the embedded AWS behind both.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from rich.console import Console

from chalicelib.adapters.expressions import deserialize
from chalicelib.model import Delivery
from chalicelib.ops.cloud import Deployed
from chalicelib.ops.stack import LocalStack
from chalicelib.records import deliveries
from tests.browser.site import Site
from tests.demo.accounts import WEBSITE, on_this_machine, parsed
from tests.demo.setting_up import EXAMPLE, on_aws
from tests.demo.show import Show
from tests.demo.website import Website
from tests.sandbox.clock import FileClock
from tests.sandbox.run import demo_haihaimail, demo_satori
from tests.sandbox.server import serve

ANSWER_SECONDS_MAX = 30
OLDER_FORMS = """

[sources.old]
preset = "form"
origins = ["https://www.example.co.jp"]
thanks = "https://www.example.co.jp/thanks?from=old"
[sources.old.fields]
"お名前" = { label = "お名前", label_en = "Name", required = true, chars_max = 50 }
mail = { label = "メールアドレス", label_en = "E-mail", type = "email", required = true }

[sources.oldest]
preset = "form"
charset = "cp932"
origins = ["https://www.example.co.jp"]
thanks = "https://www.example.co.jp/thanks?from=oldest"
[sources.oldest.fields]
"お名前" = { label = "お名前", label_en = "Name", required = true, chars_max = 50 }
mail = { label = "メールアドレス", label_en = "E-mail", type = "email", required = true }

[[routes]]
from = "old"
to = "satori"
operation = "upsert"
[routes.fields]
email = "mail"
last_name = "お名前"
collection_route = { const = "旧サイト" }

[[routes]]
from = "oldest"
to = "satori"
operation = "upsert"
[routes.fields]
email = "mail"
last_name = "お名前"
collection_route = { const = "旧サイト" }
"""
"""
Two forms of an older site: one says its charset in `_charset_`, of the other the relay has to know it.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """
    Where everything is, and what has arrived.
    """

    website: str
    old: Site
    relay: str
    satori: str
    stack: LocalStack
    deployed: Deployed

    def lead(self, email: str) -> dict[str, Any]:
        """
        What SATORI knows of a person; empty for a stranger.
        """
        known = self._state()["customers"]
        return next((each for each in known if each["email"] == email), {})

    def calls(self, email: str) -> int:
        """
        How many calls SATORI has got about a person.
        """
        return sum(entry["email"] == email for entry in self._state()["action_log"])

    def deliveries(self, email: str) -> list[Delivery]:
        """
        What the relay's table holds for a person, sent or not.
        """
        pages = self.stack.client("dynamodb").get_paginator("scan")
        found = pages.paginate(
            TableName=self.deployed.outputs["TableName"],
            ConsistentRead=True,
            FilterExpression="begins_with(sk, :prefix)",
            ExpressionAttributeValues={":prefix": {"S": "DELIVERY#"}},
        )
        every = [deliveries.from_item(deserialize(item)) for page in found for item in page["Items"]]
        return [each for each in every if email in each.payload.values()]

    def slow_down(self, seconds: float) -> None:
        """
        Let SATORI's next answer take so long.
        """
        fault = {"kind": "slow", "times": 1, "seconds": seconds}
        requests.post(f"{self.satori}/_sandbox/faults", json=[fault], timeout=ANSWER_SECONDS_MAX).raise_for_status()

    def _state(self) -> dict[str, Any]:
        answer = requests.get(f"{self.satori}/_sandbox/state", timeout=ANSWER_SECONDS_MAX)
        answer.raise_for_status()
        state: dict[str, Any] = answer.json()
        return state


@contextmanager
def open_for_business() -> Iterator[Company]:
    """
    Bring everything up; afterwards nothing of it is left, neither process nor file.
    """
    with ExitStack() as ending:
        home = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="ekiden-browser-")))
        clock = FileClock(home / "clock")
        website = ending.enter_context(Website())
        old = ending.enter_context(Site())
        satori = ending.enter_context(serve(demo_satori(clock))).url
        haihai = ending.enter_context(serve(demo_haihaimail(clock))).url
        text = on_this_machine(_both_sites(old.url), website=website.url, satori=satori, haihai=haihai)
        stack, deployed = on_aws(ending, home, text, Show(Console(quiet=True)))
        forms = {name: source.form for name, source in parsed(text).sources.items() if source.form}
        website.open(forms, relay=stack.api_url, satori=satori, behind={})
        yield Company(website=website.url, old=old, relay=stack.api_url, satori=satori, stack=stack, deployed=deployed)


def _both_sites(old: str) -> str:
    """
    The demo's example and the older forms, which all may stand on either site.
    """
    text = EXAMPLE.read_text(encoding="utf-8") + OLDER_FORMS
    return text.replace(f'origins = ["{WEBSITE}"]', f'origins = ["{WEBSITE}", "{old}"]')

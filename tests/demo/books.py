"""
Looking: what the vendors' own books say, what the relay's table says, what operators were told, what was logged.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests

from chalicelib.adapters.expressions import deserialize
from chalicelib.model import Delivery, State
from chalicelib.ops.names import FUNCTIONS, function_name
from chalicelib.records import deliveries
from chalicelib.relay.viewing import LaneStatus
from tests.demo.accounts import STAGE
from tests.demo.installation import Installation

ANSWER_SECONDS_MAX = 30
NOTICES_READ_MAX = 100
TROUBLES_MAX = 5
TROUBLE_CHARS_MAX = 600

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """
    What operators were told.
    """

    subject: str
    text: str


class Books:
    """
    Every book there is, read anew each time.
    """

    def __init__(self, running: Installation) -> None:
        self._running = running
        self._notices: list[Notice] = []
        self._session = requests.Session()
        self._session.trust_env = False

    def close(self) -> None:
        """
        End the connections.
        """
        self._session.close()

    # ── the vendors ──

    def satori(self) -> Json:
        """
        Everything inside SATORI's sandbox.
        """
        return self._state(self._running.at.satori)

    def haihai(self) -> Json:
        """
        Everything inside 配配メール's sandbox.
        """
        return self._state(self._running.at.haihai)

    def lead(self, email: str) -> Json:
        """
        SATORI's customer with this address; empty where there is none.
        """
        return next((each for each in self.satori()["customers"] if each["email"] == email), {})

    def rows(self) -> dict[str, Json]:
        """
        配配メール's customers by address.
        """
        return {each["address"]: each for each in self.haihai()["customers"]}

    def at_desk(self, email: str) -> Json:
        """
        The items of Mail Dealer's customer with this address; empty where there is none.
        """
        found = self._state(self._running.at.desk)["customers"]
        return next((each for each in found if each.get("メールアドレス") == email), {})

    def opt_out(self, address: str) -> None:
        """
        A reader of a mail clicks its opt-out link, which 配配メール alone hears of.
        """
        self._admin("POST", self._running.at.haihai, "stop", {"address": address})

    def look_up(self, name: str, question: str) -> list[Json]:
        """
        What a page of the website finds. Raises requests.HTTPError where it is refused.
        """
        at = self._running.at
        answer = self._session.get(
            f"{at.relay}/lookup/{name}",
            params={"q": question},
            headers={"Origin": at.website},
            timeout=ANSWER_SECONDS_MAX,
        )
        answer.raise_for_status()
        found: list[Json] = answer.json()["items"]
        return found

    def go_wrong(self, vendor: str, *faults: Json) -> None:
        """
        Set what goes wrong at a vendor (its base address); nothing ends it.
        """
        self._admin("POST", vendor, "faults", list(faults))

    def spend(self, calls: int) -> None:
        """
        Another program of the 配配メール account makes so many calls.
        """
        self._admin("POST", self._running.at.haihai, "spend", {"calls": calls})

    # ── the relay ──

    def deliveries(self) -> list[Delivery]:
        """
        Every delivery in the table.
        """
        return [deliveries.from_item(item) for item in self._items("DELIVERY#")]

    def backlog(self, lane: str) -> list[Delivery]:
        """
        The deliveries of a lane that have still to be sent.
        """
        items = self._items("DELIVERY#", "attribute_exists(waiting_pk)")
        return [each for each in map(deliveries.from_item, items) if each.lane == lane]

    def dead_reasons(self) -> dict[str, str]:
        """
        Why each delivery that is or was dead was so, by its id and its own history.
        """
        found: dict[str, str] = {}
        for item in self._items("DELIVERY#"):
            for note in item.get("history", ()):
                _, _, story = str(note).partition(" ")
                state, _, reason = story.partition(" ")
                if state == State.DEAD:
                    found[str(item["id"])] = reason
        return found

    def by_address(self, address: str) -> list[Delivery]:
        """
        The deliveries of one person's submissions, by what was mapped.
        """
        return [each for each in self.deliveries() if address in each.payload.values()]

    def events(self) -> int:
        """
        How many events the table holds that were sent; those that were asked for are not among them.
        """
        asked = {name for name, source in self._running.config.sources.items() if source.poll}
        return sum(item["source"] not in asked for item in self._items("EVENT"))

    def lane(self, name: str) -> LaneStatus:
        """
        A lane as an operator sees it.
        """
        return self._running.operator.lane_status(name)

    def notices(self) -> list[Notice]:
        """
        Everything that operators were told so far, oldest first.
        """
        sqs, url = self._running.client("sqs"), self._running.notices_url
        for _ in range(NOTICES_READ_MAX):
            found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
            if not found:
                break
            for message in found:
                told = json.loads(message["Body"])
                self._notices.append(Notice(subject=told.get("Subject", ""), text=told["Message"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return list(self._notices)

    def log_lines(self) -> list[str]:
        """
        Every line that a function has logged.
        """
        logs = self._running.client("logs")
        lines: list[str] = []
        for function in FUNCTIONS:
            group = f"/aws/lambda/{function_name(self._running.config, STAGE, function)}"
            pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
            lines += [event["message"] for page in pages for event in page["events"]]
        return lines

    def troubles(self) -> list[str]:
        """
        The last log lines that tell of a fault, for whoever has to find out what went wrong.
        """
        words = ('"fault"', '"level":"ERROR"', '"level":"WARNING"', "Traceback", "Task timed out")
        found = [line.strip() for line in self.log_lines() if any(word in line for word in words)]
        return [line[:TROUBLE_CHARS_MAX] for line in found[-TROUBLES_MAX:]]

    # ── requests ──

    def _state(self, vendor: str) -> Json:
        state: Json = self._admin("GET", vendor, "state")
        return state

    def _admin(self, method: str, vendor: str, what: str, document: Any = None) -> Any:
        answer = self._session.request(method, f"{vendor}/_sandbox/{what}", json=document, timeout=ANSWER_SECONDS_MAX)
        answer.raise_for_status()
        return answer.json()

    def _items(self, prefix: str, condition: str = "") -> list[Mapping[str, Any]]:
        pages = self._running.client("dynamodb").get_paginator("scan")
        found = pages.paginate(
            TableName=self._running.table,
            ConsistentRead=True,
            FilterExpression=" AND ".join(filter(None, ["begins_with(sk, :prefix)", condition])),
            ExpressionAttributeValues={":prefix": {"S": prefix}},
        )
        return [deserialize(item) for page in found for item in page["Items"]]

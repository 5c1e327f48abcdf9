"""
The table port on DynamoDB.

A single write is a PutItem, UpdateItem or DeleteItem; several are one TransactWriteItems, with one idempotency token
for all its tries. Conflicts of transactions are tried again here,
a few times; everything else that fails becomes StoreUnavailable.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from chalicelib.adapters.aws import Clients
from chalicelib.adapters.expressions import deserialize, expression, serialize
from chalicelib.errors import StoreUnavailable
from chalicelib.ports import Check, Delete, Item, Key, Lost, Put, Query, Update, Write, Written

Part = TypeVar("Part")
Result = TypeVar("Result")

TRIES_MAX = 6
BATCH_GET_MAX = 100
WORKERS = 8
CONFLICTS = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})
INDEX_KEYS = {"": ("pk", "sk"), "waiting": ("waiting_pk", "waiting_sk"), "attention": ("attention_pk", "attention_sk")}
PASSING = frozenset(
    {
        "TransactionConflictException",
        "TransactionInProgressException",
        "ProvisionedThroughputExceededException",
        "ThrottlingException",
        "RequestLimitExceeded",
        "InternalServerError",
    },
)


class DynamoTable:
    """
    One table, by its name.
    """

    def __init__(
        self,
        clients: Clients,
        name: str,
        *,
        sleep: Callable[[float], None] = time.sleep,  # noqa: TID251 - this adapter may wait
    ) -> None:
        self._clients = clients
        self._name = name
        self._sleep = sleep

    def get(self, keys: Sequence[Key]) -> list[Item | None]:
        """
        Items by key, read consistently, in the order asked.
        """
        found: dict[Key, Item] = {}
        unique = list(dict.fromkeys(keys))
        chunks = [unique[start : start + BATCH_GET_MAX] for start in range(0, len(unique), BATCH_GET_MAX)]
        for part in self._side_by_side(self._get_chunk, chunks):
            found.update(part)
        return [found.get(key) for key in keys]

    def write(self, *writes: Write) -> Written | Lost:
        """
        All writes or none. One token for all tries, so that one whose answer was lost is not taken for a refusal.
        """
        token = uuid.uuid4().hex
        return self._with_patience(lambda: self._write_once(writes, token))

    def write_many(self, groups: Sequence[Sequence[Write]]) -> list[Written | Lost]:
        """
        Each group all or none; a few of them at a time.
        """
        return self._side_by_side(lambda group: self.write(*group), groups)

    def query(self, query: Query) -> list[Item]:
        """
        At most `limit` items of a partition.
        """
        found: list[Item] = []
        for page in self._pages(query, count_only=False):
            found += [deserialize(item) for item in page["Items"]]
            if len(found) >= query.limit:
                break
        return found[: query.limit]

    def count(self, query: Query) -> int:
        """
        How many items the query has in all.
        """
        return sum(page["Count"] for page in self._pages(query, count_only=True))

    def scan(self) -> Iterator[Item]:
        """
        Every item, page by page.
        """
        arguments: dict[str, Any] = {"TableName": self._name, "ConsistentRead": True}
        while True:
            page = self._with_patience(lambda: self._clients.dynamodb.scan(**arguments))
            yield from (deserialize(item) for item in page["Items"])
            if "LastEvaluatedKey" not in page:
                return
            arguments["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    # ── one request ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _get_chunk(self, keys: Sequence[Key]) -> dict[Key, Item]:
        if len(keys) == 1:
            arguments = {"TableName": self._name, "Key": _key(keys[0]), "ConsistentRead": True}
            item = self._with_patience(lambda: self._clients.dynamodb.get_item(**arguments)).get("Item")
            return {keys[0]: deserialize(item)} if item else {}
        found: dict[Key, Item] = {}
        wanted: dict[str, Any] = {self._name: {"Keys": [_key(key) for key in keys], "ConsistentRead": True}}
        for attempt in range(TRIES_MAX):
            answer = self._with_patience(partial(self._clients.dynamodb.batch_get_item, RequestItems=wanted))
            for raw in answer["Responses"].get(self._name, ()):
                item = deserialize(raw)
                found[Key(item["pk"], item["sk"])] = item
            wanted = answer.get("UnprocessedKeys", {})
            if not wanted:
                return found
            self._back_off(attempt)
        raise StoreUnavailable("DynamoDB keeps refusing some keys of a read", maybe_applied=False)

    def _write_once(self, writes: Sequence[Write], token: str) -> Written | Lost:
        if len(writes) == 1 and not isinstance(writes[0], Check):
            return self._write_single(writes[0])
        actions = [_action(self._name, write) for write in writes]
        try:
            self._clients.dynamodb.transact_write_items(TransactItems=actions, ClientRequestToken=token)
        except self._clients.dynamodb.exceptions.TransactionCanceledException as cancelled:
            return _cancelled(cancelled)
        return Written()

    def _write_single(self, write: Put | Update | Delete) -> Written | Lost:
        ((verb, arguments),) = _action(self._name, write).items()
        method = {"Put": "put_item", "Update": "update_item", "Delete": "delete_item"}[verb]
        try:
            getattr(self._clients.dynamodb, method)(**arguments)
        except self._clients.dynamodb.exceptions.ConditionalCheckFailedException as failed:
            item = failed.response.get("Item")
            return Lost({0: deserialize(item) if item else None})
        return Written()

    def _pages(self, query: Query, *, count_only: bool) -> Iterator[dict[str, Any]]:
        arguments = _query_arguments(self._name, query)
        if count_only:
            arguments["Select"] = "COUNT"
        else:
            arguments["Limit"] = min(query.limit, 1_000)
        while True:
            page = self._with_patience(lambda: self._clients.dynamodb.query(**arguments))
            yield page
            if "LastEvaluatedKey" not in page:
                return
            arguments["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    # ── patience ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _with_patience(self, request: Callable[[], Result]) -> Result:
        """
        Carry out a request; try again while DynamoDB says that it was only busy.
        """
        import botocore.exceptions  # noqa: PLC0415 - the door imports it anyway; tests of the twin need not

        for attempt in range(TRIES_MAX):
            try:
                return request()
            except _BusyError as busy:
                last: Exception = busy
            except botocore.exceptions.ClientError as refused:
                if refused.response.get("Error", {}).get("Code") not in PASSING:
                    raise StoreUnavailable(f"DynamoDB: {_code(refused)}", maybe_applied=False) from refused
                last = refused
            except botocore.exceptions.BotoCoreError as lost:
                raise StoreUnavailable(f"DynamoDB: {type(lost).__name__}") from lost
            self._back_off(attempt)
        raise StoreUnavailable(f"DynamoDB stays busy: {_code(last)}", maybe_applied=False) from last

    def _back_off(self, attempt: int) -> None:
        self._sleep(random.uniform(0.0, 0.02 * 2**attempt))  # noqa: S311 - jitter, not a secret

    def _side_by_side(self, work: Callable[[Part], Result], parts: Sequence[Part]) -> list[Result]:
        if len(parts) <= 1:
            return [work(part) for part in parts]
        with ThreadPoolExecutor(max_workers=min(WORKERS, len(parts))) as pool:
            return list(pool.map(work, parts))


class _BusyError(Exception):
    """
    A transaction met another one on the same item; trying again is the remedy.
    """


def _cancelled(cancelled: Any) -> Lost:
    """
    Why a transaction was cancelled: conditions that failed, or items that another transaction held.
    """
    reasons = cancelled.response.get("CancellationReasons", [])
    failed = {
        position: deserialize(reason["Item"]) if reason.get("Item") else None
        for position, reason in enumerate(reasons)
        if reason.get("Code") == "ConditionalCheckFailed"
    }
    if failed:
        return Lost(failed)
    codes = {reason.get("Code") for reason in reasons} - {"None"}
    if codes & CONFLICTS:
        raise _BusyError(", ".join(sorted(codes))) from cancelled
    raise cancelled


def _code(error: Exception) -> str:
    response = getattr(error, "response", {})
    return str(response.get("Error", {}).get("Code", type(error).__name__))


def _key(key: Key) -> dict[str, dict[str, str]]:
    return {"pk": {"S": key.pk}, "sk": {"S": key.sk}}


def _action(table: str, write: Write) -> dict[str, Any]:
    """
    A write as one action of TransactWriteItems; the same arguments serve the single requests.
    """
    arguments: dict[str, Any] = {"TableName": table}
    if isinstance(write, Put):
        arguments["Item"] = serialize(write.item)
    else:
        arguments["Key"] = _key(write.key)
    arguments |= expression(write)
    if write.when is not None:
        arguments["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    verb = {Put: "Put", Update: "Update", Delete: "Delete", Check: "ConditionCheck"}[type(write)]
    return {verb: arguments}


def _query_arguments(table: str, query: Query) -> dict[str, Any]:
    pk, sk = INDEX_KEYS[query.index]
    condition, values = "#p = :p", {":p": {"S": query.pk}}
    names = {"#p": pk}
    if query.prefix:
        condition += " AND begins_with(#s, :s)"
        values[":s"] = {"S": query.prefix}
    elif query.first or query.last:
        condition += " AND #s BETWEEN :a AND :z"
        values |= {":a": {"S": query.first or " "}, ":z": {"S": query.last or "\U0010ffff"}}
    if len(values) > 1:
        names["#s"] = sk
    arguments: dict[str, Any] = {
        "TableName": table,
        "KeyConditionExpression": condition,
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
        "ScanIndexForward": not query.newest_first,
    }
    if query.index:
        return arguments | {"IndexName": query.index}
    return arguments | {"ConsistentRead": True}

"""
The key design of the one table, and how times and texts are written in it.

| item | pk | sk | holds |
|---|---|---|---|
| event | `EVENT#<event id>` | `EVENT` | what came: fields, kind, time, evidence |
| delivery | `EVENT#<event id>` | `DELIVERY#<n>` | payload and state; a whole story is one query |
| dedupe | `DEDUPE#<source>#<digest>` | `DEDUPE` | which event a repeated knock belongs to |
| lane | `LANE#<lane>` | `LANE` | all quota windows, rate bucket, breaker, pause, the open batch call |
| lease | `LANE#<lane>` | `LEASE` | which worker advances the lane |
| lane key | `LANE#<lane>` | `KEY#<key>` | a batch key: its settings, whether its call is due, whether it is held |
| contact | `CONTACT#<lane>#<digest>` | `CONTACT` | pending deliveries, and per field the event time last delivered |
| ceiling | `SOURCE#<source>` | `CEILING#<window>` | events counted against a source's ceiling |
| captcha | `CAPTCHA#<source>#<digest>` | `CAPTCHA` | a captcha proof that was good, how often it was used |
| poll | `POLL#<source>` | `POLL` | how far a source that is asked has been read, and when it is asked next |
| lookup | `LOOKUP#<name>` | `ANSWER#<digest>` | an answer that a website may have again |
| visitor | `LOOKUP#<name>` | `VISITOR#<digest>#<minute>` | what one visitor asked within a minute |
| notice | `NOTICE#<cause>` | `NOTICE` | when operators were last told of this |
| ticket | `TICKET#<digest>` | `TICKET` | which delivery a thank-you page may ask about, once |
| import | `IMPORT#<object>` | `IMPORT` | one uploaded file: what it is, and how far its rows have become events |
| session | `SESSION#<id>` | `SESSION` | one sign-in to the console, until it is signed out |
| attempts | `ATTEMPTS#<account or address>#<digest>` | `SLOT#<quarter of an hour>` | failed sign-ins |
| audit | `AUDIT` | `<when>#<id>` | what an operator did: who, what, on which ids |
| day | `DAY#<day>` | `SOURCE#<source>`, `LANE#<lane>` | by hour in Tokyo: what came; calls and longest waits |

Two sparse indexes (a name is no source's or lane's if it holds `#`, so that the partitions cannot meet):

| index | partition | `…_sk` | states in it |
|---|---|---|---|
| `waiting` | `waiting_pk` = `<lane>#<key>#<shard>` (`~<tier>` after the key of files) | `<arrival>#<id>` | in backlog |
| `waiting` | `waiting_pk` = `who#<digest>` | `<arrival>#<event id>` | events, by the address that they are of |
| `attention` | `attention_pk` = the state; `import`; `notice` | `<when>#<id>` | held, dead; open files; open notices |
| `attention` | `attention_pk` = `delivered#<source>#<shard>` | `<when>#<id>` | delivered |
| `attention` | `attention_pk` = `came#<source>#<shard>` | `<arrival>#<event id>` | events, by what they came from |

Eight shards keep a burst into one key below DynamoDB's 1,000 writes a second for a partition. `ttl` only cleans up: no
decision rests on an item having gone.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.ports import Key

SHARDS = 8
CAME_SHARDS = 4
TIERS = (0, 1, 2)
WAITING = "waiting"
ATTENTION = "attention"
AUDIT = "AUDIT"
NOTICE = "notice"
"""
The partition of the attention index that holds what operators were told of and has not cleared yet.
"""

IMPORTS = "import"
"""
The partition of the attention index that holds the files that are still open.
"""


def event_key(event_id: str) -> Key:
    """
    Where an event is.
    """
    return Key(f"EVENT#{event_id}", "EVENT")


def delivery_key(delivery_id: str) -> Key:
    """
    Where a delivery is; its id is `<event id>.<n>`.

    >>> delivery_key("01JE.2")
    Key(pk='EVENT#01JE', sk='DELIVERY#002')
    """
    event_id, _, number = delivery_id.rpartition(".")
    return Key(f"EVENT#{event_id}", f"DELIVERY#{int(number):03d}")


def delivery_id(event_id: str, number: int) -> str:
    """
    The id of an event's n-th delivery.
    """
    return f"{event_id}.{number}"


def dedupe_key(source: str, digest: str) -> Key:
    """
    Where a repeated knock is recognised.
    """
    return Key(f"DEDUPE#{source}#{digest}", "DEDUPE")


def lane_key(lane: str) -> Key:
    """
    Where a lane's ledger and state are.
    """
    return Key(f"LANE#{lane}", "LANE")


def lease_key(lane: str) -> Key:
    """
    Where a lane's lease is.
    """
    return Key(f"LANE#{lane}", "LEASE")


def key_key(lane: str, key: str) -> Key:
    """
    Where one batch key of a lane is.
    """
    return Key(f"LANE#{lane}", f"KEY#{key}")


def contact_key(lane: str, contact: str) -> Key:
    """
    Where what a lane knows of a contact is.
    """
    return Key(f"CONTACT#{lane}#{contact}", "CONTACT")


def ceiling_key(source: str, window: str) -> Key:
    """
    Where a source's events of one window are counted.
    """
    return Key(f"SOURCE#{source}", f"CEILING#{window}")


def poll_key(source: str) -> Key:
    """
    Where it is kept how far a source that is asked has been read.
    """
    return Key(f"POLL#{source}", "POLL")


def answer_key(lookup: str, digest: str) -> Key:
    """
    Where the answer to one question of a website is.
    """
    return Key(f"LOOKUP#{lookup}", f"ANSWER#{digest}")


def visitor_key(lookup: str, digest: str, minute: int) -> Key:
    """
    Where one visitor's questions of one minute are counted.
    """
    return Key(f"LOOKUP#{lookup}", f"VISITOR#{digest}#{minute}")


def notice_key(cause: str) -> Key:
    """
    Where it is kept when operators were last told of a cause.
    """
    return Key(f"NOTICE#{cause}", "NOTICE")


def captcha_key(source: str, digest: str) -> Key:
    """
    Where it is remembered that a captcha's proof was good.
    """
    return Key(f"CAPTCHA#{source}#{digest}", "CAPTCHA")


def ticket_key(digest: str) -> Key:
    """
    Where the ticket of a thank-you page is.
    """
    return Key(f"TICKET#{digest}", "TICKET")


def import_key(name: str) -> Key:
    """
    Where the import of an uploaded object is.
    """
    return Key(f"IMPORT#{name}", "IMPORT")


def session_key(session: str) -> Key:
    """
    Where one sign-in to the console is.
    """
    return Key(f"SESSION#{session}", "SESSION")


def attempts_key(kind: str, digest: str, slot: int) -> Key:
    """
    Where failed sign-ins of one account, or from one address, are counted.
    """
    return Key(f"ATTEMPTS#{kind}#{digest}", f"SLOT#{slot}")


def waiting_partition(lane: str, key: str, shard: int, tier: int = 0) -> str:
    """
    The partition of the `waiting` index for one shard of one key. Rows of files (tier 1, 2) wait apart from the rest.

    >>> waiting_partition("satori", "-", 3), waiting_partition("satori", "-", 3, 2)
    ('satori#-#3', 'satori#-~2#3')
    """
    return f"{lane}#{key}~{tier}#{shard}" if tier else f"{lane}#{key}#{shard}"


def came_partition(source: str, shard: int) -> str:
    """
    The partition of the `attention` index that lists a shard of a source's events by arrival.
    """
    return f"came#{source}#{shard}"


def delivered_partition(source: str, shard: int) -> str:
    """
    The partition of the `attention` index that lists a shard of a source's delivered deliveries.
    """
    return f"delivered#{source}#{shard}"


def who_partition(digest: str) -> str:
    """
    The partition of the `waiting` index that lists the events of one address.
    """
    return f"who#{digest}"


def came_shard(event_id: str) -> int:
    """
    Which of the shards an event, or a delivery of it, is listed in.
    """
    return zlib.crc32(event_id.encode()) % CAME_SHARDS


def day_key(day: str, sk: str) -> Key:
    """
    Where a day's numbers of one source or lane are.
    """
    return Key(f"DAY#{day}", sk)


def shard_of(name: str) -> int:
    """
    Which of the shards a contact (or a delivery without one) belongs to.
    """
    return zlib.crc32(name.encode()) % SHARDS


def stamp(at: datetime) -> str:
    """
    A time as text that sorts as time does: UTC, microseconds, fixed width.

    >>> stamp(datetime(2026, 11, 21, 1, tzinfo=UTC))
    '2026-11-21T01:00:00.000000Z'
    """
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def unstamp(text: str) -> datetime:
    """
    The time that `stamp` wrote.
    """
    return datetime.fromisoformat(text)


def maybe_time(text: str | None) -> datetime | None:
    """
    The time, or None where the attribute is missing.
    """
    return unstamp(text) if text else None


def dump(value: Mapping[str, Any]) -> str:
    """
    A mapping as compact JSON text.
    """
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def load(text: str | None) -> dict[str, Any]:
    """
    The mapping that `dump` wrote; empty where the attribute is missing.
    """
    return dict(json.loads(text)) if text else {}


def ttl_days(now: datetime, days: int) -> int:
    """
    A time to live in epoch seconds.
    """
    return int((now + timedelta(days=days)).timestamp())

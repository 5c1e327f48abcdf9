"""
What an operator is shown of a configuration: where its sources are reached, and what its lanes may do.
"""

from __future__ import annotations

from collections.abc import Iterable

from chalicelib.model import Config, Lane, Limit, Source, Token


def source_addresses(config: Config, base: str) -> list[tuple[str, str, str]]:
    """
    Each source that sends, with its kind and its address under `base`; then the lookups.

    A token in a path is shown as a place, never as a value.
    """
    senders = [(name, source) for name, source in sorted(config.sources.items()) if source.poll is None]
    asked = [(name, "lookup", f"{base.rstrip('/')}/lookup/{name}?q=…") for name in sorted(config.lookups)]
    return [*((name, _kind(source), _address(source, base)) for name, source in senders), *asked]


def lane_rows(config: Config) -> list[tuple[str, str, str, str]]:
    """
    Each lane with its vendor, how it calls, and its limits in words.
    """
    return [(name, lane.vendor, _manner(lane), _limits(lane)) for name, lane in sorted(config.lanes.items())]


def _kind(source: Source) -> str:
    if source.files is not None:
        return "files"
    return "form" if source.form is not None else "webhook"


def _address(source: Source, base: str) -> str:
    has_token = any(isinstance(check, Token) and check.place == "path" for check in source.verify)
    return f"{base.rstrip('/')}/in/{source.name}" + ("/<token>" if has_token else "")


def _manner(lane: Lane) -> str:
    return f"up to {lane.rows_max:,} rows a call" if lane.batching else "one delivery a call"


def _limits(lane: Lane) -> str:
    return ", ".join(_limit_words(lane)) or "no published limit"


def _limit_words(lane: Lane) -> Iterable[str]:
    for limit in lane.limits:
        reserved = f" ({limit.reserve} kept back)" if limit.reserve else ""
        yield f"{limit.calls:,} calls per {_window(limit)}{reserved}"
    if lane.rate:
        yield f"one call every {lane.rate.interval_ms:,} ms, bursts of {lane.rate.burst}"


def _window(limit: Limit) -> str:
    return "day in Tokyo" if limit.per == "day" else f"{limit.slot_seconds} s"

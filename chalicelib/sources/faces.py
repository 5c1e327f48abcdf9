"""
Which API an envelope takes Ekiden for, and the door's work in that API's own words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, NoReturn

from chalicelib.model import Dropin, Envelope, Source
from chalicelib.sources.verify import unauthorized, verify

if TYPE_CHECKING:
    from chalicelib.errors import EnvelopeRefused
    from chalicelib.model import Response
    from chalicelib.model.arrival import Json

CUSTCSV, SCHEDULE_CSV = "custcsv", "schedule_csv"


def faced(envelope: Envelope) -> Envelope:
    """
    The envelope with the face that its query names: the older import is told by `?ac=ScheduleCsvImport`.
    """
    if envelope.query.get("ac") == ("ScheduleCsvImport",):
        return replace(envelope, face=SCHEDULE_CSV)
    return envelope


def source_for(envelope: Envelope, sources: Mapping[str, Source]) -> Source | None:
    """
    The source that an envelope is for.

    A drop-in is found at its own addresses only, and nothing else is found there; by its name, by the account that the
    address names, or (the older import at the bare host) by the account in the body.
    """
    if not envelope.face:
        named = sources.get(envelope.source)
        return named if named is not None and named.dropin is None else None
    if envelope.face == SCHEDULE_CSV and not envelope.source:
        from chalicelib.sources import schedule_csv  # noqa: PLC0415 - rare, and read only where it is used

        return schedule_csv.source_named(envelope, sources)
    found = ((one, one.dropin) for one in sources.values() if one.dropin and one.dropin.face == envelope.face)
    return next((one for one, dropin in found if envelope.source in {one.name, dropin.account}), None)


def refuse_unknown(envelope: Envelope) -> NoReturn:
    """
    Refuse an envelope for no source of ours, exactly as one with a wrong proof would be refused.
    """
    if envelope.face == SCHEDULE_CSV:
        from chalicelib.sources import schedule_csv  # noqa: PLC0415 - as above

        schedule_csv.credentials_of(envelope)
    raise unauthorized()


def taken(envelope: Envelope, source: Source, secrets: Mapping[str, str], *, now: datetime) -> Envelope:
    """
    A drop-in's request, verified, as a file in its normal form. Raises EnvelopeRefused.
    """
    from chalicelib.sources import schedule_csv  # noqa: PLC0415 - as above

    dropin = source.dropin
    if dropin is None:
        raise unauthorized()
    if dropin.face == SCHEDULE_CSV:
        schedule_csv.verify(envelope, source, dropin, secrets)
    else:
        verify(envelope, source, secrets, public_url="", now=now)
    return read(envelope, source, dropin)


def read(envelope: Envelope, source: Source, dropin: Dropin) -> Envelope:
    """
    A drop-in's request as a file in its normal form, whoever sent it. Raises EnvelopeRefused.
    """
    from chalicelib.sources import custcsv, schedule_csv  # noqa: PLC0415 - as above

    if dropin.face == SCHEDULE_CSV:
        return schedule_csv.taken(envelope, source, dropin)
    return custcsv.taken(envelope, source, dropin)


def count(envelope: Envelope, source: Source) -> tuple[int, int]:
    """
    How many rows a file in its normal form has, and how many of them cannot be read. Raises EnvelopeRefused.
    """
    from chalicelib.sources import dropins  # noqa: PLC0415 - as above

    return dropins.count(envelope, source, source.dropin) if source.dropin else (0, 0)


def success(envelope: Envelope, told: Mapping[str, Json]) -> Response:
    """
    The answer to a file that was taken, as its API would give it.
    """
    from chalicelib.sources import custcsv, schedule_csv  # noqa: PLC0415 - as above

    return schedule_csv.success() if envelope.face == SCHEDULE_CSV else custcsv.success(envelope, told)


def problem(envelope: Envelope, refused: EnvelopeRefused) -> Response:
    """
    The answer to a refused file or an unknown sender, as its API would give it.
    """
    from chalicelib.sources import custcsv, schedule_csv  # noqa: PLC0415 - as above

    return schedule_csv.problem(refused) if envelope.face == SCHEDULE_CSV else custcsv.problem(envelope, refused)

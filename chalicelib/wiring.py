"""
Wiring: the environment and relay.toml become one Relay. The only place that reads environment variables.

| variable | meaning |
|---|---|
| EKIDEN_STAGE | the stage this is; "local" allows `env:` secrets |
| EKIDEN_TABLE, EKIDEN_BUCKET | names of the table and the bucket |
| EKIDEN_BELL_URL, EKIDEN_INBOX_URL, EKIDEN_INCOMING_URL | the queues' URLs |
| EKIDEN_LANES | JSON: lane name → URL of its backlog queue |
| EKIDEN_SECRETS | the secret references this function may read, separated by commas; SSM ones are read at once |
| EKIDEN_TOPIC_ARN | where notices go |
| EKIDEN_CLOCK_FILE | on a developer's machine only: a file with the seconds by which the relay's clock is moved |
| EKIDEN_CONFIG | on a developer's machine only: another relay.toml than the packaged one |
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from chalicelib.adapters.aws import Clients
from chalicelib.adapters.clock import ShiftedClock, SystemChance, SystemClock
from chalicelib.adapters.dynamo import DynamoTable
from chalicelib.adapters.journal import PowertoolsJournal
from chalicelib.adapters.s3 import S3Bucket
from chalicelib.adapters.secrets import ReferencedSecrets
from chalicelib.adapters.sqs import SqsQueue
from chalicelib.adapters.transport import Outbound
from chalicelib.config import parse
from chalicelib.destinations import VENDORS
from chalicelib.errors import RelayError
from chalicelib.guard import movable_clock_allowed
from chalicelib.model import Config
from chalicelib.ports import Ports
from chalicelib.relay import Relay
from chalicelib.sources import PRESETS

PACKAGED = Path(__file__).with_name("relay.toml")


def build(environ: Mapping[str, str]) -> Relay:
    """
    The relay of this worker.
    """
    config = load(environ)
    return Relay(config, VENDORS, ports(environ))


def load(environ: Mapping[str, str]) -> Config:
    """
    The configuration that was packaged with the code.
    """
    path = Path(environ.get("EKIDEN_CONFIG") or PACKAGED)
    if not path.is_file():
        raise RelayError(f"{path.name} was not packaged; deploy with: make deploy STAGE=… CONFIG=relay.toml")
    return parse(path.read_bytes(), vendors=VENDORS, presets=PRESETS, stage=environ.get("EKIDEN_STAGE", ""))


def ports(environ: Mapping[str, str]) -> Ports:
    """
    The outside world on AWS.
    """
    clients = Clients()
    queues = json.loads(environ["EKIDEN_LANES"])
    return Ports(
        table=DynamoTable(clients, environ["EKIDEN_TABLE"]),
        bell=SqsQueue(clients, environ["EKIDEN_BELL_URL"]),
        inbox=SqsQueue(clients, environ["EKIDEN_INBOX_URL"]),
        incoming=SqsQueue(clients, environ["EKIDEN_INCOMING_URL"]),
        backlogs={lane: SqsQueue(clients, url) for lane, url in queues.items()},
        bucket=S3Bucket(clients, environ["EKIDEN_BUCKET"]),
        transport=Outbound(clients),
        secrets=ReferencedSecrets(tuple(filter(None, environ.get("EKIDEN_SECRETS", "").split(","))), environ),
        clock=_clock(environ),
        chance=SystemChance(),
        journal=PowertoolsJournal(clients, environ.get("EKIDEN_TOPIC_ARN", ""), environ["EKIDEN_TABLE"]),
    )


def _clock(environ: Mapping[str, str]) -> SystemClock:
    """
    Real time; a moved one only where no real AWS is spoken to.
    """
    path = environ.get("EKIDEN_CLOCK_FILE", "")
    if not path:
        return SystemClock()
    if not movable_clock_allowed(environ):
        raise RelayError("EKIDEN_CLOCK_FILE moves the relay's clock and is refused on real AWS; remove it")
    return ShiftedClock(Path(path))

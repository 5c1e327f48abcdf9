"""
What everything is called: the five functions, and the names of an installation's queues, table and alarms.

Logical ids must differ from those that Chalice makes (APIHandler, Advance, AdvanceRole …): a resource with the id of
another one merges into it without a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from chalicelib.errors import ConfigError
from chalicelib.model import Config, Fault

QUEUE_NAME_CHARS_MAX = 80
FUNCTION_NAME_CHARS_MAX = 64
VISIBILITY_FACTOR = 6
"""
AWS asks for a visibility of at least six times the consumer's time-out.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """
    One Lambda function: Chalice's name for it, its logical ids, its time-out, and the queue that it consumes.

    `queue` is the logical id of that queue, `event` Chalice's id of the event source; both are empty where it has none.
    """

    chalice: str
    short: str
    logical: str
    role: str
    timeout_seconds: int
    memory_mb: int = 1024
    queue: str = ""
    event: str = ""

    @property
    def log_group(self) -> str:
        """
        The logical id of its log group.
        """
        return f"{self.short.capitalize()}LogGroup"


API = Function(chalice="api_handler", short="api", logical="APIHandler", role="ApiHandlerRole", timeout_seconds=29)
ADVANCE = Function(
    chalice="advance",
    short="advance",
    logical="Advance",
    role="AdvanceRole",
    timeout_seconds=120,
    queue="BellQueue",
    event="AdvanceSqsEventSource",
)
TICK = Function(chalice="tick", short="tick", logical="Tick", role="TickRole", timeout_seconds=60)
UNPACK = Function(
    chalice="unpack",
    short="unpack",
    logical="Unpack",
    role="UnpackRole",
    timeout_seconds=60,
    queue="InboxQueue",
    event="UnpackSqsEventSource",
)
EXPAND = Function(
    chalice="expand",
    short="expand",
    logical="Expand",
    role="ExpandRole",
    timeout_seconds=120,
    queue="IncomingQueue",
    event="ExpandSqsEventSource",
)
FUNCTIONS = (API, ADVANCE, TICK, UNPACK, EXPAND)


def installation(config: Config, stage: str) -> str:
    """
    The name of one installation: the prefix of everything it owns, and the name of its CloudFormation stack.
    """
    return f"{config.name}-{stage}"


def function_name(config: Config, stage: str, function: Function) -> str:
    """
    The name of a Lambda function. It is fixed, so that a role can name its own log group.
    """
    return f"{installation(config, stage)}-{function.short}"


def lane_queue_name(config: Config, stage: str, lane: str) -> str:
    """
    The name of a lane's backlog queue.
    """
    return f"{installation(config, stage)}-lane-{lane}"


def lane_of_queue(queue_url: str, name: str) -> str:
    """
    The lane whose backlog this queue is; `name` is the installation's.

    >>> lane_of_queue("https://sqs.ap-northeast-1.amazonaws.com/123456789012/acme-prod-lane-satori", "acme-prod")
    'satori'
    """
    return queue_url.rpartition("/")[2].removeprefix(f"{name}-lane-")


def lane_id(lane: str) -> str:
    """
    The logical id that a lane's resources begin with.

    >>> lane_id("haihai-import_legacy")
    'LaneHaihaiImportLegacy'
    """
    return "Lane" + "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", lane))


def check(config: Config, stage: str) -> None:
    """
    Make sure that AWS takes the names that follow from the configuration. Raises ConfigError with every fault.
    """
    faults = [*_name_faults(config, stage), *_lane_faults(config, stage)]
    if faults:
        raise ConfigError(faults)


def _name_faults(config: Config, stage: str) -> Iterable[Fault]:
    name = installation(config, stage)
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name):
        yield Fault(
            path="name",
            message=f'"{name}" (name and stage) cannot name AWS resources',
            remedy="Use small letters, digits and single hyphens, beginning with a letter.",
        )
    longest = max(len(function_name(config, stage, function)) for function in FUNCTIONS)
    if longest > FUNCTION_NAME_CHARS_MAX:
        yield Fault(
            path="name",
            message=f"function names would have {longest} characters; AWS takes {FUNCTION_NAME_CHARS_MAX}",
            remedy="Shorten the name or the stage.",
        )


def _lane_faults(config: Config, stage: str) -> Iterable[Fault]:
    seen: dict[str, str] = {}
    for lane in config.lanes:
        path = f"lanes.{lane}"
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", lane):
            yield Fault(
                path=path,
                message="a lane's name becomes the name of a queue",
                remedy="Use letters, digits, hyphens and underscores.",
            )
        if len(lane_queue_name(config, stage, lane)) > QUEUE_NAME_CHARS_MAX:
            yield Fault(
                path=path,
                message=f"its queue's name would be longer than {QUEUE_NAME_CHARS_MAX} characters",
                remedy="Shorten the lane's name, the name or the stage.",
            )
        other = seen.setdefault(lane_id(lane), lane)
        if other != lane:
            yield Fault(
                path=path,
                message=f'its resources could not be told from those of the lane "{other}"',
                remedy="Rename one of the two; hyphens, underscores and capitals do not tell lanes apart.",
            )

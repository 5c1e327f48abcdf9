"""
The checks that a packaged template must pass: what AWS would refuse late, or would take and then fail in silence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from chalicelib.model import Config
from chalicelib.ops.names import FUNCTIONS, VISIBILITY_FACTOR, Function, lane_id, lane_queue_name
from chalicelib.ops.template import resources as generated

Json = Any

ENVIRONMENT_BYTES_MAX = 4_096
QUEUE_URL_CHARS = len("https://sqs.ap-northeast-1.amazonaws.com/123456789012/")
ADDRESS_CHARS = 120
CONSUMER_RIGHTS = frozenset({"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"})


def problems(template: dict[str, Json], config: Config, stage: str) -> list[str]:
    """
    Everything that is wrong with the packaged template of this configuration; empty where it may be deployed.
    """
    checks: tuple[Callable[[dict[str, Json], Config, str], Iterable[str]], ...] = (
        _all_there,
        _no_collision,
        _consumers,
        _narrow_roles,
        _lanes,
        _encrypted,
        _kept,
        _environments,
    )
    return [problem for check in checks for problem in check(template["Resources"], config, stage)]


def _all_there(found: dict[str, Json], _config: Config, _stage: str) -> Iterable[str]:
    """
    The app has exactly the functions that the template is made for.
    """
    actual = {name for name, each in found.items() if each.get("Type") == "AWS::Serverless::Function"}
    wanted = {function.logical for function in FUNCTIONS}
    for name in sorted(wanted - actual):
        yield f"the app has no function {name}"
    for name in sorted(actual - wanted):
        yield f"the app has a function {name} that no role, alarm or log group is made for"
    for name in sorted(wanted & actual):
        if "Role" not in found[name]["Properties"]:
            yield f"{name} has no role"
    roles = [str(found[name]["Properties"].get("Role")) for name in wanted & actual]
    if len(set(roles)) != len(roles):
        yield "two functions share a role"


def _no_collision(found: dict[str, Json], config: Config, stage: str) -> Iterable[str]:
    """
    A generated resource with a type of its own must not have merged into one that Chalice made.
    """
    for name, wanted in generated(config, stage)["Resources"].items():
        actual = found.get(name)
        if actual is None or "Type" not in actual:
            yield f"{name} adds to something that Chalice has not made"
        elif "Type" in wanted and _shape(actual) != _shape(wanted):
            yield f"{name} collides with a resource of Chalice's"


def _shape(resource: Json) -> tuple[Json, ...]:
    return resource["Type"], sorted(resource), sorted(resource["Properties"])


def _consumers(found: dict[str, Json], _config: Config, _stage: str) -> Iterable[str]:
    """
    A function reads its own queue, may consume it, and the queue hides a message long enough.
    """
    for function in FUNCTIONS:
        if not function.queue or function.logical not in found:
            continue
        events = found[function.logical]["Properties"].get("Events", {})
        queue = events.get(function.event, {}).get("Properties", {}).get("Queue")
        if queue != {"Fn::Sub": f"${{{function.queue}.Arn}}"}:
            yield f"{function.logical} does not read {function.queue}: {queue}"
            continue
        missing = CONSUMER_RIGHTS - _rights(found, function, {"Fn::GetAtt": [function.queue, "Arn"]})
        if missing:
            yield f"{function.logical} may not {', '.join(sorted(missing))} on {function.queue}"
        visibility = found[function.queue]["Properties"]["VisibilityTimeout"]
        timeout = found[function.logical]["Properties"]["Timeout"]
        if visibility < VISIBILITY_FACTOR * timeout:
            yield f"{function.queue} hides messages for {visibility} s; {VISIBILITY_FACTOR} × {timeout} s are needed"


def _narrow_roles(found: dict[str, Json], _config: Config, _stage: str) -> Iterable[str]:
    """
    No role may do anything to everything, or everything to anything.
    """
    for name, role in found.items():
        for statement in _statements(role):
            actions, targets = _listed(statement["Action"]), _listed(statement["Resource"])
            if "*" in targets:
                yield f'{name}: {", ".join(actions)} on Resource "*"'
            for action in actions:
                if "*" in action:
                    yield f'{name}: Action "{action}"'


def _lanes(found: dict[str, Json], config: Config, stage: str) -> Iterable[str]:
    """
    Every lane has its backlog, an alarm on it, and functions that may send to it and receive from it.
    """
    sender, advancer = FUNCTIONS[0], FUNCTIONS[1]
    for lane in config.lanes:
        backlog = f"{lane_id(lane)}Queue"
        properties = found.get(backlog, {}).get("Properties", {})
        if properties.get("QueueName") != lane_queue_name(config, stage, lane):
            yield f"the lane {lane} has no backlog"
            continue
        if "RedrivePolicy" in properties:
            yield f"{backlog} would move waiting messages to a dead-letter queue"
        dimensions = found.get(f"{lane_id(lane)}AgeAlarm", {}).get("Properties", {}).get("Dimensions")
        if dimensions != [{"Name": "QueueName", "Value": properties["QueueName"]}]:
            yield f"the lane {lane} has no alarm"
        arn = {"Fn::GetAtt": [backlog, "Arn"]}
        if "sqs:SendMessage" not in _rights(found, sender, arn):
            yield f"{sender.logical} may not send to {backlog}"
        if not _rights(found, advancer, arn) >= CONSUMER_RIGHTS:
            yield f"{advancer.logical} may not receive from {backlog}"


def _encrypted(found: dict[str, Json], _config: Config, _stage: str) -> Iterable[str]:
    """
    Everything that holds personal data is encrypted at rest.
    """
    wanted = {
        "AWS::SQS::Queue": "SqsManagedSseEnabled",
        "AWS::DynamoDB::Table": "SSESpecification",
        "AWS::S3::Bucket": "BucketEncryption",
    }
    for name, resource in found.items():
        setting = wanted.get(resource.get("Type", ""))
        if setting and not resource["Properties"].get(setting):
            yield f"{name} is not encrypted"


def _kept(found: dict[str, Json], _config: Config, _stage: str) -> Iterable[str]:
    """
    Deleting or replacing the stack does not take the table along.
    """
    for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
        if found.get("Table", {}).get(policy) != "Retain":
            yield f"the table has no {policy} Retain"


def _environments(found: dict[str, Json], _config: Config, _stage: str) -> Iterable[str]:
    """
    Lambda takes 4 KB of environment variables; the address of each lane's queue is among them.
    """
    for function in FUNCTIONS:
        variables = found.get(function.logical, {}).get("Properties", {}).get("Environment", {}).get("Variables", {})
        size = sum(len(name) + _length(value, found) for name, value in variables.items())
        if size > ENVIRONMENT_BYTES_MAX:
            yield (
                f"the environment of {function.logical} would have about {size:,} bytes; at most "
                f"{ENVIRONMENT_BYTES_MAX:,} are allowed: use shorter names or fewer lanes"
            )


def _length(value: Json, found: dict[str, Json]) -> int:
    """
    How long a value will be once its references are resolved, about.
    """
    if isinstance(value, str):
        return len(value)
    text = str(value.get("Fn::Sub", value.get("Ref", "")))
    names = re.findall(r"\$\{(\w+)\}", text)
    queues = (str(found.get(name, {}).get("Properties", {}).get("QueueName", "")) for name in names)
    return len(text) + sum(QUEUE_URL_CHARS + len(queue) for queue in queues) if names else ADDRESS_CHARS


def _rights(found: dict[str, Json], function: Function, arn: Json) -> set[str]:
    role = found.get(function.role, {})
    allowed = (each for each in _statements(role) if arn in _listed(each["Resource"]))
    return {action for statement in allowed for action in _listed(statement["Action"])}


def _statements(role: Json) -> Iterable[dict[str, Json]]:
    """
    The allowing statements of a role; one that stands under a condition counts as if it stood.
    """
    if role.get("Type") != "AWS::IAM::Role":
        return
    for policy in role["Properties"].get("Policies", []):
        for statement in policy["PolicyDocument"]["Statement"]:
            plain = statement["Fn::If"][1] if "Fn::If" in statement else statement
            if plain["Effect"] == "Allow":
                yield plain


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]

"""
CloudWatch alarms: each says what it means and what an operator does about it.
"""

from __future__ import annotations

from typing import Any

from chalicelib.model import Config
from chalicelib.ops.names import (
    ADVANCE,
    EXPAND,
    TICK,
    UNPACK,
    Function,
    function_name,
    installation,
    lane_id,
    lane_queue_name,
)

Json = dict[str, Any]

PERIOD_SECONDS = 300


def alarms(config: Config, stage: str) -> Json:
    """
    All alarms of an installation, by logical id.
    """
    found = {
        "BellDeadLettersAlarm": _dead_letters(
            config,
            stage,
            "bell",
            "Lanes were woken and the advance function failed five times. Nothing is lost: the minute schedule wakes "
            "them again. Read the log of advance.",
        ),
        "InboxDeadLettersAlarm": _dead_letters(
            config,
            stage,
            "inbox",
            "Envelopes were accepted while the table was away and could not be unpacked. Read the log of unpack, then "
            "move the messages back to the inbox within 14 days.",
        ),
        "IncomingDeadLettersAlarm": _dead_letters(
            config,
            stage,
            "incoming",
            "A file that was uploaded could not be read twenty times, most likely because the table was away. It is in "
            "the bucket for 15 days; the minute schedule brings it again. Read the log of expand.",
        ),
        "ApiFailuresAlarm": _api_failures(config, stage),
    }
    for function in (ADVANCE, UNPACK, EXPAND, TICK):
        found[f"{function.logical}ErrorsAlarm"] = _errors(config, stage, function)
    for lane in sorted(config.lanes):
        found[f"{lane_id(lane)}AgeAlarm"] = _age(config, stage, lane)
    return found


def _dead_letters(config: Config, stage: str, queue: str, text: str) -> Json:
    name = f"{installation(config, stage)}-{queue}-dead-letters"
    return _alarm(
        name,
        text,
        Namespace="AWS/SQS",
        MetricName="ApproximateNumberOfMessagesVisible",
        Dimensions=[{"Name": "QueueName", "Value": name}],
        Statistic="Maximum",
    )


def _errors(config: Config, stage: str, function: Function) -> Json:
    name = function_name(config, stage, function)
    return _alarm(
        f"{name}-errors",
        f"The {function.short} function ended with an error or ran out of time. Deliveries stay as they are and are "
        "taken up again. Read its log.",
        Namespace="AWS/Lambda",
        MetricName="Errors",
        Dimensions=[{"Name": "FunctionName", "Value": name}],
        Statistic="Sum",
    )


def _age(config: Config, stage: str, lane: str) -> Json:
    seconds = config.alarms.wait_seconds_max
    return _alarm(
        f"{lane_queue_name(config, stage, lane)}-age",
        f"Deliveries of the lane {lane} have waited for more than {seconds} seconds: its quota is used up, it is "
        "paused, or the vendor is away. `ekiden status` says which.",
        Namespace="AWS/SQS",
        MetricName="ApproximateAgeOfOldestMessage",
        Dimensions=[{"Name": "QueueName", "Value": lane_queue_name(config, stage, lane)}],
        Statistic="Maximum",
        ComparisonOperator="GreaterThanThreshold",
        Threshold=seconds,
    )


def _api_failures(config: Config, stage: str) -> Json:
    name = installation(config, stage)
    return _alarm(
        f"{name}-api-failures",
        "Senders were answered with a 5xx: browsers show an error, webhooks are sent again. Read the log of api.",
        Namespace="AWS/ApiGateway",
        MetricName="5XXError",
        Dimensions=[{"Name": "ApiName", "Value": name}, {"Name": "Stage", "Value": "api"}],
        Statistic="Sum",
    )


def _alarm(name: str, text: str, **properties: Any) -> Json:  # noqa: ANN401 - CloudFormation's properties
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmName": name,
            "AlarmDescription": text,
            "AlarmActions": [{"Ref": "Topic"}],
            "Period": PERIOD_SECONDS,
            "EvaluationPeriods": 1,
            "Threshold": 1,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "notBreaching",
            **properties,
        },
    }

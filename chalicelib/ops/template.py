"""
The CloudFormation resources of one installation, generated from its configuration.

A new lane brings its backlog queue, its alarm and its permissions along. The result is merged into Chalice's own
template. A merge replaces a value only under the same key, so that a queue is named by `Fn::Sub`, the key that Chalice
uses; `Fn::GetAtt` beside it would leave both.
"""

from __future__ import annotations

import json
from typing import Any

from chalicelib.model import Config
from chalicelib.ops.alarms import alarms
from chalicelib.ops.names import (
    ADVANCE,
    EXPAND,
    FUNCTIONS,
    TICK,
    UNPACK,
    Function,
    check,
    function_name,
    installation,
    lane_id,
)
from chalicelib.ops.references import references
from chalicelib.ops.storage import storage

Json = dict[str, Any]

LOG_DAYS = 90
ENI_POLICY = "arn:${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaENIManagementAccess"


def resources(config: Config, stage: str) -> Json:
    """
    The merge template: parameters, conditions, resources and outputs. Raises ConfigError for names AWS does not take.
    """
    check(config, stage)
    return {
        "Description": f"Ekiden {installation(config, stage)}",
        "Parameters": {
            "KeyArn": {
                "Type": "String",
                "Default": "",
                "Description": "KMS key for table, queues, bucket and notices; empty: keys owned by AWS.",
            },
        },
        "Conditions": {"OwnKey": {"Fn::Not": [{"Fn::Equals": [{"Ref": "KeyArn"}, ""]}]}},
        "Resources": {
            **storage(config, stage),
            **_functions(config, stage),
            "RestAPI": _api(config, stage),
            **alarms(config, stage),
        },
        "Outputs": _outputs(config, stage),
    }


def _functions(config: Config, stage: str) -> Json:
    found: Json = {}
    for function in FUNCTIONS:
        name = function_name(config, stage, function)
        found[function.log_group] = {
            "Type": "AWS::Logs::LogGroup",
            "Properties": {"LogGroupName": f"/aws/lambda/{name}", "RetentionInDays": LOG_DAYS},
        }
        found[function.logical] = {
            "Properties": {
                "FunctionName": name,
                "LoggingConfig": {"LogGroup": {"Ref": function.log_group}},
                "Environment": {"Variables": _environment(config, function)},
                **_trigger(function),
            },
        }
    if config.egress.subnet_ids:
        found[ADVANCE.logical]["Properties"]["VpcConfig"] = {
            "SubnetIds": list(config.egress.subnet_ids),
            "SecurityGroupIds": list(config.egress.security_group_ids),
        }
        found[ADVANCE.role] = {"Properties": {"ManagedPolicyArns": [{"Fn::Sub": ENI_POLICY}]}}
    return found


def _trigger(function: Function) -> Json:
    if function.queue:
        source = {"Properties": {"Queue": {"Fn::Sub": f"${{{function.queue}.Arn}}"}}}
        return {"Events": {function.event: source}}
    if function is TICK:
        # The next minute comes anyway; a late one would only run beside it.
        return {"EventInvokeConfig": {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60}}
    return {}


def _environment(config: Config, function: Function) -> Json:
    """
    What a function learns of its installation.

    EKIDEN_SECRETS names the references that its role may read, so that it asks for no other in the same request: one
    that is denied would deny all.
    """
    lanes = {lane: f"${{{lane_id(lane)}Queue}}" for lane in sorted(config.lanes)}
    return {
        "EKIDEN_TABLE": {"Ref": "Table"},
        "EKIDEN_BELL_URL": {"Ref": ADVANCE.queue},
        "EKIDEN_INBOX_URL": {"Ref": UNPACK.queue},
        "EKIDEN_INCOMING_URL": {"Ref": EXPAND.queue},
        "EKIDEN_BUCKET": {"Ref": "Bucket"},
        "EKIDEN_TOPIC_ARN": {"Ref": "Topic"},
        "EKIDEN_LANES": {"Fn::Sub": json.dumps(lanes)} if lanes else "{}",
        "EKIDEN_SECRETS": ",".join(references(config, function)),
    }


def _api(config: Config, stage: str) -> Json:
    name = installation(config, stage)
    cors = {"ResponseParameters": {"Headers": {"Access-Control-Allow-Origin": "'*'"}}}
    every_method = {
        "ResourcePath": "/*",
        "HttpMethod": "*",
        "ThrottlingRateLimit": config.api_rate,
        "ThrottlingBurstLimit": config.api_burst,
        # Addresses hold tokens and bodies hold people: API Gateway writes no log of its own.
        "LoggingLevel": "OFF",
        "DataTraceEnabled": False,
    }
    return {
        "Properties": {
            "Name": name,
            "OpenApiVersion": "2.0",
            "DefinitionBody": {"info": {"title": name}},
            "BinaryMediaTypes": ["multipart/form-data", "text/csv"],
            "MethodSettings": [every_method],
            "GatewayResponses": {"DEFAULT_4XX": cors, "DEFAULT_5XX": cors, "THROTTLED": _throttled()},
        },
    }


def _throttled() -> Json:
    """
    What API Gateway answers by itself beyond the configured rate: Ekiden never sees that request, so the visitor must.
    """
    page = (
        '<!doctype html><html lang="ja"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        "<title>混み合っています / Busy</title>"
        "<p>ただいま混み合っており、送信を受け付けられませんでした。数秒待ってから、前の画面に戻ってもう一度送信してください。</p>"
        '<p lang="en">We are busy and could not take your submission. '
        "Please wait a few seconds, go back and send again.</p>"
    )
    problem = {"type": "about:blank", "title": "Too Many Requests", "status": 429, "code": "throttled"}
    return {
        "StatusCode": 429,
        "ResponseParameters": {
            "Headers": {"Access-Control-Allow-Origin": "'*'", "Retry-After": "'5'", "Cache-Control": "'no-store'"},
        },
        "ResponseTemplates": {"text/html": page, "application/json": json.dumps(problem)},
    }


def _outputs(config: Config, stage: str) -> Json:
    fixed = {
        "Name": (installation(config, stage), "Name of this installation"),
        "Stage": (stage, "Its stage"),
        "ApiUrl": (
            {"Fn::Sub": "https://${RestAPI}.execute-api.${AWS::Region}.${AWS::URLSuffix}/api"},
            "Forms and webhooks post to this address + /in/<source>",
        ),
        "TableName": ({"Ref": "Table"}, "Events, deliveries, lanes"),
        "BellUrl": ({"Ref": ADVANCE.queue}, "Wakes lanes"),
        "InboxUrl": ({"Ref": UNPACK.queue}, "Envelopes that the table could not take"),
        "IncomingUrl": ({"Ref": EXPAND.queue}, "Files that have come"),
        "BucketName": ({"Ref": "Bucket"}, "Batch calls, for ten days, and files that have come, for fifteen"),
        "TopicArn": ({"Ref": "Topic"}, "Alarms and notices"),
    }
    outputs = {key: {"Value": value, "Description": text} for key, (value, text) in fixed.items()}
    for lane in sorted(config.lanes):
        backlog = f"{lane_id(lane)}Queue"
        outputs[f"{lane_id(lane)}Url"] = {"Value": {"Ref": backlog}, "Description": f"Backlog of {lane}"}
    return outputs

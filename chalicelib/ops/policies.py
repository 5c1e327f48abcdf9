"""
One least-privilege role a function: the IAM policy documents that Chalice puts into the roles.

Every statement names its resources. Only the network interfaces of a function in a VPC have none to name; AWS's own
managed policy gives that right, and only where a lane leaves through a fixed address (template.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from chalicelib.destinations.mail_terms import SES, sender_of
from chalicelib.model import Config
from chalicelib.ops.names import ADVANCE, API, EXPAND, FUNCTIONS, TICK, UNPACK, Function, function_name, lane_id
from chalicelib.ops.references import parameter_arns, references, secret_arns

Json = dict[str, Any]

READ = ("GetItem", "BatchGetItem", "Query")
WRITE = ("PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem")
"""
A transaction needs the rights of its single writes and none of its own.
"""
TABLE = dict.fromkeys(FUNCTIONS, (*READ, *WRITE)) | {TICK: (*READ, "PutItem")}
CONSUME = ("ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility", "GetQueueAttributes")
INDEXES = {API: ("waiting",), ADVANCE: ("waiting",), TICK: ("waiting", "attention")}
INCOMING = {"Fn::Sub": "${Bucket.Arn}/incoming/*"}
NO_VALUE = {"Ref": "AWS::NoValue"}


def policies(config: Config, stage: str) -> dict[Function, Json]:
    """
    The policy document of each function's role.
    """
    return {function: _document(config, stage, function) for function in FUNCTIONS}


def backlogs(config: Config) -> list[Json]:
    """
    The ARNs of all lanes' backlog queues.
    """
    return [_arn_of(f"{lane_id(lane)}Queue") for lane in sorted(config.lanes)]


def _document(config: Config, stage: str, function: Function) -> Json:
    statements = [
        _log(config, stage, function),
        *_table(function),
        *_queues(config, function),
        *_bucket(function),
        *_files(config, function),
        *_console(config, function),
        _allow("Notices", ["sns:Publish"], [{"Ref": "Topic"}]),
        *_mail(config, function),
        *_secrets(references(config, function)),
        {"Fn::If": ["OwnKey", _allow("Key", ["kms:Decrypt", "kms:GenerateDataKey"], [{"Ref": "KeyArn"}]), NO_VALUE]},
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def _log(config: Config, stage: str, function: Function) -> Json:
    group = f"/aws/lambda/{function_name(config, stage, function)}"
    arn = {"Fn::Sub": f"arn:${{AWS::Partition}}:logs:${{AWS::Region}}:${{AWS::AccountId}}:log-group:{group}:*"}
    return _allow("Log", ["logs:CreateLogStream", "logs:PutLogEvents"], [arn])


def _table(function: Function) -> Iterable[Json]:
    table = _arn_of("Table")
    yield _allow("Table", [f"dynamodb:{action}" for action in TABLE[function]], [table])
    indexes = [{"Fn::Sub": f"${{Table.Arn}}/index/{index}"} for index in INDEXES.get(function, ())]
    if indexes:
        yield _allow("Waiting", ["dynamodb:Query"], indexes)


def _queues(config: Config, function: Function) -> Iterable[Json]:
    lanes = backlogs(config)
    inbox = [_arn_of("InboxQueue")] if function is API else []
    incoming = [_arn_of("IncomingQueue")] if function in {TICK, EXPAND} else []
    sent_to = [_arn_of("BellQueue"), *inbox, *incoming, *(lanes if function is not TICK else [])]
    yield _allow("Send", ["sqs:SendMessage"], sent_to)
    received = [*([_arn_of(function.queue)] if function.queue else []), *(lanes if function is ADVANCE else [])]
    if received:
        yield _allow("Receive", [f"sqs:{action}" for action in CONSUME], received)


def _bucket(function: Function) -> Iterable[Json]:
    if function is ADVANCE:
        yield _allow("Objects", ["s3:GetObject", "s3:PutObject"], [{"Fn::Sub": "${Bucket.Arn}/*"}])
        # Without it S3 answers 403 instead of 404 for an object that its lifecycle has removed.
        yield _allow("Missing", ["s3:ListBucket"], [_arn_of("Bucket")])
    if function is API:
        # Whoever PUTs to an address that this function has signed has this right of its, for that one object.
        yield _allow("Upload", ["s3:PutObject"], [INCOMING])
    if function is EXPAND:
        # What it has read to its end it empties.
        yield _allow("Objects", ["s3:GetObject", "s3:PutObject"], [INCOMING])
        yield _allow("Missing", ["s3:ListBucket"], [_arn_of("Bucket")])


def _files(config: Config, function: Function) -> Iterable[Json]:
    """
    Where a drop-in may send long files: the door keeps them, and who unpacks them sends itself on to the next rows.
    """
    if not any(source.dropin for source in config.sources.values()):
        return
    objects = [{"Fn::Sub": "${Bucket.Arn}/inbox/*"}]
    if function is API:
        yield _allow("KeepFiles", ["s3:PutObject"], objects)
    if function is UNPACK:
        # What it has stored to its last row it empties.
        yield _allow("ReadFiles", ["s3:GetObject", "s3:PutObject"], objects)
        yield _allow("MissingFiles", ["s3:ListBucket"], [_arn_of("Bucket")])
        yield _allow("NextRows", ["sqs:SendMessage"], [_arn_of("InboxQueue")])


def _mail(config: Config, function: Function) -> Iterable[Json]:
    """
    What sends mail may send as the configured senders alone: verified by their address, or by their domain.
    """
    if function is not ADVANCE:
        return
    senders = {
        sender.address
        for destination in config.destinations.values()
        if destination.vendor == "email" and destination.settings.get("server", SES) == SES
        if (sender := sender_of(destination)) is not None
    }
    names = sorted({name for address in senders for name in (address, address.rpartition("@")[2])})
    if names:
        identity = "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity"
        arns = [{"Fn::Sub": f"{identity}/{name}"} for name in names]
        # A domain that is verified stands for all its addresses; ours are these.
        only = {"Condition": {"StringEquals": {"ses:FromAddress": sorted(senders)}}}
        yield _allow("Mail", ["ses:SendEmail", "ses:SendRawEmail"], arns) | only


def _console(config: Config, function: Function) -> Iterable[Json]:
    """
    What an operator looks through and reads again, by the api function: only where there is a console.
    """
    if function is API and config.console is not None:
        indexes = [{"Fn::Sub": f"${{Table.Arn}}/index/{index}"} for index in ("waiting", "attention")]
        yield _allow("ConsoleLists", ["dynamodb:Query"], indexes)
        # A held file is read again; the size of one is asked by the same right.
        yield _allow("ConsoleFiles", ["s3:GetObject"], [INCOMING, {"Fn::Sub": "${Bucket.Arn}/calls/*"}])
        yield _allow("ConsoleMissing", ["s3:ListBucket"], [_arn_of("Bucket")])
        yield _allow("ConsoleRestart", ["sqs:SendMessage"], [_arn_of("IncomingQueue")])


def _secrets(names: Sequence[str]) -> Iterable[Json]:
    parameters = parameter_arns(names)
    if parameters:
        yield _allow("Parameters", ["ssm:GetParameter", "ssm:GetParameters"], parameters)
    stored = secret_arns(names)
    if stored:
        yield _allow("Secrets", ["secretsmanager:GetSecretValue"], stored)


def _allow(sid: str, actions: Sequence[str], resources: Sequence[Json]) -> Json:
    return {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": list(resources)}


def _arn_of(logical: str) -> Json:
    return {"Fn::GetAtt": [logical, "Arn"]}

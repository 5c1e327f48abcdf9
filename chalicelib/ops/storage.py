"""
What an installation keeps things in: the table, the queues, the bucket, and the topic for alarms and notices.
"""

from __future__ import annotations

from typing import Any

from chalicelib.model import Config
from chalicelib.ops.names import ADVANCE, EXPAND, UNPACK, VISIBILITY_FACTOR, installation, lane_id, lane_queue_name
from chalicelib.records.layout import ATTENTION, WAITING

Json = dict[str, Any]

BACKLOG_VISIBILITY_SECONDS = 150
"""
Longer than one run of advance, so that a message it holds is not given to the next run.
"""
RETENTION_SECONDS_MAX = 14 * 86_400
RECEIVES_MAX = {"bell": 5, "inbox": 40, "incoming": 20}
"""
After so many failures a message goes to the dead letters. An envelope in the inbox waits for the table to come back:
forty times the queue's visibility is four hours. So does a file: twenty times its queue's are four hours, too.
"""
BUCKET_DAYS = 10
INCOMING_DAYS = 15
"""
Longer than a message may wait: a file that its queue still names is there.
"""
NO_VALUE = {"Ref": "AWS::NoValue"}


def storage(config: Config, stage: str) -> Json:
    """
    The resources that keep things, by logical id.
    """
    return {
        "Table": _table(config, stage),
        **_queues(config, stage),
        **_bucket(),
        **_arrivals(),
        **_notices(config, stage),
    }


def _table(config: Config, stage: str) -> Json:
    indexes = (WAITING, ATTENTION)
    names = ["pk", "sk", *(f"{index}_{part}" for index in indexes for part in ("pk", "sk"))]
    return {
        "Type": "AWS::DynamoDB::Table",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": {
            "TableName": installation(config, stage),
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in names],
            "KeySchema": _key_schema("pk", "sk"),
            "GlobalSecondaryIndexes": [
                {
                    "IndexName": index,
                    "KeySchema": _key_schema(f"{index}_pk", f"{index}_sk"),
                    # The sort key ends in the delivery's id; whoever acts on it reads the row itself again.
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                }
                for index in indexes
            ],
            "TimeToLiveSpecification": {"AttributeName": "ttl", "Enabled": True},
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
            "SSESpecification": {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": _own_key()},
        },
    }


def _key_schema(partition: str, sort: str) -> list[Json]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]


def _queues(config: Config, stage: str) -> Json:
    name = installation(config, stage)
    found: Json = {}
    for function, short in ((ADVANCE, "bell"), (UNPACK, "inbox"), (EXPAND, "incoming")):
        letters = f"{short.capitalize()}DeadLetters"
        # EventBridge may not use a key of the operator's; this queue holds names of objects, and nobody's data.
        sealed = {"SqsManagedSseEnabled": True, "KmsMasterKeyId": NO_VALUE} if function is EXPAND else {}
        found[function.queue] = _queue(
            f"{name}-{short}",
            visibility=VISIBILITY_FACTOR * function.timeout_seconds,
            RedrivePolicy={
                "deadLetterTargetArn": {"Fn::GetAtt": [letters, "Arn"]},
                "maxReceiveCount": RECEIVES_MAX[short],
            },
            **sealed,
        )
        found[letters] = _queue(f"{name}-{short}-dead-letters", visibility=30, **sealed)
    for lane in sorted(config.lanes):
        found[f"{lane_id(lane)}Queue"] = _queue(
            lane_queue_name(config, stage, lane),
            visibility=BACKLOG_VISIBILITY_SECONDS,
        )
    return found


def _queue(name: str, *, visibility: int, **properties: Any) -> Json:  # noqa: ANN401 - CloudFormation's properties
    return {
        "Type": "AWS::SQS::Queue",
        "Properties": {
            "QueueName": name,
            "MessageRetentionPeriod": RETENTION_SECONDS_MAX,
            "VisibilityTimeout": visibility,
            "ReceiveMessageWaitTimeSeconds": 1,
            "SqsManagedSseEnabled": {"Fn::If": ["OwnKey", NO_VALUE, True]},
            "KmsMasterKeyId": _own_key(),
            **properties,
        },
    }


def _bucket() -> Json:
    aes = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    own = {
        "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": {"Ref": "KeyArn"}},
        "BucketKeyEnabled": True,
    }
    rules = [
        {"Id": "Calls", "Status": "Enabled", "Prefix": "calls/", "ExpirationInDays": BUCKET_DAYS},
        {"Id": "Inbox", "Status": "Enabled", "Prefix": "inbox/", "ExpirationInDays": BUCKET_DAYS},
        {"Id": "Incoming", "Status": "Enabled", "Prefix": "incoming/", "ExpirationInDays": INCOMING_DAYS},
        {"Id": "Unfinished", "Status": "Enabled", "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}},
    ]
    closed = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    bucket = {
        "Type": "AWS::S3::Bucket",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": {
            "BucketEncryption": {"ServerSideEncryptionConfiguration": [{"Fn::If": ["OwnKey", own, aes]}]},
            "PublicAccessBlockConfiguration": dict.fromkeys(closed, True),
            "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
            "LifecycleConfiguration": {"Rules": rules},
            "NotificationConfiguration": {"EventBridgeConfiguration": {"EventBridgeEnabled": True}},
        },
    }
    return {"Bucket": bucket, "BucketPolicy": _only_tls()}


def _arrivals() -> Json:
    """
    The bucket tells a queue of each file that has come, and nobody else may.

    It does so by EventBridge. To name the queue itself, the bucket would need a fixed name: the queue's policy has to
    know the bucket before the bucket may know the queue. A bucket that is there already would be replaced for that.
    """
    pattern = {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [{"Ref": "Bucket"}]}, "object": {"key": [{"prefix": "incoming/"}]}},
    }
    queue = {"Fn::GetAtt": ["IncomingQueue", "Arn"]}
    statement = {
        "Sid": "OnlyArrivals",
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": ["Arrivals", "Arn"]}}},
    }
    return {
        "Arrivals": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "Description": "A file has come into incoming/",
                "EventPattern": pattern,
                "Targets": [{"Id": "incoming", "Arn": queue}],
            },
        },
        "IncomingQueuePolicy": {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {
                "Queues": [{"Ref": "IncomingQueue"}],
                "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]},
            },
        },
    }


def _only_tls() -> Json:
    statement = {
        "Sid": "OnlyTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [{"Fn::GetAtt": ["Bucket", "Arn"]}, {"Fn::Sub": "${Bucket.Arn}/*"}],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {
        "Type": "AWS::S3::BucketPolicy",
        "Properties": {
            "Bucket": {"Ref": "Bucket"},
            "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        },
    }


def _notices(config: Config, stage: str) -> Json:
    """
    The topic for alarms and notices, with its readers.

    CloudWatch cannot publish under AWS's own key for SNS (its policy admits no service), so that the topic is encrypted
    only with a key of the operator's; notices hold no personal data.
    """
    topic = {
        "Type": "AWS::SNS::Topic",
        "Properties": {"TopicName": f"{installation(config, stage)}-notices", "KmsMasterKeyId": _own_key()},
    }
    subscriptions = {
        f"Subscription{number}": {
            "Type": "AWS::SNS::Subscription",
            "Properties": {"TopicArn": {"Ref": "Topic"}, "Protocol": "email", "Endpoint": email},
        }
        for number, email in enumerate(config.alarms.emails, start=1)
    }
    return {"Topic": topic, **subscriptions}


def _own_key() -> Json:
    return {"Fn::If": ["OwnKey", {"Ref": "KeyArn"}, NO_VALUE]}

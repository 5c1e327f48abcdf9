import json
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.model import Alarms, Config, Egress, Lane
from chalicelib.ops.names import ADVANCE, FUNCTIONS, UNPACK
from chalicelib.ops.template import resources

Make = Callable[..., Config]


def of_type(template: dict[str, Any], kind: str) -> dict[str, Any]:
    """
    The properties of all resources of a type.
    """
    found = template["Resources"].items()
    return {name: each["Properties"] for name, each in found if each.get("Type") == kind}


def test_a_new_lane_brings_its_queue_and_its_alarm(make: Make) -> None:
    """
    Nothing but relay.toml need be edited for a new lane.
    """
    before = resources(make(), "prod")
    lane = Lane(name="maildealer", vendor="maildealer", batching=False)
    after = resources(make(lanes={**make().lanes, "maildealer": lane}), "prod")

    new = after["Resources"].keys() - before["Resources"].keys()
    assert new == {"LaneMaildealerQueue", "LaneMaildealerAgeAlarm"}
    assert after["Resources"]["LaneMaildealerQueue"]["Properties"]["QueueName"] == "acme-prod-lane-maildealer"
    assert after["Outputs"]["LaneMaildealerUrl"]["Value"] == {"Ref": "LaneMaildealerQueue"}


def test_a_backlog_keeps_its_messages_for_a_fortnight_and_loses_none_to_a_dead_letter_queue(make: Make) -> None:
    """
    Waiting for quota is no failure, however often a message was looked at.
    """
    backlog = resources(make(), "prod")["Resources"]["LaneSatoriQueue"]["Properties"]

    assert backlog["MessageRetentionPeriod"] == 14 * 86_400
    assert "RedrivePolicy" not in backlog
    assert backlog["VisibilityTimeout"] > ADVANCE.timeout_seconds


@pytest.mark.parametrize("function", [ADVANCE, UNPACK])
def test_a_consumed_queue_hides_a_message_for_six_time_outs(make: Make, function: Any) -> None:
    """
    AWS refuses less, and a message would be worked twice.
    """
    found = resources(make(), "prod")["Resources"]
    queue = found[function.queue]["Properties"]

    assert queue["VisibilityTimeout"] == 6 * function.timeout_seconds
    letters = queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
    assert queue["RedrivePolicy"]["maxReceiveCount"] == {"BellQueue": 5, "InboxQueue": 40}[function.queue]
    assert found[letters]["Properties"]["MessageRetentionPeriod"] == 14 * 86_400


def test_the_table_outlives_its_stack_and_can_be_restored(make: Make) -> None:
    """
    Deleting the stack deletes no delivery; a mistake can be taken back to any second of the last weeks.
    """
    table = resources(make(), "prod")["Resources"]["Table"]

    assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "Retain"
    properties = table["Properties"]
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["SSESpecification"]["SSEEnabled"] is True
    assert properties["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}
    assert {index["IndexName"] for index in properties["GlobalSecondaryIndexes"]} == {"waiting", "attention"}


def test_the_indexes_carry_no_personal_data(make: Make) -> None:
    """
    Payloads stay in one place, where they can be erased; a change of state is one write, not two.
    """
    table = resources(make(), "prod")["Resources"]["Table"]["Properties"]

    carried = {index["Projection"]["ProjectionType"] for index in table["GlobalSecondaryIndexes"]}
    assert carried == {"KEYS_ONLY"}


def test_every_function_learns_where_everything_is(make: Make) -> None:
    """
    The addresses come from the template, so that they are right in every account.
    """
    found = resources(make(), "prod")["Resources"]
    for function in FUNCTIONS:
        variables = found[function.logical]["Properties"]["Environment"]["Variables"]
        assert {
            "EKIDEN_TABLE",
            "EKIDEN_BELL_URL",
            "EKIDEN_INBOX_URL",
            "EKIDEN_INCOMING_URL",
            "EKIDEN_BUCKET",
            "EKIDEN_TOPIC_ARN",
            "EKIDEN_LANES",
            "EKIDEN_SECRETS",
        } == variables.keys()
        assert json.loads(variables["EKIDEN_LANES"]["Fn::Sub"]) == {
            "haihai-import": "${LaneHaihaiImportQueue}",
            "satori": "${LaneSatoriQueue}",
        }


def test_a_queue_is_named_by_the_key_that_chalice_uses(make: Make) -> None:
    """
    Another intrinsic beside Chalice's own would leave both in the template.
    """
    events = resources(make(), "prod")["Resources"]["Advance"]["Properties"]["Events"]

    assert events["AdvanceSqsEventSource"]["Properties"]["Queue"] == {"Fn::Sub": "${BellQueue.Arn}"}


def test_only_advance_moves_behind_the_fixed_address(make: Make) -> None:
    """
    The api answers browsers from outside any network of the company; a vendor that asks for an address gets one.
    """
    egress = Egress(subnet_ids=("subnet-0a",), security_group_ids=("sg-0b",))
    found = resources(make(egress=egress), "prod")["Resources"]

    assert found["Advance"]["Properties"]["VpcConfig"] == {"SubnetIds": ["subnet-0a"], "SecurityGroupIds": ["sg-0b"]}
    assert len(found["AdvanceRole"]["Properties"]["ManagedPolicyArns"]) == 1
    assert not [name for name in ("APIHandler", "Tick", "Unpack") if "VpcConfig" in found[name]["Properties"]]


def test_without_a_fixed_address_no_role_may_touch_the_network(make: Make) -> None:
    """
    The right to make network interfaces comes with the need for it.
    """
    found = resources(make(), "prod")["Resources"]

    assert "AdvanceRole" not in found
    assert "VpcConfig" not in found["Advance"]["Properties"]


def test_each_operator_is_told_by_mail(make: Make) -> None:
    """
    Every address of the configuration is subscribed.
    """
    subscriptions = of_type(resources(make(), "prod"), "AWS::SNS::Subscription")

    assert sorted(each["Endpoint"] for each in subscriptions.values()) == ["ops@example.co.jp", "web@example.co.jp"]


def test_every_alarm_reaches_the_operators_and_says_what_to_do(make: Make) -> None:
    """
    An alarm is a sentence, sent to the topic.
    """
    alarms = of_type(resources(make(), "prod"), "AWS::CloudWatch::Alarm")

    assert len(alarms) == 3 + 1 + 4 + 2
    for alarm in alarms.values():
        assert alarm["AlarmActions"] == [{"Ref": "Topic"}]
        assert alarm["AlarmDescription"].endswith(".")


def test_a_lane_alarms_after_the_wait_that_the_operator_allows(make: Make) -> None:
    """
    How long waiting is normal is the operator's to say.
    """
    template = resources(make(alarms=Alarms(wait_seconds_max=900)), "prod")

    assert template["Resources"]["LaneSatoriAgeAlarm"]["Properties"]["Threshold"] == 900


def test_the_bucket_is_closed_encrypted_and_forgets(make: Make) -> None:
    """
    What is too big for the table lies private for ten days; a file that has come, for longer than its message.
    """
    found = resources(make(), "prod")["Resources"]
    bucket = found["Bucket"]["Properties"]

    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    days = {each.get("Prefix"): each.get("ExpirationInDays") for each in bucket["LifecycleConfiguration"]["Rules"]}
    assert days == {"calls/": 10, "inbox/": 10, "incoming/": 15, None: None}
    statement = found["BucketPolicy"]["Properties"]["PolicyDocument"]["Statement"][0]
    assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


def test_only_the_bucket_tells_of_files(make: Make) -> None:
    """
    The queue takes messages of the one rule that watches the bucket's folder; bucket and queue need not wait in a ring.
    """
    found = resources(make(), "prod")["Resources"]
    pattern = found["Arrivals"]["Properties"]["EventPattern"]
    (statement,) = found["IncomingQueuePolicy"]["Properties"]["PolicyDocument"]["Statement"]

    assert pattern["detail"] == {"bucket": {"name": [{"Ref": "Bucket"}]}, "object": {"key": [{"prefix": "incoming/"}]}}
    assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": ["Arrivals", "Arn"]}}}
    assert found["Bucket"]["Properties"]["NotificationConfiguration"] == {
        "EventBridgeConfiguration": {"EventBridgeEnabled": True}
    }
    assert "Queue" not in json.dumps(found["Bucket"])
    assert "RedrivePolicy" in found["IncomingQueue"]["Properties"]


def test_uploads_arrive_byte_for_byte(make: Make) -> None:
    """
    Japanese text in CP932 would be destroyed if API Gateway took multipart bodies for UTF-8.
    """
    api = resources(make(), "prod")["Resources"]["RestAPI"]["Properties"]

    assert api["BinaryMediaTypes"] == ["multipart/form-data", "text/csv"]


def test_a_flood_is_throttled_and_still_answered_with_cors_headers(make: Make) -> None:
    """
    A browser can read API Gateway's own refusals.
    """
    api = resources(make(api_rate=7, api_burst=9), "prod")["Resources"]["RestAPI"]["Properties"]

    assert api["MethodSettings"][0]["ThrottlingRateLimit"] == 7
    assert api["MethodSettings"][0]["ThrottlingBurstLimit"] == 9
    assert api["MethodSettings"][0]["LoggingLevel"] == "OFF"
    assert api["GatewayResponses"].keys() == {"DEFAULT_4XX", "DEFAULT_5XX", "THROTTLED"}
    told = api["GatewayResponses"]["THROTTLED"]
    assert told["ResponseParameters"]["Headers"]["Retry-After"] == "'5'"
    assert "もう一度送信" in told["ResponseTemplates"]["text/html"]


def test_the_template_is_the_same_for_the_same_configuration(make: Make) -> None:
    """
    The order in which lanes are written in relay.toml does not matter.
    """
    lanes = dict(reversed(make().lanes.items()))

    assert json.dumps(resources(make(), "prod")) == json.dumps(resources(make(lanes=lanes), "prod"))

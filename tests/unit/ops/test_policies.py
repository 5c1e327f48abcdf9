from collections.abc import Callable
from dataclasses import replace
from typing import Any

from chalicelib.model import Config, Console, Destination, Dropin, Lane, Lookup, Poll, Source
from chalicelib.ops.names import ADVANCE, API, EXPAND, FUNCTIONS, TICK, UNPACK, Function
from chalicelib.ops.policies import policies
from chalicelib.ops.references import environment_references, parameter_arns, references, secret_arns

Make = Callable[..., Config]


def allowed(config: Config, function: Function) -> set[tuple[str, str]]:
    """
    Every (action, resource) that a function's role allows.
    """
    found = set()
    for statement in policies(config, "prod")[function]["Statement"]:
        plain: dict[str, Any] = statement["Fn::If"][1] if "Fn::If" in statement else statement
        for action in plain["Action"]:
            found |= {(action, _resource(each)) for each in plain["Resource"]}
    return found


def _resource(value: dict[str, Any]) -> str:
    return str(value.get("Ref") or value.get("Fn::Sub") or ".".join(value["Fn::GetAtt"]))


def test_no_role_names_everything(make: Make) -> None:
    """
    Each right has its resource.
    """
    for function in FUNCTIONS:
        assert not [each for each in allowed(make(), function) if each[1] == "*" or "*" in each[0]]


def test_only_advance_receives_from_backlogs(make: Make) -> None:
    """
    The backlog is pulled by one function; the doors only add to it.
    """
    for function in FUNCTIONS:
        may = ("sqs:ReceiveMessage", "LaneSatoriQueue.Arn") in allowed(make(), function)
        assert may == (function is ADVANCE)


def test_a_consumer_may_take_its_messages_off_its_queue(make: Make) -> None:
    """
    Without these rights AWS refuses the event source.
    """
    for function, queue in ((ADVANCE, "BellQueue.Arn"), (UNPACK, "InboxQueue.Arn"), (EXPAND, "IncomingQueue.Arn")):
        rights = {action for action, resource in allowed(make(), function) if resource == queue}
        assert {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"} <= rights


def test_long_files_of_drop_ins_may_lie_in_the_bucket(make: Make) -> None:
    """
    The door puts them there; unpacking reads them, empties them and sends itself on. Without a drop-in nobody may.
    """
    objects, inbox = "${Bucket.Arn}/inbox/*", "InboxQueue.Arn"
    source = Source(name="files", preset="custcsv", dropin=Dropin(face="custcsv"))
    config = make(sources={"files": source})

    assert ("s3:PutObject", objects) in allowed(config, API)
    assert {("s3:GetObject", objects), ("s3:PutObject", objects), ("sqs:SendMessage", inbox)} <= allowed(config, UNPACK)
    assert objects not in {resource for _, resource in allowed(make(), API) | allowed(make(), UNPACK)}


def test_a_new_lane_brings_its_permissions(make: Make) -> None:
    """
    No policy need be edited by hand.
    """
    config = make(lanes={"maildealer": Lane(name="maildealer", vendor="maildealer", batching=False)})

    for function in (API, ADVANCE, UNPACK):
        assert ("sqs:SendMessage", "LaneMaildealerQueue.Arn") in allowed(config, function)


def test_only_advance_touches_the_bucket(make: Make) -> None:
    """
    Files are laid down and taken up by the one function that sends them, which also sees that one has expired.
    """
    for function in FUNCTIONS:
        may = {action for action, resource in allowed(make(), function) if resource == "${Bucket.Arn}/*"}
        assert may == ({"s3:GetObject", "s3:PutObject"} if function is ADVANCE else set())
    assert ("s3:ListBucket", "Bucket.Arn") in allowed(make(), ADVANCE)


def test_files_that_come_are_let_in_by_the_api_and_read_by_expand(make: Make) -> None:
    """
    An address that the api signs reaches nothing but the folder for files; who reads them there also empties them.
    """
    for function in FUNCTIONS:
        may = {action for action, resource in allowed(make(), function) if resource == "${Bucket.Arn}/incoming/*"}
        assert may == {API: {"s3:PutObject"}, EXPAND: {"s3:GetObject", "s3:PutObject"}}.get(function, set())
    tellers = {each for each in FUNCTIONS if ("sqs:SendMessage", "IncomingQueue.Arn") in allowed(make(), each)}
    assert tellers == {EXPAND, TICK}


def test_only_a_console_lets_the_api_look_through_the_table(make: Make) -> None:
    """
    Its lists, the files that were sent, and its accounts; without one the form door gains nothing.
    """
    bare, given = make(), make(console=Console(accounts=("ssm:/acme/console",)))
    gained = allowed(given, API) - allowed(bare, API)

    assert {each for each in gained if not each[0].startswith("ssm:")} == {
        ("dynamodb:Query", "${Table.Arn}/index/attention"),
        ("s3:GetObject", "${Bucket.Arn}/incoming/*"),
        ("s3:GetObject", "${Bucket.Arn}/calls/*"),
        ("s3:ListBucket", "Bucket.Arn"),
        ("sqs:SendMessage", "IncomingQueue.Arn"),
    }
    assert set(references(given, API)) - set(references(bare, API)) == {"ssm:/acme/console"}
    for function in set(FUNCTIONS) - {API}:
        assert allowed(given, function) == allowed(bare, function)


def test_a_function_writes_its_own_log_only(make: Make) -> None:
    """
    One function cannot write into the log of another.
    """
    for function in FUNCTIONS:
        groups = {resource for action, resource in allowed(make(), function) if action.startswith("logs:")}
        assert [group.rsplit("/", 1)[1] for group in groups] == [f"acme-prod-{function.short}:*"]


def test_the_api_reads_only_what_a_request_needs(make: Make) -> None:
    """
    Senders' secrets, and the credentials of vendors that a form calls at once; not those of a batching lane.
    """
    assert references(make(), API) == (
        "ssm:/acme/key",
        "ssm:/acme/satori",
        "ssm:/acme/shop",
        "ssm:/acme/shop-before",
        "ssm:/acme/shop-token",
    )


def test_a_vendor_behind_the_fixed_address_is_not_called_from_a_request(make: Make) -> None:
    """
    The api has no use for its credentials, so it cannot read them.
    """
    lanes = {**make().lanes, "satori": Lane(name="satori", vendor="satori", batching=False, egress="fixed")}

    assert "ssm:/acme/satori" not in references(make(lanes=lanes), API)
    assert "ssm:/acme/satori" in references(make(lanes=lanes), ADVANCE)


def test_what_comes_from_the_inbox_needs_no_senders_secret(make: Make) -> None:
    """
    It was verified before it went in; only the key that digests addresses is read.
    """
    assert references(make(), UNPACK) == ("ssm:/acme/key",)


def test_advance_reads_all_credentials_and_no_senders_secret(make: Make) -> None:
    """
    It speaks to vendors and never to senders.
    """
    assert references(make(), ADVANCE) == ("secretsmanager:acme/haihai", "ssm:/acme/key", "ssm:/acme/satori")


def test_the_clockwork_reads_no_secret(make: Make) -> None:
    """
    The minute schedule only wakes lanes.
    """
    assert references(make(), TICK) == ()
    assert not [each for each in allowed(make(), TICK) if each[0].startswith(("ssm:", "secretsmanager:"))]


def test_a_lookup_lets_the_api_read_its_destinations_credentials_and_no_others(make: Make) -> None:
    """
    A visitor's question is answered inside the request; nothing else of the role changes.
    """
    lookup = Lookup(name="faq", destination="haihai", kind="qa", lane="haihai-import")
    asked = make(lookups={"faq": lookup})

    assert set(references(asked, API)) - set(references(make(), API)) == {"secretsmanager:acme/haihai"}
    assert all(references(asked, each) == references(make(), each) for each in FUNCTIONS if each is not API)


def test_a_poll_needs_no_right_that_advance_has_not_got(make: Make) -> None:
    """
    It is carried out by the function that reads all vendors' credentials, and by no other; the clock only rings.
    """
    poll = Poll(destination="haihai", retrieval="stopped", lane="haihai-import")
    source = Source(name="stopped", preset="haihaimail_stopped", poll=poll)
    polled, plain = make(sources={**make().sources, "stopped": source}), make()

    assert "secretsmanager:acme/haihai" in references(polled, ADVANCE)
    assert all(allowed(polled, each) == allowed(plain, each) for each in FUNCTIONS)


def test_references_become_the_arns_of_what_they_name() -> None:
    """
    A stored secret's ARN ends in six characters that AWS adds; a whole ARN is taken as it is.
    """
    arn = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:acme/haihai-AbCdEf"

    assert [each["Fn::Sub"] for each in secret_arns(["secretsmanager:acme/haihai", f"secretsmanager:{arn}"])] == [
        "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:acme/haihai-??????",
        arn,
    ]
    assert parameter_arns(["env:X", "secretsmanager:y"]) == []


def test_the_variables_of_a_local_stack_are_known(make: Make) -> None:
    """
    `make serve` can say beforehand which variables it needs.
    """
    assert environment_references(make(secret=("env:KEY", "env:KEY_BEFORE"))) == ("KEY", "KEY_BEFORE")


def test_mail_may_be_sent_as_the_configured_sender_alone(make: Make) -> None:
    """
    Only the function that advances sends mail; by its address or its domain, whichever is verified in SES.
    """
    post = Destination(
        name="post",
        vendor="email",
        lane="satori",
        base_url="ses:",
        credentials={},
        settings={"from": "窓口 <info@example.co.jp>"},
    )
    config = make(destinations={"post": post})
    identity = "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity"
    wanted = {("ses:SendEmail", f"{identity}/{name}") for name in ("info@example.co.jp", "example.co.jp")}
    local = make(destinations={"post": replace(post, settings={**post.settings, "server": "smtp://127.0.0.1:1025"})})

    (mail,) = (each for each in policies(config, "prod")[ADVANCE]["Statement"] if each.get("Sid") == "Mail")
    assert mail["Condition"] == {"StringEquals": {"ses:FromAddress": ["info@example.co.jp"]}}
    for function in FUNCTIONS:
        given = {each for each in allowed(config, function) if each[0] == "ses:SendEmail"}
        assert given == (wanted if function is ADVANCE else set())
        assert not [each for each in allowed(local, function) if each[0].startswith("ses:")]

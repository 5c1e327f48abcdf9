"""
`ekiden vendor check`: whether a destination is set up right, and what asking costs.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.cli.tools import Tools
from tests.sandbox.faults import Fault
from tests.scenarios.test_desk import LANE, STORY, person
from tests.scenarios.world import CONFIG, World
from tests.unit.cli.conftest import Ekiden, Make, flat
from tests.unit.sandbox.vendors import md_request

SUBNETS = """
[egress]
subnet_ids = ["subnet-0123456789abcdef1", "subnet-0123456789abcdef2"]
security_group_ids = ["sg-0123456789abcdef0"]
"""
FIXED = STORY.replace("mailbox = 1", 'mailbox = 1\negress = "fixed"') + SUBNETS


def over(typed: Make, world: World, **more: Any) -> Ekiden:
    return typed(connect=lambda _stage, _file: world.relay, **more)


@pytest.fixture
def desk() -> World:
    """A relay with a mailbox that has a customer."""
    world = World(STORY)
    world.submit("support", person())
    world.pass_minutes(2)
    return world


def used(world: World) -> int:
    """What the books have counted, in every window."""
    return sum(count for name, count in world.lane(LANE).items() if name.startswith("w:"))


def test_a_sound_destination_is_said_to_be_so_and_the_question_is_counted(desk: World, typed: Make) -> None:
    """Keys, mailbox, rights and item names are right; one call was spent, and the books know it."""
    before = used(desk)
    found = over(typed, desk)("vendor", "check", "desk", "--yes")

    assert found.exit_code == 0
    told = flat(found)
    assert "All of them can be read" in told
    assert "takes the token, the mailbox and the right" in told
    assert "All 5 mapped items are items of the account" in told
    assert "This machine asked, not AWS" in told
    assert [call.api for call in desk.desk.calls] == ["cust/update", "cust/get"]
    assert used(desk) == before + 1
    assert "example.co.jp" not in told


def test_it_asks_before_it_spends_a_call(desk: World, typed: Make) -> None:
    """No, or no answer at all, spends nothing; what can be seen without a call is shown anyway."""
    before = used(desk)
    for answer in ("n\n", ""):
        found = over(typed, desk)("vendor", "check", "desk", input=answer)
        assert found.exit_code == 0
        assert "Spend the call?" in flat(found)
        assert "4 of 4 calls are left in these 12 seconds" in flat(found)
    assert used(desk) == before
    over(typed, desk)("vendor", "check", "desk", input="y\n")
    assert used(desk) == before + 1


def test_a_mistyped_item_is_told_with_the_right_one(typed: Make) -> None:
    """The account's own names are compared with those that routes map, and with the settings."""
    world = World(STORY.replace('"会社名" = "company"', '"会社名" = "company"\n"会社名称" = "company"'))
    items = {"メールアドレス": "hanako@example.co.jp", "会社名": "見本"}
    world.desk.handle(md_request("cust/update", {"mboxNo": 1, "items": items}, token="desk-token"))
    found = over(typed, world)("vendor", "check", "desk", "--yes", "--json")

    assert found.exit_code == 1
    told = [each["what"] for each in json.loads(found.output)["findings"]]
    assert 'The account has no item "会社名称" (routes.support-desk-customer): did you mean "会社名"?' in told


def test_programs_get_json_and_spend_nothing_unasked(desk: World, typed: Make) -> None:
    """With --json there is no question; --yes spends the call."""
    quiet = json.loads(over(typed, desk)("vendor", "check", "desk", "--json").output)
    asked = json.loads(over(typed, desk)("vendor", "check", "desk", "--json", "--yes").output)

    assert (quiet["asked"], asked["asked"], asked["ok"]) == (False, True, True)
    assert {each["about"] for each in asked["findings"]} == {"credentials", "sender", "quota", "vendor"}


def test_an_empty_mailbox_cannot_name_its_items(typed: Make) -> None:
    """Nothing is wrong, but names cannot be compared: that is said."""
    found = over(typed, World(STORY))("vendor", "check", "desk", "--yes")

    assert found.exit_code == 0
    assert "has no customer yet" in flat(found)


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"addresses": ["203.0.113.1"]}, "IP restriction"),
        ({"missing_rights": ["個人情報の閲覧"]}, "API連携"),
        ({"licence": "invalid"}, "ライセンス"),
    ],
)
def test_what_the_vendor_refuses_is_told_and_pauses_nothing(
    desk: World, typed: Make, change: dict[str, Any], cause: str
) -> None:
    """The right to look may be missing where that to write is there; and the address may be this machine's alone."""
    desk.desk.change_switches(change)
    found = over(typed, desk)("vendor", "check", "desk", "--yes")

    assert found.exit_code == 1
    assert cause in flat(found)
    assert "may be this machine's alone" in flat(found)
    assert desk.relay.operator.lane_status(LANE).state.paused_reason == ""


def test_a_vendor_that_is_away_closes_the_lane_as_any_call_would(desk: World, typed: Make) -> None:
    """What the question learns of the vendor is not forgotten: maintenance, and a limit that others use up."""
    desk.desk.faults.add(Fault("early_429"))
    found = over(typed, desk)("vendor", "check", "desk", "--yes")

    assert found.exit_code == 1
    assert "call limit is reached" in flat(found)
    assert desk.relay.operator.lane_status(LANE).state.breaker.kind == "quota"


def test_no_question_is_asked_where_the_books_allow_none(desk: World, typed: Make) -> None:
    """A full slot, a paused lane: the question waits like any call, and says until when or what to do."""
    for number in range(1, 5):
        desk.submit("support", person(number))
    desk.answer_bells()
    full = over(typed, desk)("vendor", "check", "desk", "--yes")
    desk.relay.operator.pause(LANE, "by hand")
    paused = over(typed, desk)("vendor", "check", "desk", "--yes")

    assert (full.exit_code, paused.exit_code) == (1, 1)
    assert "(4 of 4 calls used). Ask again after" in flat(full)
    assert f"ekiden resume {LANE}" in flat(paused)
    assert {call.api for call in desk.desk.calls} == {"cust/update"}


def test_credentials_that_cannot_be_read_are_named_and_nobody_is_asked(desk: World, typed: Make) -> None:
    """Without keys a call would be wasted."""
    del desk.secrets.values["env:MAILDEALER_TOKEN"]
    found = over(typed, desk)("vendor", "check", "desk", "--yes")

    assert found.exit_code == 1
    assert "api_token (env:MAILDEALER_TOKEN) is missing" in flat(found)
    assert [call.api for call in desk.desk.calls] == ["cust/update"]


def test_one_secret_for_all_keys_is_looked_into(typed: Make) -> None:
    """A JSON object that lacks a key, is none, or is empty: the missing names are listed."""
    start = CONFIG.index("credentials.user_key")
    world = World(f'{CONFIG[:start]}credentials = "env:SATORI"\n{CONFIG[CONFIG.index("[destinations.haihai]") :]}')
    for value, told in (('{"user_key": "a"}', "does not have it"), ("x", "is no JSON object"), ("", "cannot be read")):
        world.secrets.values["env:SATORI"] = value
        found = over(typed, world)("vendor", "check", "satori")
        assert found.exit_code == 1
        assert f"company_key (env:SATORI {told})" in flat(found)


@pytest.mark.parametrize("name", ["satori", "haihai"])
def test_vendors_that_cannot_be_asked_are_said_to_be_so(typed: Make, name: str) -> None:
    """No call is made: nothing but a delivery could tell."""
    world = World()
    found = over(typed, world)("vendor", "check", name, "--yes")

    assert found.exit_code == 0
    assert "has no public API that tells" in flat(found)
    assert world.transport.sent == []


def test_an_unknown_destination_lists_the_known_ones(desk: World, typed: Make) -> None:
    """A sentence, and status 1."""
    found = over(typed, desk)("vendor", "check", "dest")

    assert found.exit_code == 1
    assert "The destinations are: desk, haihai, satori" in flat(found)


# ── the address that the vendor sees ──


class Network:
    """A little EC2: two subnets, one of them with the main route table of its network."""

    def __init__(self, *, gateway: str = "nat-1") -> None:
        self.gateway = gateway

    def describe_route_tables(self, Filters: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - AWS's name
        routes = [{"GatewayId": "local"}, *([{"NatGatewayId": self.gateway}] if self.gateway else [])]
        if Filters[0]["Name"] == "association.subnet-id":
            return {"RouteTables": [{"Associations": [{"SubnetId": "subnet-0123456789abcdef1"}], "Routes": routes}]}
        assert {"Name": "association.main", "Values": ["true"]} in Filters
        return {"RouteTables": [{"Associations": [{"Main": True}], "Routes": [{"NatGatewayId": "nat-2"}]}]}

    def describe_subnets(self, SubnetIds: list[str]) -> dict[str, Any]:  # noqa: N803 - AWS's name
        assert SubnetIds == ["subnet-0123456789abcdef2"]
        return {"Subnets": [{"SubnetId": "subnet-0123456789abcdef2", "VpcId": "vpc-1"}]}

    def describe_nat_gateways(self, NatGatewayIds: list[str]) -> dict[str, Any]:  # noqa: N803 - AWS's name
        found = {"nat-1": "203.0.113.7", "nat-2": "203.0.113.8"}
        gateways = [{"NatGatewayAddresses": [{"PublicIp": found[each]}]} for each in NatGatewayIds if each in found]
        return {"NatGateways": gateways}


def test_a_fixed_address_is_the_nats(typed: Make) -> None:
    """The Elastic IPs behind the subnets of [egress] are those to be let in."""
    ekiden = over(typed, World(FIXED), stage="prod", network=lambda _: Network())

    assert "The vendor sees 203.0.113.7 or 203.0.113.8" in flat(ekiden("vendor", "check", "desk", input="n\n"))


def test_an_address_that_is_not_found_is_not_made_up(typed: Make) -> None:
    """No gateway, no right to look, or the stage local: each is said as it is."""

    class NoGateway(Network):
        def describe_subnets(self, SubnetIds: list[str]) -> dict[str, Any]:  # noqa: N803, ARG002
            return {"Subnets": []}

        def describe_route_tables(self, Filters: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803, ARG002
            return {"RouteTables": []}

    def denied(_stage: str) -> Any:
        from botocore.exceptions import NoCredentialsError  # noqa: PLC0415 - as boto3 would

        raise NoCredentialsError

    world = World(FIXED)
    bare = over(typed, world, stage="prod", network=lambda _: NoGateway())
    blind = over(typed, world, stage="prod", network=denied)

    assert "they have no NAT gateway" in flat(bare("vendor", "check", "desk", input="n\n"))
    assert "There are no AWS credentials" in flat(blind("vendor", "check", "desk", input="n\n"))
    assert "the stage local has none" in flat(over(typed, world)("vendor", "check", "desk", input="n\n"))


def test_without_a_fixed_address_it_is_lambdas_own(desk: World, typed: Make) -> None:
    """Changing addresses cannot be let in one by one; the way out is named."""
    told = flat(over(typed, desk)("vendor", "check", "desk", input="n\n"))

    assert "changing addresses of AWS Lambda" in told
    assert 'egress = "fixed"' in told


def test_the_tools_have_a_network() -> None:
    """The default is the account that the environment names."""
    assert callable(Tools().network)

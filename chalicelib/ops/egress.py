"""
Which address a vendor sees: the Elastic IP behind the private subnets of `[egress]`, as the account's network has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Client = Any


def elastic_ips(client: Client, subnet_ids: Sequence[str]) -> tuple[str, ...]:
    """
    The public addresses of the NAT gateways that these subnets go out by; empty where they have none.
    """
    if not subnet_ids:
        return ()
    tables = _route_tables(client, subnet_ids)
    gateways = {route["NatGatewayId"] for table in tables for route in table["Routes"] if route.get("NatGatewayId")}
    if not gateways:
        return ()
    found = client.describe_nat_gateways(NatGatewayIds=sorted(gateways))["NatGateways"]
    addresses = (address for gateway in found for address in gateway.get("NatGatewayAddresses", ()))
    return tuple(sorted({address["PublicIp"] for address in addresses if address.get("PublicIp")}))


def _route_tables(client: Client, subnet_ids: Sequence[str]) -> list[Mapping[str, Any]]:
    """
    The route table of each subnet; one that names none has its network's main table.
    """
    filters = [{"Name": "association.subnet-id", "Values": list(subnet_ids)}]
    named = client.describe_route_tables(Filters=filters)["RouteTables"]
    bare = set(subnet_ids) - set(_subnets(named))
    if not bare:
        return list(named)
    networks = {each["VpcId"] for each in client.describe_subnets(SubnetIds=sorted(bare))["Subnets"]}
    if not networks:
        return list(named)
    filters = [{"Name": "vpc-id", "Values": sorted(networks)}, {"Name": "association.main", "Values": ["true"]}]
    return [*named, *client.describe_route_tables(Filters=filters)["RouteTables"]]


def _subnets(tables: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    for table in tables:
        for association in table.get("Associations", ()):
            if association.get("SubnetId"):
                yield association["SubnetId"]

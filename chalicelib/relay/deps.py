"""
What every part of the relay needs: the configuration, the vendors, the ports, and a few look-ups over them.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime

from chalicelib.destinations.kit import Operation, Vendor
from chalicelib.errors import SecretUnavailable
from chalicelib.model import Config, Delivery, Destination, Lane, MergeRules
from chalicelib.planning.tiers import open_tiers
from chalicelib.ports import Ports
from chalicelib.value import value

CONTACT_DIGEST_CHARS = 32


@value
class Deps:
    """
    Configuration, vendors and ports; nothing here changes while a worker lives.
    """

    config: Config
    vendors: Mapping[str, Vendor]
    ports: Ports

    def now(self) -> datetime:
        """
        The time, in UTC.
        """
        return self.ports.clock.now()

    def open_tiers(self) -> tuple[int, ...]:
        """
        The tiers of deliveries that may go now, the first first.
        """
        return open_tiers(self.now(), self.config.leftovers_hour)

    def lane(self, name: str) -> Lane | None:
        """
        A lane by name, or None where the configuration has it no more.
        """
        return self.config.lanes.get(name)

    def destination(self, name: str) -> Destination:
        """
        A destination by name.
        """
        return self.config.destinations[name]

    def vendor(self, destination: str) -> Vendor:
        """
        The vendor of a destination.
        """
        return self.vendors[self.destination(destination).vendor]

    def operation(self, destination: str, operation: str) -> Operation:
        """
        An operation of a destination's vendor.
        """
        return self.vendor(destination).operations[operation]

    def repeat_harmless(self, destination: str, operation: str) -> bool:
        """
        Whether the same call twice leaves the same state at a destination.
        """
        found, harmless = self.operation(destination, operation), self.vendor(destination).harmless
        return harmless(found, self.destination(destination)) if harmless else found.repeat_harmless

    def rules(self, delivery: Delivery) -> MergeRules:
        """
        How the payloads of a delivery's operation merge.
        """
        vendor = self.vendor(delivery.destination)
        operation = vendor.operations[delivery.operation]
        return vendor.rules(operation, delivery.settings, self.destination(delivery.destination))

    def known(self, delivery: Delivery) -> bool:
        """
        Whether the configuration still has this delivery's destination and operation, in the lane it waits in.
        """
        destination = self.config.destinations.get(delivery.destination)
        if destination is None or destination.lane != delivery.lane:
            return False
        return delivery.operation in self.vendors[destination.vendor].operations

    def signing_key(self) -> bytes:
        """
        The key that signs form tokens and digests addresses.
        """
        return self.ports.secrets.get(self.config.secret[0]).encode()

    def older_signing_keys(self) -> tuple[bytes, ...]:
        """
        Signing keys that are being rotated out: form tokens made with them still count. Unreadable ones are left out.
        """
        found = []
        for reference in self.config.secret[1:]:
            try:
                found.append(self.ports.secrets.get(reference).encode())
            except SecretUnavailable:
                continue
        return tuple(found)

    def contact(self, address: str, key: bytes) -> str:
        """
        The keyed digest of a normalised address: the same person, without the address.
        """
        return hmac.new(key, address.encode(), hashlib.sha256).hexdigest()[:CONTACT_DIGEST_CHARS] if address else ""

    def credentials(self, destination: Destination) -> dict[str, str]:
        """
        The vendor's credentials by name. Raises SecretUnavailable.
        """
        secrets, given = self.ports.secrets, destination.credentials
        if not isinstance(given, str):
            return {name: secrets.get(reference) for name, reference in given.items()}
        try:
            found = json.loads(secrets.get(given))
            return {name: str(found[name]) for name in self.vendors[destination.vendor].credentials}
        except (ValueError, TypeError, KeyError) as error:
            raise SecretUnavailable(f"{given} (a JSON object with the vendor's credentials is expected)") from error

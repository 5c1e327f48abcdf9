"""
Two things that must not happen by accident: a deployment past the packager, and a movable clock on real AWS.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

POINTER = """\
Ekiden is not deployed by Chalice alone: queues, table, alarms and permissions come from relay.toml.

  make deploy STAGE=prod CONFIG=relay.toml    package and deploy to AWS
  make serve CONFIG=relay.toml PORT=8080      run on this machine, on an embedded AWS
"""


def refuse_plain_chalice(environ: Mapping[str, str]) -> None:
    """
    End the program, with a pointer, where Chalice's own commands load the app and Ekiden's packager has not asked.
    """
    if environ.get("AWS_CHALICE_CLI_MODE") == "true" and environ.get("EKIDEN_PACKAGING") != "1":
        raise SystemExit(POINTER)


def movable_clock_allowed(environ: Mapping[str, str]) -> bool:
    """
    Whether EKIDEN_CLOCK_FILE may be obeyed: only where all AWS calls go to this machine.
    """
    host = urlsplit(environ.get("AWS_ENDPOINT_URL", "")).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False

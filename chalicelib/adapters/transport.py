"""
The transport port: requests over HTTP, messages through a mail server; what a call is stands in its address.
"""

from __future__ import annotations

from chalicelib.adapters.aws import Clients
from chalicelib.adapters.http import HttpTransport
from chalicelib.model import Call, NoReply, Reply


class Outbound:
    """
    Sends each call by the way that its address names.
    """

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._http = HttpTransport()

    def send(self, call: Call, *, timeout_seconds: float) -> Reply | NoReply:
        """
        The answer, or why there is none.
        """
        if call.url.startswith(("http:", "https:")):
            return self._http.send(call, timeout_seconds=timeout_seconds)
        from chalicelib.adapters import mail  # noqa: PLC0415 - only mail needs it

        if mail.is_mail(call):
            return mail.send(call, self._clients, timeout_seconds=timeout_seconds)
        return NoReply(reason="no way leads to such an address", sent=False)

"""
An SMTP server on loopback that keeps what it is given: the mailboxes behind a developer's machine.

`answers` maps a command (RCPT, DATA, ".") to the line that is said instead of yes; an empty line breaks the connection.
"""

from __future__ import annotations

import socketserver
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread
from typing import Any


@dataclass(kw_only=True)
class Sink:
    """
    What has arrived: (sender, recipients, message) each.
    """

    url: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)
    mails: list[tuple[str, list[str], bytes]] = field(default_factory=list)


@contextmanager
def smtp_sink(answers: Mapping[str, str] | None = None) -> Iterator[Sink]:
    """
    Let a sink listen on a free port until the block ends.
    """
    sink = Sink(answers=answers or {})
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.sink = sink
        host, port = server.server_address[:2]
        sink.url = f"smtp://{host!s}:{port}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield sink
        finally:
            server.shutdown()
            thread.join()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = False
    sink: Sink


class _Handler(socketserver.StreamRequestHandler):
    server: Any
    timeout = 5

    def handle(self) -> None:
        """
        One session: sender, recipients, message.
        """
        sink: Sink = self.server.sink
        sender, recipients = "", []
        self._say("220 sink")
        while line := self.rfile.readline().decode().strip():
            command = line.split(" ")[0].split(":")[0].upper()
            if command in sink.answers:
                if not sink.answers[command]:
                    return
                self._say(sink.answers[command])
                continue
            if command == "MAIL":
                sender = line.partition("<")[2].partition(">")[0]
            elif command == "RCPT":
                recipients.append(line.partition("<")[2].partition(">")[0])
            elif command == "DATA":
                self._say("354 go on")
                data = self._message()
                if sink.answers.get(".") == "":
                    return
                sink.mails.append((sender, recipients, data))
            said = {"DATA": sink.answers.get(".", "250 yes"), "QUIT": "221 bye"}
            self._say(said.get(command, "250 yes"))
            if command == "QUIT":
                return

    def _message(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        return b"".join(lines)

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())

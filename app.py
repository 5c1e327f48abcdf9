"""
Ekiden's doors: HTTP routes, the bell, the inbox, uploads and the minute. Everything behind them is chalicelib.relay.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from chalice.app import Chalice, Rate, Request, Response, SQSEvent

from chalicelib.guard import refuse_plain_chalice
from chalicelib.model import Envelope
from chalicelib.model import Response as Answer
from chalicelib.relay import Relay

refuse_plain_chalice(os.environ)

# Powertools writes the logs; Chalice's own handler would write every line a second time.
app = Chalice(app_name="ekiden", configure_logs=False)
# Only these two: a type that is also answered with would turn answers into 400s where a sender gives no Accept header.
app.api.binary_types = [*app.api.binary_types, "multipart/form-data", "text/csv"]
ANY_TYPE = ["*/*"]
# Programs whose requests are templates of their operator may say PUT or PATCH where they mean "take this".
DATA = ["POST", "PUT", "PATCH"]


@cache
def relay() -> Relay:
    """
    The one relay of this worker, built when it is first needed.
    """
    from chalicelib.wiring import build  # noqa: PLC0415 - packaging loads this file without an environment

    return build(os.environ)


# ── HTTP ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@app.route("/in/{source}", methods=DATA, content_types=ANY_TYPE)
def receive(source: str) -> Response:
    """
    A form or a webhook.
    """
    return to_response(relay().accept(to_envelope(source)))


@app.route("/in/{source}/{token}", methods=DATA, content_types=ANY_TYPE)
def receive_with_token(source: str, token: str) -> Response:
    """
    A webhook whose sender can only be told a secret address.
    """
    return to_response(relay().accept(to_envelope(source, token)))


@app.route("/in/{source}/api/v1/custcsv/import", methods=["POST"], content_types=ANY_TYPE)
def receive_csv(source: str) -> Response:
    """
    A file for 配配メール, from a program that takes Ekiden for it; this address says whose.
    """
    return to_response(relay().accept(to_envelope(source, face="custcsv")))


@app.route("/{account}/api/v1/custcsv/import", methods=["POST"], content_types=ANY_TYPE)
def receive_csv_of(account: str) -> Response:
    """
    The same from a program that can only be told another host and account.
    """
    return to_response(relay().accept(to_envelope(account, face="custcsv")))


@app.route("/", methods=["POST"], content_types=ANY_TYPE)
def receive_at_root() -> Response:
    """
    A file for 配配メール's older import (?ac=ScheduleCsvImport), from a program that can only be told another host.
    """
    return to_response(relay().accept(to_envelope("")))


@app.route("/in/{source}", methods=["GET"])
def greet(source: str) -> Response:
    """
    A sender's handshake, or somebody who opened a form's address in a browser.
    """
    return to_response(relay().accept(to_envelope(source)))


@app.route("/in/{source}", methods=["OPTIONS"], content_types=ANY_TYPE)
def preflight(source: str) -> Response:
    """
    A browser that asks whether a page may send here.
    """
    return to_response(relay().preflight(to_envelope(source)))


@app.route("/token/{source}", methods=["GET"])
def fill_token(source: str) -> Response:
    """
    A fill-time token for a form's page.
    """
    return to_response(relay().fill_token(to_envelope(source)))


@app.route("/submissions/{event_id}", methods=["GET", "OPTIONS"])
def submission(event_id: str) -> Response:
    """
    What became of a submission, for who has its receipt.
    """
    return to_response(relay().submission(to_envelope(""), event_id))


@app.route("/ticket", methods=["POST"], content_types=ANY_TYPE)
def ticket() -> Response:
    """
    What a vendor answered after the visitor had gone on, for the thank-you page.
    """
    return to_response(relay().ticket(to_envelope("")))


@app.route("/ekiden.js", methods=["GET"])
def script() -> Response:
    """
    The script for pages with forms.
    """
    return to_response(relay().script(to_envelope(""), "ekiden.js"))


@app.route("/thanks.js", methods=["GET"])
def thanks_script() -> Response:
    """
    The script for thank-you pages.
    """
    return to_response(relay().script(to_envelope(""), "thanks.js"))


@app.route("/lookup/{name}", methods=["GET"])
def look_up(name: str) -> Response:
    """
    A question of a website's visitor.
    """
    visitor = (app.current_request or Request({})).context.get("identity", {}).get("sourceIp", "")
    return to_response(relay().look_up(to_envelope(name), visitor=visitor or ""))


@app.route("/health", methods=["GET"])
def health() -> Response:
    """
    Whether submissions can be taken.
    """
    return to_response(relay().health())


@app.route("/console", methods=["GET", "POST"], content_types=ANY_TYPE)
@app.route("/console/{page}", methods=["GET", "POST"], content_types=ANY_TYPE)
@app.route("/console/{page}/{name}", methods=["GET", "POST"], content_types=ANY_TYPE)
def console(page: str = "", name: str = "") -> Response:
    """
    The operator's console.
    """
    return to_response(
        relay().console(to_envelope("console"), page, name, (app.current_request or Request({})).context)
    )


# ── bells ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@app.on_sqs_message(queue="ekiden-bell", batch_size=1, name="advance", maximum_concurrency=10)
def advance(event: SQSEvent) -> None:
    """
    A bell: advance the lane it names.
    """
    for record in event:
        relay().ring(record.body, deadline=deadline(event))


@app.on_sqs_message(queue="ekiden-inbox", batch_size=1, name="unpack", maximum_concurrency=10)
def unpack(event: SQSEvent) -> None:
    """
    An envelope that the table could not take when it came.
    """
    for record in event:
        relay().unpack(record.body)


@app.on_sqs_message(queue="ekiden-incoming", batch_size=1, name="expand", maximum_concurrency=2)
def expand(event: SQSEvent) -> None:
    """
    A file that was uploaded, or that is to be read further.
    """
    for record in event:
        relay().expand(record.body, deadline=deadline(event))


@app.schedule(Rate(1, unit=Rate.MINUTES), name="tick")
def tick(_event: object) -> None:
    """
    Every minute: ring the lanes that have work.
    """
    relay().tick()


# ── neutral forms ───────────────────────────────────────────────────────────────────────────────────────────────────


def to_envelope(source: str, token: str | None = None, face: str = "") -> Envelope:
    """
    The current request as an envelope; `face` names the API whose address was called.
    """
    request = app.current_request or Request({})
    query: Any = request.query_params or {}
    return Envelope(
        source=source,
        method=request.method,
        headers={name.lower(): value for name, value in request.headers.items()},
        query={name: tuple(query.getlist(name)) for name in query},
        path_token=token,
        body=request.raw_body if isinstance(request.raw_body, bytes) else request.raw_body.encode(),
        received_at=relay().now(),
        face=face,
    )


def to_response(answer: Answer) -> Response:
    """
    A neutral answer as Chalice's.
    """
    return Response(status_code=answer.status, headers=dict(answer.headers), body=answer.body)


def deadline(event: SQSEvent) -> datetime:
    """
    When this worker's time is up, by the relay's clock.
    """
    context: Any = event.context
    return relay().now() + timedelta(milliseconds=context.get_remaining_time_in_millis())

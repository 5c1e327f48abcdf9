"""
The relay.toml of a seed, and how it is changed at noon.
"""

from __future__ import annotations

from dataclasses import replace

from chalicelib.config import parse
from chalicelib.destinations import VENDORS
from chalicelib.model import Config, Limit
from chalicelib.sources import PRESETS
from tests.scenarios.world import CONFIG
from tests.simulation.options import Options

SATORI = "satori-satori"
HAIHAI = "haihaimail-api-sample-import"
LANES = {"satori": SATORI, "haihaimail": HAIHAI}
SLOT_SECONDS = {SATORI: 60, HAIHAI: 600}

HEAD = CONFIG[: CONFIG.index("[[routes]]")].replace(
    '{ stopped = "unsubscribe", "*" = "upsert" }', '{ stopped = "unsubscribe", gone = "delete", "*" = "upsert" }'
)

ACCOUNT = """
base_url = "https://a01.hm-f.jp"
account = "api_sample"
credentials = { login_id = "env:HAIHAI_LOGIN_ID", api_token = "env:HAIHAI_TOKEN" }
"""

ROUTES = """
[[routes]]
name = "contact-satori"
from = "contact"
to = "satori"
operation = "upsert"
[routes.fields]
email = "email"
last_name = "name"
lead_company_name = "company"
append_tags = { expr = "join('', ['t', n])" }
collection_route = { const = "問合せフォーム" }

[[routes]]
name = "newsletter-haihai"
from = "newsletter"
to = "haihai-b"
operation = "register"
[routes.settings]
gid = 13
[routes.fields]
"メールアドレス" = "email"
"お名前" = "name"

[[routes]]
name = "crm-satori"
from = "crm"
to = "satori"
operation = "upsert"
when = "type == 'changed'"
[routes.fields]
email = "email"
last_name = "name"
lead_company_name = "company"
delivery_permission = "permission"
append_tags = { expr = "join('', ['t', n])" }
collection_route = { const = "CRM" }

[[routes]]
name = "crm-satori-gone"
from = "crm"
to = "satori"
operation = "delete"
on = ["delete"]
[routes.fields]
email = "email"

[[routes]]
name = "crm-haihai"
from = "crm"
to = "haihai"
operation = "register"
when = "type == 'changed'"
[routes.settings]
gid = 12
[routes.fields]
"メールアドレス" = "email"
"お名前" = "name"
"会社名" = "company"

[[routes]]
name = "crm-haihai-stop"
from = "crm"
to = "haihai"
operation = "stop"
on = ["unsubscribe"]
[routes.settings]
gid = 12
[routes.fields]
"メールアドレス" = "email"

[[routes]]
name = "crm-haihai-allow"
from = "crm"
to = "haihai"
operation = "allow"
when = "type == 'allowed'"
[routes.settings]
gid = 12
[routes.fields]
"メールアドレス" = "email"
"""


def config_of(options: Options, *, calls_per_day: int = 0) -> Config:
    """
    The configuration of a seed, with its limits; `calls_per_day` is another daily limit than the seed began with.
    """
    settings = f"""
plan = "{"dedicated" if calls_per_day > 240 else "shared"}"
calls_per_day = {calls_per_day or options.calls_per_day}
reserve = {min(options.reserve, (calls_per_day or options.calls_per_day) - 1)}
gap_seconds_min = {options.gap_seconds}
counts = "{options.counts}"
rows_max = {options.rows_max}
settle_seconds = {options.settle_seconds}
{ACCOUNT}"""
    head = HEAD[: HEAD.index("[destinations.haihai]")]
    accounts = "".join(f'\n[destinations.{name}]\nvendor = "haihaimail"{settings}' for name in ("haihai", "haihai-b"))
    config = parse(head + accounts + ROUTES, vendors=VENDORS, presets=PRESETS)
    if calls_per_day > 240:
        return config
    return replace(config, lanes={name: _bounded(options, config, name) for name in config.lanes})


def without(config: Config, what: str) -> Config:
    """
    The configuration after an operator has taken something away: some routes, or a destination with its routes.
    """
    if what == "routes":
        return replace(config, routes=tuple(each for each in config.routes if each.source != "crm"))
    destinations = {name: each for name, each in config.destinations.items() if name != what}
    lanes = {each.lane for each in destinations.values()}
    return replace(
        config,
        destinations=destinations,
        routes=tuple(each for each in config.routes if each.destination != what),
        lanes={name: lane for name, lane in config.lanes.items() if name in lanes},
    )


def _bounded(options: Options, config: Config, name: str) -> object:
    """
    A lane with the windows of this seed: the day's, and slots of minutes.
    """
    lane = config.lanes[name]
    limits = list(lane.limits)
    day, slot = (options.satori_day, options.satori_slot) if name == SATORI else (0, options.haihai_slot)
    if day:
        limits.append(Limit(calls=day, per="day", reserve=options.reserve))
    if slot:
        limits.append(Limit(calls=slot, per="slot", slot_seconds=SLOT_SECONDS[name]))
    counts = options.satori_counts if name == SATORI else lane.counts
    egress = options.egress if name == SATORI else lane.egress
    return replace(lane, limits=tuple(limits), counts=counts, attempts_max=options.attempts_max, egress=egress)

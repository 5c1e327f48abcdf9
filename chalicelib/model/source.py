"""
A Source is data: a preset over six primitives (verify, handshake, parse, records, event, respond).

No source has code of its own. A preset is a few declared lines; relay.toml may override each of them, so that a new
sender needs no Python. Secrets are references (`ssm:…`, `secretsmanager:…`, `env:…`); two live values for rotation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from chalicelib.model.dropin import Dropin
from chalicelib.model.poll import Poll
from chalicelib.model.proof import Captcha, Equals
from chalicelib.model.secret import SecretRefs
from chalicelib.value import value


@value
class Token:
    """
    A shared secret that the sender repeats: `place` is path, query, header, basic, form or json.

    `name` is the parameter, header, or (json) JMESPath of the value; `prefix` is stripped first ("Bearer ").
    For basic, `name` is the user name (empty: any) and the secret is the password.
    """

    place: str
    name: str = ""
    prefix: str = ""
    secret: SecretRefs


@value
class Hmac:
    """
    A signature over the raw body, as every sender makes it that signs (docs/senders.md).

    `headers`: names tried in order. `style`: plain (the header is the signature), kv (`t=…,v1=…`), list
    (`v1,<sig> v1,<sig>`). `prefix`: literal before a plain signature ("sha256=", "v0="). `tag`: which kv or list
    entries count ("v1"). `encoding`: hex or base64. `algorithm`: sha256 or sha1. `key`: utf8 (the secret's bytes) or
    whsec (base64 after "whsec_"). `signed`: template over {body} {ts} {method} {url} {secret} {h:<header>}.
    `timestamp_header` (or the kv field `timestamp_field`), `timestamp_unit` s or ms, `tolerance_seconds` each way.
    `construction`: hmac or hash (plain digest of the template). `url_decode`: "hubspot" decodes the characters that
    HubSpot v3 decodes before signing. URL-signing schemes need the relay's configured public_url.
    """

    headers: tuple[str, ...]
    style: str = "plain"
    prefix: str = ""
    tag: str = "v1"
    encoding: str = "hex"
    algorithm: str = "sha256"
    key: str = "utf8"
    signed: str = "{body}"
    timestamp_header: str = ""
    timestamp_field: str = ""
    timestamp_unit: str = "s"
    tolerance_seconds: int = 300
    construction: str = "hmac"
    url_decode: str = ""
    secret: SecretRefs


@value
class Browser:
    """
    What can be asked of a public form: an allow-listed Origin (empty: any), when the browser sends one.
    """

    origins: tuple[str, ...] = ()


Verify = Token | Hmac | Browser | Equals | Captcha
"""
One check of the sender. A source lists several; all must pass.
"""


@value
class Handshake:
    """
    A sender's proof-of-ownership ritual: echo a query parameter (GET) or a JSON field (POST).

    `place` is query or json; `echo` the name to echo; `when` the values that mark a handshake. For query,
    `token_name`/`secret` is the parameter that must equal a secret.
    """

    place: str
    echo: str
    when: Mapping[str, str] = field(default_factory=dict)
    token_name: str = ""
    secret: SecretRefs = ()


@value
class Parse:
    """
    Bytes to fields.

    `format` is auto, urlencoded, multipart, json or soap; `charset` auto (`_charset_`, else the header's,
    else UTF-8), utf-8 or cp932. `json_in_field`: the form field whose value is the JSON (MovableType's `entry`).
    `charset_in`: the query parameter or form field that names the charset too (Web-to-Lead's `encoding`).
    `lenient` is for senders that a refusal does not teach: what they send and nobody can read, or is too large, is held
    instead of refused; unescaped line ends within JSON pass, and JSON is recognised under a form's type. `files` is
    refuse or drop.
    """

    format: str = "auto"
    charset: str = "auto"
    json_in_field: str = ""
    lenient: bool = False
    charset_in: str = ""
    files: str = "refuse"
    fields_max: int = 200
    depth_max: int = 12


@value
class Records:
    """
    Which parts of the parsed body are the single records, and how a record becomes flat fields.

    `path`: JMESPath to an object or a list; empty is the whole body. `pairs`: JMESPath to a list of {key, value}
    objects inside a record, with `pairs_key`/`pairs_value` (Typeform, Google Ads). `map_value`: JMESPath to an object
    whose members hold their value under `map_value_name` (kintone, HubSpot workflow). `carry`: members of the body
    that every record of it gets too, where it has none of that name (Zoho's operation and server_time).
    """

    path: str = ""
    pairs: str = ""
    pairs_key: str = "key"
    pairs_value: str = "value"
    map_value: str = ""
    map_value_name: str = "value"
    carry: tuple[str, ...] = ()
    records_max: int = 500


@value
class EventRule:
    """
    How a record names itself: kind, id and time, each a JMESPath over the record (or `header:Name`).

    `kinds` maps the sender's word to upsert, unsubscribe, delete or ignore; "*" is the fall-back. `detail` finds a
    second word: "WORD DETAIL" is looked up before "WORD" (Shopify's consent topic and its state). `time_unit` is iso,
    s or ms; a time without zone is read in `time_zone` (UTC offset in hours). `sequence`: a number that rises with each
    change, for senders whose times are too coarse to tell two changes apart (kintone's $revision). `test`: JMESPath
    that is true for test deliveries. `dedupe_seconds`: how long an id is remembered (ids: 7 days; body digests: at most
    10 minutes).
    """

    kind: str = ""
    detail: str = ""
    kinds: Mapping[str, str] = field(default_factory=dict)
    id: str = ""
    time: str = ""
    time_unit: str = "iso"
    time_zone: int = 9
    sequence: str = ""
    test: str = ""
    dedupe_seconds: int = 604_800


@value
class Respond:
    """
    The success answer: kind json, text, empty, soap or page (a browser form), with its status and fixed body.
    """

    kind: str = "json"
    status: int = 200
    body: str = ""


@value
class FormField:
    """
    One declared field of a form, for the door's own check and for the visitor's page.

    `type` is text, email, tel, url, textarea, checkbox or choice; `choices` bounds the last; `chars_max` counts
    characters. Undeclared fields pass.
    """

    name: str
    label: str = ""
    label_en: str = ""
    type: str = "text"
    required: bool = False
    chars_max: int = 0
    choices: tuple[str, ...] = ()


@value
class Form:
    """
    What only a visitor's form has: where to go afterwards, and the quiet defences.

    `thanks`: redirect target; `redirects`: origins that the field `next_field` may point to. `patience_seconds`: how
    long a browser may wait for the vendor's answer. `controls`: fields besides `_…` that are nobody's data. `honeypot`:
    a field that people leave empty. `token`: off, optional or required signed fill-time token;
    `fill_seconds_min`/`token_seconds_max` bound its age. `consent_field`/`consent_text` are kept with the event.
    """

    thanks: str
    redirects: tuple[str, ...] = ()
    next_field: str = "_next"
    patience_seconds: float = 3.0
    controls: tuple[str, ...] = ()
    honeypot: str = "_gotcha"
    token: str = "off"  # noqa: S105 - a mode, not a secret
    fill_seconds_min: float = 2.0
    token_seconds_max: int = 86_400
    consent_field: str = ""
    consent_text: str = ""
    title: str = ""
    title_en: str = ""
    fields: tuple[FormField, ...] = ()


@value
class Ceiling:
    """
    More than `events` of one source per hour or day (JST) are held, so that a flood cannot eat a vendor's quota.
    """

    events: int
    per: str


FILE_BYTES_MAX = 31_457_280
"""
30 MiB. What is larger belongs into several files.
"""


@value
class Files:
    """
    What a source takes that sends files: their size in bytes, and their charset (auto, utf-8 or cp932).
    """

    bytes_max: int = FILE_BYTES_MAX
    charset: str = "auto"


@value
class Source:
    """
    A configured place that sends.

    `files`: it sends files, each by an address that it asks for. `poll`: it does not send, but is asked.
    """

    name: str
    preset: str
    verify: tuple[Verify, ...] = ()
    handshake: tuple[Handshake, ...] = ()
    parse: Parse = Parse()
    records: Records = Records()
    event: EventRule = EventRule()
    respond: Respond = Respond()
    form: Form | None = None
    ceiling: Ceiling | None = None
    dropin: Dropin | None = None
    body_bytes_max: int = 262_144
    personal: tuple[str, ...] = ()
    files: Files | None = None
    poll: Poll | None = None

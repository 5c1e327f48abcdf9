"""
Captchas of forms: the proof that a widget put into a form, the question to its provider, and what the answer means.

A proof is good for one question. What is kept of it is a keyed digest alone, under which the relay remembers for a
while that it was good, so that a form sent twice, or mended and sent again, is not refused for its own first try.
(Cloudflare Turnstile, Google reCAPTCHA and hCaptcha: server-side verification; checked 2026-11.)
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import field
from urllib.parse import urlencode

from chalicelib.errors import EnvelopeRefused, Unusable
from chalicelib.model import Call, Captcha, Envelope, NoReply, Reply, Source
from chalicelib.model.arrival import Json
from chalicelib.sources import bodies, forms
from chalicelib.value import value

CARRIED_FIELD = "_captcha"
"""
The control field that carries a proof's digest through the page on which a visitor mends a form.
"""

PROOF_CHARS_MAX = 8_192
DIGEST_CHARS = 32


@value
class Provider:
    """
    Where a provider answers, which field its widget fills, and what it says of a proof that was used before.
    """

    url: str
    field: str
    spent: frozenset[str]


PROVIDERS: Mapping[str, Provider] = {
    "turnstile": Provider(
        url="https://challenges.cloudflare.com/turnstile/v0/siteverify",
        field="cf-turnstile-response",
        spent=frozenset({"timeout-or-duplicate"}),
    ),
    "recaptcha": Provider(
        url="https://www.google.com/recaptcha/api/siteverify",
        field="g-recaptcha-response",
        spent=frozenset({"timeout-or-duplicate"}),
    ),
    "hcaptcha": Provider(
        url="https://api.hcaptcha.com/siteverify",
        field="h-captcha-response",
        spent=frozenset({"already-seen-response", "invalid-or-already-seen-response", "expired-input-response"}),
    ),
}
_DIGEST = re.compile(r"[0-9a-f]{32}")
_OURS = frozenset({"missing-input-secret", "invalid-input-secret", "sitekey-secret-mismatch"})


@value
class Proof:
    """
    What a form brought: the widget's proof, and the digest that our own page carried on instead of one.
    """

    text: str = field(default="", repr=False)
    carried: str = field(default="", repr=False)

    def digest(self, source: Source, key: bytes) -> str:
        """
        The name under which the relay remembers the proof: nobody can find the proof from it, or make one up.
        """
        if not self.text:
            return self.carried
        mark = b"captcha\0" + source.name.encode() + b"\0" + self.text.encode()
        return hmac.new(key, mark, hashlib.sha256).hexdigest()[:DIGEST_CHARS]


@value
class Judgement:
    """
    What an answer means: passed, failed, spent (used before, or too old), or unknown (nobody can say now).

    `ours` marks a secret key that the provider refuses: the operator must act. `reason` is for the log.
    """

    kind: str
    reason: str = ""
    ours: bool = False


def check_of(source: Source) -> Captcha | None:
    """
    The captcha of a source; a source has one at most.
    """
    return next((check for check in source.verify if isinstance(check, Captcha)), None)


def proof_of(envelope: Envelope, source: Source, check: Captcha) -> Proof:
    """
    The proof that a form brought. Raises EnvelopeRefused where it cannot be read, or brought none (422).
    """
    if len(envelope.body) > source.body_bytes_max:
        raise EnvelopeRefused(413, "too_large", f"The body is larger than {source.body_bytes_max:,} bytes.")
    try:
        fields = bodies.read(envelope, source.parse).value
    except Unusable:
        fields = None
    found = fields if isinstance(fields, dict) else {}
    proof = Proof(text=_text(found.get(PROVIDERS[check.provider].field)), carried=_text(found.get(CARRIED_FIELD)))
    if not proof.text and not proof.carried:
        raise EnvelopeRefused(422, "captcha_missing", "The captcha has not been solved.")
    if len(proof.text) > PROOF_CHARS_MAX or (proof.carried and not _DIGEST.fullmatch(proof.carried)):
        raise failed()
    return proof


def failed() -> EnvelopeRefused:
    """
    The one answer to a captcha that was not solved rightly.
    """
    return EnvelopeRefused(403, "captcha", "The captcha could not be confirmed. Please solve it again.")


def question(check: Captcha, proof: Proof, secret: str, digest: str) -> Call:
    """
    The request to the provider. The visitor's address is not sent.

    Turnstile answers a repeated question with the first answer if both carry the same key.
    """
    asked = {"secret": secret, "response": proof.text}
    if check.provider == "turnstile":
        asked["idempotency_key"] = f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}"
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    return Call(url=check.url or PROVIDERS[check.provider].url, headers=headers, body=urlencode(asked).encode())


def judge(check: Captcha, reply: Reply | NoReply) -> Judgement:
    """
    What the provider's answer means. Never raises.
    """
    if isinstance(reply, NoReply):
        return Judgement(kind="unknown", reason=reply.reason)
    answer = _answer(reply)
    if answer is None:
        return Judgement(kind="unknown", reason=f"HTTP {reply.status} without an answer that can be read")
    if answer["success"] is True:
        why = _doubt(check, answer)
        return Judgement(kind="failed" if why else "passed", reason=why)
    given = answer.get("error-codes")
    return _complaint(check, {each for each in given if isinstance(each, str)} if isinstance(given, list) else set())


def _complaint(check: Captcha, codes: set[str]) -> Judgement:
    if codes & _OURS:
        return Judgement(kind="unknown", reason="the provider does not know the secret key", ours=True)
    if codes & PROVIDERS[check.provider].spent:
        return Judgement(kind="spent", reason="used before, or too old")
    if "internal-error" in codes:
        return Judgement(kind="unknown", reason="the provider reports a fault of its own")
    return Judgement(kind="failed", reason="not solved")


def _answer(reply: Reply) -> dict[str, Json] | None:
    """
    The provider's JSON, if it says whether the proof is good.
    """
    try:
        found = json.loads(reply.body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and isinstance(found.get("success"), bool) else None


def _doubt(check: Captcha, answer: Mapping[str, Json]) -> str:
    """
    Why a good proof does not count: another site's, another action's, or too low a score.
    """
    if check.hostnames and answer.get("hostname") not in check.hostnames:
        return "solved on another site"
    if check.action and answer.get("action") != check.action:
        return "solved for another action"
    if check.score_min <= 0:
        return ""
    score = answer.get("score")
    if isinstance(score, bool) or not isinstance(score, int | float):
        return "the answer has no score"
    return "the score is too low" if score < check.score_min else ""


def _text(found: Json) -> str:
    return next((each.strip() for each in forms.answers(found) if isinstance(each, str)), "")

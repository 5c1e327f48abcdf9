"""
Asking whether a person filled a form: a captcha's provider, within the visitor's patience, and what was found before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib import sources
from chalicelib.errors import EnvelopeRefused, StoreUnavailable
from chalicelib.model import Captcha, Envelope, Notice, Source
from chalicelib.ports import Lost
from chalicelib.records import captchas
from chalicelib.relay.deps import Deps
from chalicelib.relay.notices import Notices
from chalicelib.sources import captcha
from chalicelib.sources.captcha import Judgement, Proof

ASK_SECONDS_MIN = 0.5
"""
What a provider is given at least, however little of the visitor's patience is left.
"""

POLL_SECONDS = 0.2
POLLS_MAX = 10
"""
A form sent twice at once: the second waits so long for what the first one finds out.
"""


class Guard:
    """
    Lets visitors' forms pass that carry a good proof, and takes out of envelopes what must not be kept.
    """

    def __init__(self, deps: Deps, notices: Notices) -> None:
        self._deps = deps
        self._notices = notices

    def admit(self, envelope: Envelope, source: Source, secrets: Mapping[str, str]) -> Envelope:
        """
        The envelope as it may be kept. Raises EnvelopeRefused for a captcha that is missing or not solved.
        """
        check = captcha.check_of(source)
        if check is None:
            return sources.withhold(envelope, source)
        proof = captcha.proof_of(envelope, source, check)
        digest = proof.digest(source, self._deps.signing_key())
        found = self._judge(envelope, source, check, proof, digest, secrets)
        if found.kind == "passed":
            return sources.withhold(envelope, source, captcha=digest)
        if found.kind == "unknown":
            return self._without_answer(sources.withhold(envelope, source), source, check, found)
        self._deps.ports.journal.log("captcha.refused", source=source.name, reason=found.reason)
        raise captcha.failed()

    def _judge(
        self,
        envelope: Envelope,
        source: Source,
        check: Captcha,
        proof: Proof,
        digest: str,
        secrets: Mapping[str, str],
    ) -> Judgement:
        if self._known(source, digest):
            return Judgement(kind="passed")
        if not proof.text:
            return Judgement(kind="failed", reason="what our own page carried on is unknown, used up or too old")
        found = self._ask(envelope, source, check, proof, digest, secrets)
        if found.kind == "passed":
            self._remember(source, digest)
        elif found.kind == "spent" and self._found_by_another(source, digest, self._until(envelope, source)):
            return Judgement(kind="passed")
        return found

    def _ask(
        self,
        envelope: Envelope,
        source: Source,
        check: Captcha,
        proof: Proof,
        digest: str,
        secrets: Mapping[str, str],
    ) -> Judgement:
        """
        Ask the provider with the current secret key, and with the one before where it does not know that.
        """
        found = Judgement(kind="unknown", reason="there is no secret key", ours=True)
        for reference in check.secret:
            left = (self._until(envelope, source) - self._deps.now()).total_seconds()
            seconds = max(min(check.timeout_seconds, left), ASK_SECONDS_MIN)
            call = captcha.question(check, proof, secrets[reference], digest)
            found = captcha.judge(check, self._deps.ports.transport.send(call, timeout_seconds=seconds))
            if not found.ours:
                break
        return found

    def _without_answer(self, envelope: Envelope, source: Source, check: Captcha, found: Judgement) -> Envelope:
        """
        The provider cannot say: hold the submission for a person, or ask the visitor to try again.
        """
        self._deps.ports.journal.log("captcha.unavailable", source=source.name, reason=found.reason)
        self._notices.tell((_unavailable(source, check, found),))
        if check.outage == "hold":
            return replace(envelope, suspicion="captcha: could not be checked")
        raise EnvelopeRefused(503, "captcha_unavailable", "The captcha cannot be checked now. Please try again.")

    def _until(self, envelope: Envelope, source: Source) -> datetime:
        patience = source.form.patience_seconds if source.form else 0.0
        return envelope.received_at + timedelta(seconds=patience)

    # ── what was found before ───────────────────────────────────────────────────────────────────────────────────────

    def _known(self, source: Source, digest: str) -> bool:
        """
        Whether the proof was good before, and may count once more. A table that does not answer knows nothing.
        """
        table, now = self._deps.ports.table, self._deps.now()
        try:
            if table.get([captchas.key_of(source.name, digest)])[0] is None:
                return False
            return not isinstance(table.write(captchas.use_again(source.name, digest, now)), Lost)
        except StoreUnavailable:
            return False

    def _remember(self, source: Source, digest: str) -> None:
        try:
            self._deps.ports.table.write(captchas.passed(source.name, digest, self._deps.now()))
        except StoreUnavailable:
            self._deps.ports.journal.log("captcha.not_remembered", source=source.name)

    def _found_by_another(self, source: Source, digest: str, until: datetime) -> bool:
        for _ in range(POLLS_MAX):
            if self._known(source, digest):
                return True
            if self._deps.now() + timedelta(seconds=POLL_SECONDS) > until:
                return False
            self._deps.ports.clock.sleep(POLL_SECONDS)
        return False


def _unavailable(source: Source, check: Captcha, found: Judgement) -> Notice:
    kept = "are held" if check.outage == "hold" else "are answered with an error, and visitors are asked to try again"
    return Notice(
        cause=f"captcha:{source.name}",
        subject=f"Captcha of {source.name} cannot be checked",
        text=(
            f"{check.provider} gives no usable answer: {found.reason}. Submissions {kept} until it does. If it names "
            "the secret key, write it: ekiden secret put NAME. Look at what is held: ekiden held list"
        ),
    )

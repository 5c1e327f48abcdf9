"""
Two more checks of a sender: a member of the body that must have a known value, and a captcha.
"""

from __future__ import annotations

from chalicelib.model.secret import SecretRefs
from chalicelib.value import value


@value
class Equals:
    """
    A member of the body that must have one of these values: Salesforce's organisation id, which is public.

    `name` is a JMESPath over the body. With `chars`, only so many characters from the start are compared: Salesforce
    writes the same id with 15 and with 18. It proves nothing by itself, and so is never a source's only check.
    """

    name: str
    values: tuple[str, ...] = ()
    chars: int = 0


@value
class Captcha:
    """
    A proof that a person filled the form, which its provider confirms.

    `provider` is turnstile, recaptcha or hcaptcha; `secret` the provider's secret key. `hostnames` are the sites whose
    widget counts (empty: any), `action` what the widget must state (empty: any), `score_min` the least score of
    reCAPTCHA v3 (0: none is asked for). `outage` is what happens while the provider does not answer: closed (the
    visitor is asked to try again) or hold (accepted, and held for a person). `url` replaces the provider's address.
    """

    provider: str
    secret: SecretRefs = ()
    hostnames: tuple[str, ...] = ()
    action: str = ""
    score_min: float = 0.0
    outage: str = "closed"
    timeout_seconds: float = 3.0
    url: str = ""

"""
Sources that stand in for another receiver: Salesforce's organisation, a drop-in's account, captchas of forms.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chalicelib.config.place import Place, shown
from chalicelib.config.schema import Rule, Shape
from chalicelib.model import Captcha, Dropin, Equals, Parse, Source, Verify

DROPIN: Shape = {
    "face": Rule(choices=("custcsv", "schedule_csv")),
    "account": Rule(most=60),
    "address_column": Rule(most=255),
    "login_id": Rule(most=255),
}
FILE_BYTES_MAX = 4_500_000
"""
What API Gateway hands on: a drop-in's files go to the bucket where a queue's message cannot hold them.
"""


def with_organization(verify: tuple[Verify, ...], organization_id: str) -> tuple[Verify, ...]:
    """
    `organization_id` fills every check of a member of the body that has no value.
    """
    return tuple(
        replace(check, values=(organization_id,)) if isinstance(check, Equals) and not check.values else check
        for check in verify
    )


def dropin(values: Mapping[str, Any]) -> dict[str, Any]:
    """
    The parts of a source that make it a drop-in; empty for all others.
    """
    table = values.get("dropin", {})
    return {"dropin": Dropin(**table), "body_bytes_max": FILE_BYTES_MAX} if table.get("face") else {}


def check_members(source: Source, written: Mapping[str, Any], place: Place) -> None:
    """
    Members of the body that are wanted without saying what they should be, and captchas where no visitor is.
    """
    checks = [check for check in source.verify if isinstance(check, Equals)]
    here, verify = place.key("organization_id"), place.key("verify")
    if any(not check.values for check in checks) and not here.at_fault and not verify.at_fault:
        here.fault("is missing", 'Write the id of your Salesforce organisation, for example: organization_id = "00D…".')
    if "organization_id" in written and not checks:
        here.warn("is used by nothing", "Remove it, or add an equals check to verify.")
    captchas = [check for check in source.verify if isinstance(check, Captcha)]
    if captchas and source.form is None:
        verify.fault("has a captcha, which only visitors of a form can solve", "Remove it.")
    if len(captchas) > 1:
        verify.fault("has more than one captcha", "Keep one.")


def check_dropins(sources: Mapping[str, Source], place: Place) -> None:
    """
    Two drop-ins of one face must not be called the same, by name or by account.
    """
    taken: dict[tuple[str, str], str] = {}
    for name, source in sources.items():
        one = source.dropin
        if one is None:
            continue
        here = place.key(name)
        if source.parse != Parse(format="multipart", charset=source.parse.charset):
            here.key("parse").fault("says more than a drop-in reads", "Keep charset alone.")
        for called in dict.fromkeys(filter(None, (name, one.account))):
            if (one.face, called) in taken:
                here.key("dropin").key("account").fault(
                    f"{shown(called)} is what {taken[one.face, called]} is called at the same address too",
                    "Give each an account of its own.",
                )
            taken[one.face, called] = here.path

"""
Sources that stand in for others: what must be written, what must not, and the routes that as_sent stands for.
"""

from __future__ import annotations

import pytest

from chalicelib.config import check, parse
from chalicelib.destinations import VENDORS
from chalicelib.model import Captcha, Config, Dropin, Equals, Expr, FieldName
from chalicelib.sources import PRESETS

HEAD = """
[relay]
name = "ekiden"
secret = "ssm:/a"

[destinations.haihai]
vendor = "haihaimail"
base_url = "https://a01.hm-f.jp"
account = "api_sample"
address_item = "アドレス"
credentials = { login_id = "ssm:/id", api_token = "ssm:/token" }

[destinations.satori]
vendor = "satori"
version = 4
credentials = "ssm:/satori"
"""
FILES = '[sources.files]\npreset = "custcsv"\nsecret = "ssm:/files"\n'
FORM = '[sources.form]\npreset = "form"\nthanks = "https://www.example.co.jp/"\nceiling = { events = 1, per = "day" }\n'
WEBHOOK = '[sources.w]\npreset = "webhook"\nsecret = "ssm:/a"\n'
ROUTE = '[[routes]]\nfrom = "files"\nto = "haihai"\noperation = "as_sent"\n'


def faults(text: str) -> list[str]:
    found = check(HEAD + text, vendors=VENDORS, presets=PRESETS, stage="prod")
    return [f"{each.path} {each.message}" for each in found if not each.warning]


def warnings(text: str) -> list[str]:
    return [str(each) for each in check(HEAD + text, vendors=VENDORS, presets=PRESETS, stage="prod") if each.warning]


def config(text: str) -> Config:
    return parse(HEAD + text, vendors=VENDORS, presets=PRESETS, stage="prod")


def test_a_drop_in_is_its_preset_and_a_secret() -> None:
    """Its files may be as large as API Gateway takes; everything else has a default."""
    source = config(FILES).sources["files"]

    assert source.dropin == Dropin(face="custcsv")
    assert source.body_bytes_max == 4_500_000


def test_as_sent_is_a_route_for_each_import_type() -> None:
    """With every column where the vendor reads them, else with the address alone; and no warning about it."""
    routes = {route.name: route for route in config(FILES + ROUTE).routes}

    assert {name: dict(route.only) for name, route in routes.items()} == {
        "files-haihai-register": {"import_type": "0"},
        "files-haihai-delete": {"import_type": "1"},
        "files-haihai-stop": {"import_type": "2"},
        "files-haihai-forbid": {"import_type": "3"},
        "files-haihai-allow": {"import_type": "5", "is_overwrite": "1"},
        "files-haihai-allow-2": {"import_type": "5", "is_overwrite": "0"},
    }
    assert [name for name, route in routes.items() if route.rest] == ["files-haihai-register", "files-haihai-allow"]
    assert routes["files-haihai-stop"].fields == {"アドレス": FieldName("アドレス")}
    assert routes["files-haihai-stop"].settings["gid"] == Expr("_import.gid")
    assert [each for each in warnings(FILES + ROUTE) if each.startswith("routes")] == []


def test_what_the_route_says_goes_over_what_the_file_says() -> None:
    """A fixed setting and an added column, and a name of one's own."""
    more = 'name = "crm"\nsettings = { report_option = 0 }\nfields = { "経路" = { const = "楽楽販売" } }\n'
    routes = {route.name: route for route in config(FILES + ROUTE + more).routes}

    assert all(str(route.settings["report_option"]) == "Const(value=0)" for route in routes.values())
    assert set(routes["crm-register"].fields) == {"経路"}
    assert set(routes["crm-stop"].fields) == {"アドレス"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (FILES + ROUTE.replace("haihai", "satori"), 'routes[0].operation "as_sent" is no operation of SATORI'),
        (FORM + ROUTE.replace("files", "form"), 'routes[0].operation "as_sent" is for files of drop-ins'),
        (FILES + ROUTE + 'when = "a"\n', "routes[0].when cannot be said of a route that goes as it was sent"),
        (FILES + ROUTE + 'on = ["delete"]\n', "routes[0].on cannot be said of a route that goes as it was sent"),
        (FILES + ROUTE + "settings = { gidd = 1 }\n", "routes[0].settings.gidd is no setting"),
        (FILES + 'parse = { format = "json" }\n', "sources.files.parse says more than a drop-in reads"),
        (
            FILES + 'dropin = { account = "x" }\n' + FILES.replace("files]", "x]"),
            'sources.x.dropin.account "x" is what sources.files is called',
        ),
        ('[sources.sf]\npreset = "salesforce_outbound"\nsecret = "ssm:/a"\n', "sources.sf.organization_id is missing"),
        (
            '[sources.sf]\npreset = "salesforce_outbound"\nsecret = "ssm:/a"\norganization_id = "123"\n',
            "sources.sf.organization_id is not the id of a Salesforce organisation",
        ),
        (
            WEBHOOK + 'verify = [{ equals = { name = "a", values = ["b"] } }]\n',
            "sources.w.verify is missing: anybody could send",
        ),
        (
            WEBHOOK + 'verify = [{ token = { in = "path" } }, { captcha = { provider = "hcaptcha" } }]\n',
            "sources.w.verify has a captcha, which only visitors of a form can solve",
        ),
        (FORM + 'verify = [{ captcha = { provider = "hcaptcha" } }]\n', "sources.form.secret is missing"),
        (
            FORM + 'verify = [{ captcha = { secret = "ssm:/a" } }]\n',
            "sources.form.verify[0].captcha.provider is missing",
        ),
        (
            FORM + 'verify = [{ captcha = { provider = "turnstile", secret = "ssm:/a", score_min = 0.5 } }]\n',
            "sources.form.verify[0].captcha.score_min is asked of a provider that gives no score",
        ),
        (
            FORM + 'verify = [{ captcha = { provider = "hcaptcha", secret = "ssm:/a" } }, '
            '{ captcha = { provider = "turnstile", secret = "ssm:/a" } }]\n',
            "sources.form.verify has more than one captcha",
        ),
        (
            FORM + 'verify = [{ captcha = { provider = "hcaptcha", secret = "ssm:/a", url = "http://x.example" } }]\n',
            "sources.form.verify[0].captcha.url is not encrypted",
        ),
        (
            FORM + 'verify = [{ captcha = { provider = "hcaptcha", secret = "6Lc-a-real-secret" } }]\n',
            "sources.form.verify[0].captcha.secret is not a reference",
        ),
    ],
)
def test_what_cannot_be_is_told_where_it_stands(text: str, told: str) -> None:
    """One fault, at its path, and no secret repeated."""
    assert [each[: len(told)] for each in faults(text)] == [told]


def test_an_organisation_without_a_check_is_a_likely_mistake() -> None:
    """What is written and used by nothing is a warning."""
    told = warnings(FORM + 'organization_id = "00D000000000001"\n')

    assert [each for each in told if "organization_id: is used by nothing" in each]


def test_checks_take_what_stands_at_the_top_of_the_source() -> None:
    """One organisation for every equals, one secret for the captcha that names none."""
    text = (
        FORM
        + 'secret = "ssm:/key"\norganization_id = "00D000000000001"\n'
        + ('verify = [{ equals = { name = "oid", chars = 15 } }, { captcha = { provider = "hcaptcha" } }]\n')
    )

    assert config(text).sources["form"].verify == (
        Equals(name="oid", values=("00D000000000001",), chars=15),
        Captcha(provider="hcaptcha", secret=("ssm:/key",)),
    )

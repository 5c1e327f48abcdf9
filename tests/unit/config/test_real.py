"""
The configuration with the vendors and presets that Ekiden ships, and what reading it costs.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings

from chalicelib.config import check, parse
from chalicelib.destinations import VENDORS
from chalicelib.model import Browser, Source
from chalicelib.sources import PRESETS, secret_refs
from tests.unit.config.strange_files import files

ROOT = Path(__file__).parents[3]
HEAD = '[relay]\nname = "ekiden"\nsecret = "ssm:/a"\npublic_url = "https://relay.example.co.jp"\n'

COMPANY = (
    HEAD
    + """
[sources.contact]
preset = "form"
origins = ["https://www.example.co.jp"]
thanks = "https://www.example.co.jp/thanks"
ceiling = { events = 500, per = "hour" }

[sources.crm]
preset = "webhook"
secret = "ssm:/ekiden/prod/crm"
event = { kind = "status", kinds = { left = "unsubscribe", "*" = "upsert" }, id = "id" }

[destinations.satori]
vendor = "satori"
version = 4
credentials = "ssm:/ekiden/prod/satori"

[destinations.haihai]
vendor = "haihaimail"
base_url = "https://a01.hm-f.jp"
account = "api_sample"
credentials = { login_id = "ssm:/ekiden/prod/hm-id", api_token = "ssm:/ekiden/prod/hm-token" }

[[routes]]
from = "contact"
to = "satori"
operation = "upsert"
[routes.fields]
email = "your-email"
last_name = "sei"
collection_route = { const = "問合せフォーム" }
delivery_permission = { expr = "agree == 'yes' && 'approval' || `null`" }

[[routes]]
from = ["contact", "crm"]
to = "haihai"
operation = "register"
[routes.fields]
"メールアドレス" = "email"
[routes.settings]
gid = 12

[[routes]]
from = "crm"
to = "haihai"
operation = "stop"
on = ["unsubscribe"]
[routes.fields]
"メールアドレス" = "email"
[routes.settings]
gid = 12
"""
)


FORMS = {"form", "web_to_lead"}
SALESFORCE = {"salesforce_outbound", "web_to_lead"}


def source_of(preset: str) -> Source:
    """
    A source of the preset with as little written as it needs.
    """
    own = 'thanks = "https://www.example.co.jp/thanks"' if preset in FORMS else 'secret = "ssm:/ekiden/secret"'
    if preset in SALESFORCE:
        own += '\norganization_id = "00D000000000001EAA"'
    text = f'{HEAD}[sources.one]\npreset = "{preset}"\n{own}\n'
    return parse(text, vendors=VENDORS, presets=PRESETS).sources["one"]


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_needs_a_secret_and_nothing_more(preset: str) -> None:
    """
    A sender that Ekiden knows by name is set up by its name and one secret, a form by its thank-you page.

    What comes from Salesforce names its organisation, too.
    """
    source = source_of(preset)
    if preset in FORMS:
        assert source.form is not None
        assert source.verify[0] == Browser()
        assert secret_refs(source) == ()
    else:
        assert source.form is None
        assert secret_refs(source) == ("ssm:/ekiden/secret",)


def test_a_company_with_a_form_a_crm_and_two_vendors_is_sound() -> None:
    """
    The real vendors accept what the handbook would write, and the account's default lane name is made usable.
    """
    assert [str(fault) for fault in check(COMPANY, vendors=VENDORS, presets=PRESETS, stage="prod")] == []
    config = parse(COMPANY, vendors=VENDORS, presets=PRESETS, stage="prod")
    assert {name: lane.batching for name, lane in config.lanes.items()} == {
        "satori-satori": False,
        "haihaimail-api-sample-import": True,
    }


def test_the_vendors_faults_stand_at_the_files_own_paths() -> None:
    """
    What a vendor's module finds is told by the place in the file, not by names of ours, and once.
    """
    text = (
        COMPANY.replace("https://a01.hm-f.jp", "https://a01.hm-f.jp/api_sample/")
        .replace('email = "your-email"\n', "")
        .replace("gid = 12", "gid = 12\nspid = 3", 1)
    )
    assert [fault.path for fault in check(text, vendors=VENDORS, presets=PRESETS)] == [
        "destinations.haihai.base_url",
        "routes[0].fields.email",
        "routes[1].settings.spid",
    ]


@settings(max_examples=400, deadline=None)
@given(files(VENDORS))
def test_any_value_at_any_key_is_read_or_told_by_the_real_vendors_too(text: str) -> None:
    """
    Whatever an operator writes for a real vendor, its module answers with faults and never with a traceback.
    """
    faults = check(text, vendors=VENDORS, presets=PRESETS)
    assert all(fault.path and fault.message and fault.remedy for fault in faults)


def test_reading_the_file_loads_no_client_and_bare_names_load_no_jmespath() -> None:
    """
    A cold start pays for what the file needs alone.
    """
    program = (
        "import sys\n"
        "from chalicelib.config import parse\n"
        "from chalicelib.destinations import VENDORS\n"
        "from chalicelib.sources import PRESETS\n"
        "parse(sys.stdin.read(), vendors=VENDORS, presets=PRESETS)\n"
        "heavy = {'boto3', 'botocore', 'requests', 'urllib3', 'jmespath', 'difflib'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    text = COMPANY.replace("delivery_permission = { expr = \"agree == 'yes' && 'approval' || `null`\" }\n", "")
    done = subprocess.run(
        [sys.executable, "-c", program], input=text, capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout == "[]\n"


TWICE = """
[relay]
name = "ekiden"
secret = "ssm:/ekiden/prod/relay"
[sources.contact]
preset = "form"
thanks = "https://www.example.co.jp/thanks"
ceiling = { events = 500, per = "hour" }
[destinations.one]
vendor = "haihaimail"
base_url = "https://a01.hm-f.jp"
account = "api_sample"
lane = "first"
credentials = "ssm:/ekiden/prod/haihai"
[destinations.two]
vendor = "haihaimail"
base_url = "https://a01.hm-f.jp"
account = "api_sample"
lane = "second"
credentials = "ssm:/ekiden/prod/haihai-two"
[[routes]]
from = "contact"
to = "one"
operation = "register"
settings = { gid = 1 }
fields = { "メールアドレス" = "email" }
[[routes]]
from = "contact"
to = "two"
operation = "register"
settings = { gid = 2 }
fields = { "メールアドレス" = "email" }
"""


def test_one_account_cannot_have_two_lanes() -> None:
    """
    The vendor counts by account: two lanes would call it 480 times a day. Accounts of their own are no fault.
    """
    (fault,) = [each for each in check(TWICE, vendors=VENDORS, presets=PRESETS) if not each.warning]
    assert fault.path == "destinations.two.lane"
    assert 'write lane = "first" here' in fault.remedy

    other = TWICE.replace('account = "api_sample"\nlane = "second"', 'account = "another"\nlane = "second"')
    assert [each for each in check(other, vendors=VENDORS, presets=PRESETS) if not each.warning] == []

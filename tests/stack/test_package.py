from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chalicelib.errors import ConfigError
from chalicelib.ops.package import REGION, ZIP_BYTES_MAX, Packaged, package
from chalicelib.ops.stopped import Stopped
from chalicelib.ops.verify import problems

Json = dict[str, Any]


def template_of(packaged: Packaged) -> Json:
    """
    The packaged template.
    """
    found: Json = json.loads(packaged.template.read_text())
    return found


def test_the_packaged_template_is_fit_for_aws(packaged_for_aws: Packaged) -> None:
    """
    cfn-lint, which knows CloudFormation's own rules, finds nothing.
    """
    program = "import sys; from cfnlint.runner import main; sys.exit(main())"
    command = [sys.executable, "-c", program, "--regions", REGION, "--", str(packaged_for_aws.template)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (0, "")


def test_the_zip_is_small_and_holds_what_the_functions_load(packaged: Packaged) -> None:
    """
    A cold start unpacks little; what only an operator runs is not in it.
    """
    with zipfile.ZipFile(packaged.archive) as opened:
        names = set(opened.namelist())

    assert packaged.archive_bytes < ZIP_BYTES_MAX
    assert {"app.py", "chalice/app.py", "chalicelib/relay.toml", "chalicelib/guard.py", "boto3/__init__.py"} <= names
    assert not [name for name in names if name.startswith(("chalicelib/ops/", "chalicelib/cli", "botocore/data/ec2/"))]


def test_packaging_again_gives_the_same_bytes(
    project: Path, packaged: Packaged, local_text: str, tmp_path: Path
) -> None:
    """
    A deployment of an unchanged project changes nothing.
    """
    again = package(project, local_text, "local", tmp_path)

    assert again.digest == packaged.digest
    assert template_of(again) == template_of(packaged)


def test_a_faulty_configuration_is_found_before_anything_is_built(
    project: Path, deployed_text: str, tmp_path: Path
) -> None:
    """
    Every fault is listed, with its place.
    """
    with pytest.raises(ConfigError, match="routes"):
        package(project, deployed_text.replace('to = "satori"', 'to = "nobody"'), "faulty", tmp_path)

    assert not (project / ".ekiden" / "build" / "faulty").exists()


@pytest.mark.parametrize("command", ["package", "deploy"])
def test_chalice_alone_points_to_the_right_command(project: Path, command: str, tmp_path: Path) -> None:
    """
    It would leave out queues, table, alarms and rights.
    """
    arguments = [str(tmp_path / "out")] if command == "package" else []
    program = [sys.executable, "-c", "import sys; from chalice.cli import main; sys.exit(main())"]
    environment = {"PATH": os.environ["PATH"], "AWS_DEFAULT_REGION": REGION, "HOME": str(tmp_path)}
    done = subprocess.run(
        [*program, "--project-dir", str(project), command, *arguments],
        env=environment | {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "make deploy STAGE=prod" in done.stderr
    assert "Traceback" not in done.stderr


def spoil_visibility(found: Json) -> None:
    """
    As a longer time-out without a longer visibility would.
    """
    found["BellQueue"]["Properties"]["VisibilityTimeout"] = 719


def spoil_rights(found: Json) -> None:
    """
    As a policy that forgot the consumer.
    """
    policy = found["AdvanceRole"]["Properties"]["Policies"][0]["PolicyDocument"]
    policy["Statement"] = [each for each in policy["Statement"] if each.get("Sid") != "Receive"]


def spoil_narrowness(found: Json) -> None:
    """
    As a hasty fix of an AccessDenied.
    """
    found["TickRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][0]["Resource"] = ["*"]


def spoil_source(found: Json) -> None:
    """
    As `Fn::GetAtt` merged over Chalice's own `Fn::Sub`.
    """
    events = found["Unpack"]["Properties"]["Events"]
    events["UnpackSqsEventSource"]["Properties"]["Queue"]["Fn::GetAtt"] = ["InboxQueue", "Arn"]


SPOILT: dict[str, tuple[Callable[[Json], object], str]] = {
    "visibility": (spoil_visibility, "hides messages for 719 s"),
    "rights": (spoil_rights, "Advance may not sqs:DeleteMessage"),
    "narrowness": (spoil_narrowness, 'TickRole: .* on Resource "\\*"'),
    "source": (spoil_source, "Unpack does not read InboxQueue"),
    "function": (lambda found: found.pop("Tick"), "the app has no function Tick"),
    "stranger": (lambda found: found.update(Other=copy.deepcopy(found["Tick"])), "has a function Other"),
    "shared role": (
        lambda found: found["Tick"]["Properties"].update(Role=found["Unpack"]["Properties"]["Role"]),
        "two functions share a role",
    ),
    "collision": (lambda found: found["Topic"]["Properties"].update(Handler="app.topic"), "Topic collides"),
    "backlog": (lambda found: found.pop("LaneSatoriSatoriQueue"), "the lane satori-satori has no backlog"),
    "redrive": (
        lambda found: found["LaneSatoriSatoriQueue"]["Properties"].update(RedrivePolicy={}),
        "would move waiting messages",
    ),
    "alarm": (lambda found: found.pop("LaneSatoriSatoriAgeAlarm"), "the lane satori-satori has no alarm"),
    "encryption": (lambda found: found["Table"]["Properties"].pop("SSESpecification"), "Table is not encrypted"),
    "retention": (lambda found: found["Table"].pop("DeletionPolicy"), "the table has no DeletionPolicy Retain"),
}


@pytest.mark.parametrize("what", SPOILT)
def test_what_aws_would_take_and_then_fail_is_found(packaged: Packaged, what: str) -> None:
    """
    Each mistake that no deployment would notice is named.
    """
    spoil, words = SPOILT[what]
    template = template_of(packaged)
    assert problems(template, packaged.config, packaged.stage) == []

    spoil(template["Resources"])
    with pytest.raises(Stopped, match=words):
        raise Stopped("\n".join(problems(template, packaged.config, packaged.stage)))

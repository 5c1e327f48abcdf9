"""
From a project folder and a relay.toml to what CloudFormation takes: one zip, one template.

The configuration is checked first, whole. Then a build folder is laid out, Chalice packages it with the generated
resources merged in, and the zip is slimmed. The result is verified before anybody may deploy it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chalicelib.config import check as check_all
from chalicelib.config import parse
from chalicelib.destinations import VENDORS
from chalicelib.model import Config, Fault
from chalicelib.ops import bundle
from chalicelib.ops.names import FUNCTIONS, installation
from chalicelib.ops.policies import policies
from chalicelib.ops.stopped import USAGE, Stopped
from chalicelib.ops.template import resources
from chalicelib.ops.verify import problems
from chalicelib.sources import PRESETS

Json = dict[str, Any]
Check = Callable[[str, str], Config]

REGION = "ap-northeast-1"
ZIP_BYTES_MAX = 20_000_000
UNZIPPED_BYTES_MAX = 250_000_000
INLINE_TEMPLATE_BYTES_MAX = 51_200
TEMPLATE_BYTES_MAX = 1_000_000
LEFT_AT_HOME = frozenset({"ops", "cli", "cli.py", "__pycache__"})
"""
The parts of chalicelib that only an operator runs.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packaged:
    """
    One verified package: the configuration it was made from, its zip, and its template.
    """

    config: Config
    stage: str
    archive: Path
    template: Path
    archive_bytes: int
    template_bytes: int
    digest: str

    @property
    def name(self) -> str:
        """
        The name of the installation, and of its stack.
        """
        return installation(self.config, self.stage)

    @property
    def inline(self) -> bool:
        """
        Whether CloudFormation takes the template in the request; a longer one travels through S3.
        """
        return self.template_bytes <= INLINE_TEMPLATE_BYTES_MAX


def read_config(file: Path) -> str:
    """
    The text of a relay.toml. Raises Stopped where there is none to read.
    """
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise Stopped(f"{file} cannot be read ({error.strerror}). Name yours with CONFIG=…", exit_code=USAGE) from error
    except UnicodeDecodeError as error:
        raise Stopped(f"{file} is not UTF-8 (byte {error.start}). Save it as UTF-8.", exit_code=USAGE) from error


def checked(config_text: str, stage: str) -> Config:
    """
    The configuration, checked against every vendor and preset. Raises ConfigError.
    """
    return parse(config_text, vendors=VENDORS, presets=PRESETS, stage=stage)


def advice(config_text: str, stage: str) -> list[Fault]:
    """
    What is likely meant otherwise in a sound relay.toml; nothing of it stops a deployment.
    """
    return [fault for fault in check_all(config_text, vendors=VENDORS, presets=PRESETS, stage=stage) if fault.warning]


def package(
    project: Path,
    config_text: str,
    stage: str,
    out: Path,
    *,
    check: Check = checked,
    log_level: str = "INFO",
) -> Packaged:
    """
    Package a project for a stage into the folder `out`.

    Raises ConfigError for a faulty relay.toml before anything is built, Stopped where building or verifying fails.
    """
    config = check(config_text, stage)
    merge = resources(config, stage)
    work = project / ".ekiden" / "build" / stage
    source = _lay_out(project, work / "source", config_text)
    _configure(source, config, stage, log_level)
    (work / "merge.json").write_text(json.dumps(merge))
    _run_chalice(source, stage, work / "merge.json", work / "chalice")
    return _finish(project, work, out, config, stage)


def _lay_out(project: Path, source: Path, config_text: str) -> Path:
    """
    A folder that holds what the functions need and nothing else.
    """
    shutil.rmtree(source, ignore_errors=True)
    (source / ".chalice").mkdir(parents=True)
    shutil.copy2(project / "app.py", source / "app.py")
    library = project / "chalicelib"

    def left_out(folder: str, names: list[str]) -> set[str]:
        at_top = Path(folder) == library
        return {name for name in names if name == "__pycache__" or (at_top and name in LEFT_AT_HOME)}

    shutil.copytree(library, source / "chalicelib", ignore=left_out)
    (source / "chalicelib" / "relay.toml").write_text(config_text, encoding="utf-8")
    return source


def _configure(source: Path, config: Config, stage: str, log_level: str) -> None:
    """
    Write Chalice's own configuration and one policy file a function.
    """
    per_function: dict[str, Json] = {}
    for function, policy in policies(config, stage).items():
        file = f"policy-{function.short}.json"
        (source / ".chalice" / file).write_text(json.dumps(policy))
        per_function[function.chalice] = {
            "iam_policy_file": file,
            "lambda_timeout": function.timeout_seconds,
            "lambda_memory_size": function.memory_mb,
        }
    environment = {
        "EKIDEN_STAGE": stage,
        "POWERTOOLS_SERVICE_NAME": "ekiden",
        "POWERTOOLS_METRICS_NAMESPACE": "Ekiden",
        "LOG_LEVEL": log_level,
    }
    content = {
        "version": "2.0",
        "app_name": installation(config, stage),
        "stages": {
            stage: {
                "api_gateway_stage": "api",
                "api_gateway_endpoint_type": "REGIONAL",
                "autogen_policy": False,
                "iam_policy_file": f"policy-{FUNCTIONS[0].short}.json",
                "environment_variables": environment,
                "lambda_functions": per_function,
            },
        },
    }
    (source / ".chalice" / "config.json").write_text(json.dumps(content, indent=2))


def _run_chalice(source: Path, stage: str, merge: Path, out: Path) -> None:
    shutil.rmtree(out, ignore_errors=True)
    program = "import sys; from chalice.cli import main; sys.exit(main())"
    command = [sys.executable, "-P", "-c", program, "--project-dir", str(source)]
    command += ["package", "--stage", stage, "--merge-template", str(merge), str(out)]
    environment: Mapping[str, str] = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": os.environ.get("HOME", str(source)),
        # Chalice asks botocore for a region although nothing is called.
        "AWS_DEFAULT_REGION": REGION,
        "EKIDEN_PACKAGING": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    if done.returncode or not (out / "sam.json").exists():
        raise Stopped(f"Chalice cannot package the app:\n{(done.stderr or done.stdout).strip()}")


def _finish(project: Path, work: Path, out: Path, config: Config, stage: str) -> Packaged:
    libraries = bundle.libraries(project / "requirements.txt", project / ".ekiden" / "libraries")
    content = work / "content"
    bundle.unpack(work / "chalice" / "deployment.zip", content)
    bundle.compile_all(content)
    out.mkdir(parents=True, exist_ok=True)
    archive = out / "deployment.zip"
    bundle.write_zip(archive, libraries, content)
    merged = json.loads((work / "chalice" / "sam.json").read_text())
    template = out / "template.json"
    template.write_text(json.dumps(merged, ensure_ascii=False, separators=(",", ":"), sort_keys=True))
    packaged = Packaged(
        config=config,
        stage=stage,
        archive=archive,
        template=template,
        archive_bytes=archive.stat().st_size,
        template_bytes=template.stat().st_size,
        digest=bundle.digest(archive),
    )
    wrong = [*_too_large(packaged, libraries, content), *problems(merged, config, stage)]
    if wrong:
        raise Stopped("The package is not fit for AWS:\n" + "\n".join(f"- {each}" for each in wrong))
    return packaged


def _too_large(packaged: Packaged, *folders: Path) -> list[str]:
    unzipped = sum(path.stat().st_size for folder in folders for path in folder.rglob("*") if path.is_file())
    sizes = (
        ("zip", packaged.archive_bytes, ZIP_BYTES_MAX),
        ("unzipped code", unzipped, UNZIPPED_BYTES_MAX),
        ("template", packaged.template_bytes, TEMPLATE_BYTES_MAX),
    )
    return [f"the {what} has {size:,} bytes; at most {most:,} are allowed" for what, size, most in sizes if size > most]

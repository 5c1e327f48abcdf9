"""
The zip that all functions share: the app, Chalice's runtime, and the pinned libraries without what is never used.

Two packages of an unchanged project are the same, byte for byte: names are sorted, times are fixed, and the compiled
files depend on their source alone. CloudFormation then sees that there is nothing to do.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path, PurePosixPath

from chalicelib.ops.stopped import Stopped

SERVICES = frozenset({"dynamodb", "s3", "secretsmanager", "sesv2", "sns", "sqs", "ssm", "sts"})
"""
The AWS services that the functions call; botocore describes some four hundred.
"""
PLATFORM = "manylinux2014_x86_64"
EPOCH = (1980, 1, 1, 0, 0, 0)
UNUSED = (
    re.compile(r"^bin/"),
    re.compile(r"(^|/)__pycache__/"),
    re.compile(r"^boto3/(data|examples)/"),
    re.compile(r"^[^/]+\.dist-info/(RECORD|INSTALLER|REQUESTED|WHEEL|direct_url\.json|zip-safe)$"),
    re.compile(r"^[^/]+/(tests?|testing)/"),
    re.compile(r"\.(pyi|c|h|js|css)$"),
)


def is_used(name: str) -> bool:
    """
    Whether a file of the libraries belongs into the zip.

    >>> is_used("botocore/data/sqs/2012-11-05/service-2.json.gz"), is_used("botocore/data/ec2/2016-11-15/x.json.gz")
    (True, False)
    """
    parts = PurePosixPath(name).parts
    if parts[:2] == ("botocore", "data") and len(parts) > 3:
        return parts[2] in SERVICES
    return not any(pattern.search(name) for pattern in UNUSED)


def libraries(requirements: Path, cache: Path) -> Path:
    """
    The folder with the slimmed, compiled libraries for Lambda; installed by pip once for each set of requirements.

    What requirements.txt does not pin itself is taken in the version that is installed here: what was tested ships.
    """
    constraints = _constraints(requirements.read_text())
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    recipe = "\n".join((requirements.read_text(), constraints, python, PLATFORM, *sorted(SERVICES), repr(UNUSED)))
    folder = cache / hashlib.sha256(recipe.encode()).hexdigest()[:16]
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    raw = cache / f"raw-{os.getpid()}"
    shutil.rmtree(raw, ignore_errors=True)
    try:
        _install(requirements, constraints, raw, python)
        for path in _files(raw):
            if not is_used(path.relative_to(raw).as_posix()):
                path.unlink()
        compile_all(raw)
        _put_in_place(raw, folder)
    finally:
        shutil.rmtree(raw, ignore_errors=True)
    return folder


def _put_in_place(raw: Path, folder: Path) -> None:
    """
    Rename, unless somebody else who packages at the same time has been faster.
    """
    try:
        raw.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise


def compile_all(folder: Path) -> None:
    """
    Compile every module beside its source: Lambda's folder is read-only, so that each cold start would compile anew.

    The hash seed is fixed and the file stamp is left out, so that equal sources give equal bytes.
    """
    flags = ["-q", "--invalidation-mode", "unchecked-hash", "-s", str(folder), "-p", "/var/task"]
    command = [sys.executable, "-m", "compileall", *flags, str(folder)]
    done = subprocess.run(command, env={"PYTHONHASHSEED": "0"}, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    if done.returncode:
        raise Stopped(f"A module cannot be compiled:\n{done.stdout}{done.stderr}")


def unpack(archive: Path, folder: Path) -> None:
    """
    Lay out what Chalice packed: the app, chalicelib, and Chalice's runtime.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder)


def write_zip(target: Path, *folders: Path) -> None:
    """
    One zip of several folders, the same for the same content.
    """
    content: dict[str, Path] = {}
    for folder in folders:
        content |= {path.relative_to(folder).as_posix(): path for path in _files(folder)}
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(content):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content[name].read_bytes())


def digest(path: Path) -> str:
    """
    The SHA-256 of a file, in hex.
    """
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _files(folder: Path) -> Iterable[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _install(requirements: Path, constraints: str, folder: Path, python: str) -> None:
    folder.mkdir()
    pins = folder.with_suffix(".constraints")
    pins.write_text(constraints)
    wanted = ["--platform", PLATFORM, "--python-version", python, "--implementation", "cp", "--only-binary=:all:"]
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-compile", "--disable-pip-version-check"]
    command += ["--target", str(folder), *wanted, "--constraint", str(pins), "--requirement", str(requirements)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    finally:
        pins.unlink()
    if done.returncode:
        raise Stopped(f"The libraries of {requirements.name} cannot be installed for Lambda:\n{done.stderr.strip()}")


def _constraints(requirements: str) -> str:
    pinned = {_plain(match) for match in re.findall(r"^([A-Za-z0-9._-]+)\s*==", requirements, re.MULTILINE)}
    installed: Mapping[str, str] = {_plain(each.name): each.version for each in metadata.distributions() if each.name}
    lines = [f"{name}=={version}" for name, version in sorted(installed.items()) if name not in pinned]
    return "\n".join(lines) + "\n"


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()

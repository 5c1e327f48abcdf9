"""
The packaged app on the embedded local AWS: packaged once and started once a run.
"""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chalicelib.ops.package import Packaged, package
from chalicelib.ops.stack import LocalStack
from tests.stack.helpers import Until

REPOSITORY = Path(__file__).resolve().parents[2]
WAIT_SECONDS_MAX = 30

RELAY = """
[relay]
name = "acme"
secret = "SECRET/key"

[sources.contact]
preset = "form"
thanks = "https://www.example.co.jp/thanks"

[sources.list]
preset = "csv_upload"
secret = "SECRET/list"

[destinations.satori]
vendor = "satori"
version = 4
base_url = "http://127.0.0.1:9"
credentials = "SECRET/satori"

[destinations.haihai]
vendor = "haihaimail"
base_url = "https://a01.example.co.jp"
account = "acme"
credentials = "SECRET/haihai"

[[routes]]
from = "contact"
to = "satori"
operation = "upsert"
[routes.fields]
email = "your-email"
collection_route = { const = "問合せフォーム" }

[[routes]]
name = "list"
from = "list"
to = "haihai"
operation = "register"
[routes.settings]
gid = 12
[routes.fields]
"メールアドレス" = "mail"
"お名前" = "name"

[alarms]
emails = ["ops@example.co.jp"]
"""

LOCAL_SECRETS = {
    "EKIDEN_KEY": "a key that signs and digests",
    "EKIDEN_LIST": "the token of a program that has lists",
    "EKIDEN_SATORI": '{"user_key": "u", "user_secret": "s"}',
    "EKIDEN_HAIHAI": '{"login_id": "l", "api_token": "t"}',
}


@pytest.fixture(scope="session")
def until() -> Until:
    """
    Wait until something that another process does has happened; false where it has not in time.
    """

    def wait(happened: Callable[[], bool]) -> bool:
        deadline = time.monotonic() + WAIT_SECONDS_MAX
        pause = threading.Event()
        while time.monotonic() < deadline:
            if happened():
                return True
            pause.wait(0.05)
        return False

    return wait


@pytest.fixture(scope="session")
def local_text() -> str:
    """
    A relay.toml whose secrets are environment variables.
    """
    text = RELAY
    for name in LOCAL_SECRETS:
        text = text.replace(f"SECRET/{name.removeprefix('EKIDEN_').lower()}", f"env:{name}")
    return text


@pytest.fixture(scope="session")
def deployed_text() -> str:
    """
    The same with secrets in SSM.
    """
    return RELAY.replace("SECRET/", "ssm:/acme/")


@pytest.fixture(scope="session")
def local_secrets() -> dict[str, str]:
    """
    The variables that `local_text` refers to.
    """
    return dict(LOCAL_SECRETS)


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    A copy of the project to package: its build folder is the run's own, its installed libraries are shared.
    """
    copy = tmp_path_factory.mktemp("project")
    for name in ("app.py", "requirements.txt"):
        shutil.copy2(REPOSITORY / name, copy / name)
    for name in ("chalicelib", ".chalice"):
        ignored = shutil.ignore_patterns("__pycache__", "deployments", "deployed")
        shutil.copytree(REPOSITORY / name, copy / name, ignore=ignored)
    libraries = REPOSITORY / ".ekiden" / "libraries"
    libraries.mkdir(parents=True, exist_ok=True)
    (copy / ".ekiden").mkdir()
    (copy / ".ekiden" / "libraries").symlink_to(libraries)
    return copy


@pytest.fixture(scope="session")
def packaged(project: Path, local_text: str) -> Packaged:
    """
    The app, packaged for this machine.
    """
    return package(project, local_text, "local", project / "out" / "local")


@pytest.fixture(scope="session")
def packaged_for_aws(project: Path, deployed_text: str) -> Packaged:
    """
    The app, packaged for a stage on AWS.
    """
    return package(project, deployed_text, "prod", project / "out" / "prod")


@pytest.fixture(scope="session")
def stack(
    tmp_path_factory: pytest.TempPathFactory, packaged: Packaged, local_secrets: dict[str, str]
) -> Iterator[LocalStack]:
    """
    The packaged app, deployed and answering at `stack.api_url`.
    """
    with LocalStack(tmp_path_factory.mktemp("stack"), environment=local_secrets) as running:
        running.deploy(packaged)
        yield running


@pytest.fixture(scope="session")
def guarded(
    tmp_path_factory: pytest.TempPathFactory,
    packaged_for_aws: Packaged,
    local_secrets: dict[str, str],
) -> Iterator[LocalStack]:
    """
    The package for AWS, deployed where roles are enforced.
    """
    with LocalStack(tmp_path_factory.mktemp("guarded"), auth=True, environment=local_secrets) as running:
        running.deploy(packaged_for_aws)
        for name in ("key", "satori", "haihai", "list", "unrelated"):
            running.client("ssm").put_parameter(Name=f"/acme/{name}", Value="{}", Type="SecureString")
        yield running


@pytest.fixture
def free_port() -> int:
    """
    A port of the loopback interface that nobody uses now.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

"""
Bringing everything up: the packaged app on the embedded AWS, the vendors' sandboxes, the website, one clock.

All of it lives in one temporary folder and on free ports of this machine, and ends with the demo.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from shlex import quote

from chalicelib import wiring
from chalicelib.adapters.clock import SystemClock
from chalicelib.model import Config
from chalicelib.ops.clock import set_to
from chalicelib.ops.cloud import Deployed
from chalicelib.ops.package import Packaged, package
from chalicelib.ops.stack import CREDENTIALS, LocalStack
from tests.demo.accounts import SECRETS, STAGE, on_this_machine, parsed
from tests.demo.installation import Addresses, Installation
from tests.demo.moments import today_at
from tests.demo.show import Show
from tests.demo.website import OPERATOR, Website
from tests.sandbox.clock import FileClock
from tests.sandbox.haihaimail import HaihaiSandbox
from tests.sandbox.haihaimail_get import RetrievalApi
from tests.sandbox.haihaimail_rows import STOPPED
from tests.sandbox.run import demo_haihaimail, demo_maildealer, demo_satori
from tests.sandbox.server import serve

REPOSITORY = Path(__file__).resolve().parents[2]
EXAMPLE = Path(__file__).with_name("relay.toml")
START_HOUR = 10
ADDED = Path(__file__).with_name("asking.toml")
STOPPED_PATH = "/api_sample/sandbox/stopped"


@contextmanager
def installed(show: Show) -> Iterator[Installation]:
    """
    Bring everything up, step by step; afterwards nothing of it is left, neither process nor file.
    """
    with ExitStack() as ending:
        farewell = show.farewell("Ending everything, and clearing up")
        ending.callback(farewell.stop)
        home = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="ekiden-demo-")))
        clock_file = home / "clock"
        now = SystemClock().now()
        set_to(clock_file, today_at(START_HOUR, now), now=now)
        with show.step("Starting the vendors and the website") as told:
            website = ending.enter_context(Website())
            satori = ending.enter_context(serve(demo_satori(FileClock(clock_file)))).url
            haihai = ending.enter_context(serve(_haihai(FileClock(clock_file)))).url
            desk = ending.enter_context(serve(demo_maildealer(FileClock(clock_file)))).url
            told("SATORI, 配配メール, Mail Dealer, a company's site")
        text = on_this_machine(example(), website=website.url, satori=satori, haihai=haihai, desk=desk)
        (home / "relay.toml").write_text(text, encoding="utf-8")
        stack, deployed = on_aws(ending, home, text, show)
        at = Addresses(website=website.url, relay=stack.api_url, satori=satori, haihai=haihai, desk=desk)
        config = parsed(text)
        _open(website, config, at)
        found = _installation(home, config, stack, deployed, at)
        ending.callback(farewell.start)
        yield found


def example() -> str:
    """
    The example that strangers copy, with what the demo adds to it.
    """
    return "\n".join(each.read_text(encoding="utf-8") for each in (EXAMPLE, ADDED))


def _haihai(clock: FileClock) -> HaihaiSandbox:
    """
    配配メール with a list of those who stopped, as it could be in a contract's document.
    """
    made = demo_haihaimail(clock)
    made.retrievals.tell_of(
        RetrievalApi(
            path=STOPPED_PATH,
            columns=("メールアドレス",),
            rows=lambda _: [
                {"メールアドレス": each.address} for each in made.customers() if STOPPED in each.states.values()
            ],
        )
    )
    return made


def on_aws(ending: ExitStack, home: Path, text: str, show: Show) -> tuple[LocalStack, Deployed]:
    """
    Package the app with this configuration, start the embedded AWS, deploy.
    """
    with show.step("Packaging the app for Lambda") as told:
        packaged = package_copy(home, text)
        told(f"{packaged.archive_bytes / 1e6:.1f} MB of code, a template of {packaged.template_bytes // 1000} kB")
    with show.step("Starting the embedded AWS") as told:
        stack = LocalStack(home / "aws", environment={**SECRETS, "EKIDEN_CLOCK_FILE": str(home / "clock")})
        ending.enter_context(stack)
        told(stack.endpoint)
    with show.step("Deploying by CloudFormation") as told:
        resources: list[str] = []
        deployed = stack.deploy(packaged, report=resources.append)
        told(f"{packaged.name}: {sum('complete' in each for each in resources)} resources")
    return stack, deployed


def _installation(home: Path, config: Config, stack: LocalStack, deployed: Deployed, at: Addresses) -> Installation:
    """
    The handle by which the script works.
    """
    environment = _environment(home, stack, deployed)
    # The relay's own adapters, and boto3 below them, find their AWS in the environment and nowhere else.
    os.environ.update({name: value for name, value in environment.items() if name.startswith(("AWS_", "POWER"))})
    return Installation(
        config=config,
        stack=stack,
        deployed=deployed,
        operator=wiring.build(environment).operator,
        at=at,
        clock_file=home / "clock",
        clock=FileClock(home / "clock"),
        environment=environment,
        environment_file=_write(home / "env", environment),
        notices_url=_subscribe(stack, deployed),
    )


def package_copy(home: Path, text: str) -> Packaged:
    """
    Package a copy of this project: its build folder is the demo's own, the installed libraries are shared.
    """
    project = home / "project"
    project.mkdir()
    for name in ("app.py", "requirements.txt"):
        shutil.copy2(REPOSITORY / name, project / name)
    shutil.copytree(REPOSITORY / "chalicelib", project / "chalicelib", ignore=shutil.ignore_patterns("__pycache__"))
    libraries = REPOSITORY / ".ekiden" / "libraries"
    libraries.mkdir(parents=True, exist_ok=True)
    (project / ".ekiden").mkdir()
    (project / ".ekiden" / "libraries").symlink_to(libraries)
    return package(project, text, STAGE, home / "package")


def _open(website: Website, config: Config, at: Addresses) -> None:
    forms = {name: source.form for name, source in config.sources.items() if source.form}
    behind = {"Ekiden のコンソール（サインイン済み）": OPERATOR}
    behind |= {"SATORI の管理画面": f"{at.satori}/_sandbox/", "配配メールの管理画面": f"{at.haihai}/_sandbox/"}
    behind["メールディーラーの管理画面"] = f"{at.desk}/_sandbox/"
    website.open(forms, relay=at.relay, satori=at.satori, behind=behind, faq=f"{at.relay}/lookup/faq")


def _environment(home: Path, stack: LocalStack, deployed: Deployed) -> dict[str, str]:
    """
    What a program of the operator's needs to speak to this installation. The secrets in it open nothing else.
    """
    return {
        **CREDENTIALS,
        **SECRETS,
        **deployed.environment(),
        "AWS_ENDPOINT_URL": stack.endpoint,
        "EKIDEN_CONFIG": str(home / "relay.toml"),
        "EKIDEN_CLOCK_FILE": str(home / "clock"),
        # This process tells its story itself; log lines of the relay's parts in it would break into that.
        "POWERTOOLS_LOG_LEVEL": "CRITICAL",
    }


def _write(file: Path, environment: dict[str, str]) -> Path:
    """
    The environment as a file to be sourced by a shell.
    """
    file.write_text("".join(f"export {name}={quote(value)}\n" for name, value in environment.items()))
    return file


def _subscribe(stack: LocalStack, deployed: Deployed) -> str:
    """
    Read the operators' notices: a queue on their topic. Returns its URL.
    """
    sqs = stack.client("sqs")
    url: str = sqs.create_queue(QueueName="demo-notices")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = deployed.outputs["TopicArn"]
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "sns.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": arn,
                "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
            },
        ],
    }
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    stack.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return url

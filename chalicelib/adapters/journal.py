"""
The journal port: Powertools Logger (one JSON line per fact), Metrics (EMF), and notices on an SNS topic.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any

from chalicelib.adapters.aws import Clients

SUBJECT_CHARS_MAX = 100
NAMESPACE = "Ekiden"
ADDRESS = re.compile(r"[^\s<>(),:;]*@[^\s<>(),:;]+")


class PowertoolsJournal:
    """
    Logs, measures and notices of one function. It never raises: a delivery must not fail for its log line.
    """

    def __init__(self, clients: Clients, topic_arn: str, installation: str = "") -> None:
        self._clients = clients
        self._topic_arn = topic_arn
        self._installation = installation

    def log(self, fact: str, **fields: Any) -> None:
        """
        One line. Addresses that a vendor's words may repeat are masked.
        """
        self._logger.info(fact, extra={name: mask(value) for name, value in fields.items() if value not in ("", None)})

    def measure(self, name: str, value: float, unit: str, **dimensions: str) -> None:
        """
        One metric value, with its own dimensions and the installation's name.
        """
        from aws_lambda_powertools.metrics import MetricUnit, single_metric  # noqa: PLC0415 - not every request measures

        with single_metric(name=name, unit=MetricUnit(unit), value=value, namespace=NAMESPACE) as metric:
            named = {"installation": self._installation, **dimensions}
            for dimension, text in ((each, text) for each, text in named.items() if text):
                metric.add_dimension(name=dimension, value=text)

    def notice(self, cause: str, subject: str, text: str) -> None:
        """
        Tell the operators; a topic that does not answer is logged.
        """
        self.log("notice", cause=cause, subject=subject)
        if not self._topic_arn:
            return
        try:
            self._clients.sns.publish(
                TopicArn=self._topic_arn,
                Subject=_ascii_subject(subject),
                Message=mask(text),
            )
        except Exception as error:  # noqa: BLE001 - whatever SNS does, deliveries go on
            self._logger.warning("notice.failed", extra={"cause": cause, "error": type(error).__name__})

    @cached_property
    def _logger(self) -> Any:
        from aws_lambda_powertools import Logger  # noqa: PLC0415 - 40 ms that only Lambda pays

        return Logger(use_rfc3339=True, serialize_stacktrace=True)


def mask(value: Any) -> Any:
    """
    A text without e-mail addresses; anything else as it is.

    >>> mask("no such customer: taro@example.co.jp")
    'no such customer: ***'
    """
    return ADDRESS.sub("***", value) if isinstance(value, str) else value


def _ascii_subject(subject: str) -> str:
    """
    SNS takes subjects of at most 100 ASCII characters.
    """
    return subject.encode("ascii", "replace").decode()[:SUBJECT_CHARS_MAX]

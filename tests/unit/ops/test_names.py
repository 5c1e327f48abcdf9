from collections.abc import Callable

import pytest

from chalicelib.errors import ConfigError
from chalicelib.model import Config, Lane
from chalicelib.ops.names import check, lane_of_queue, lane_queue_name

Make = Callable[..., Config]


def lanes(*names: str) -> dict[str, Lane]:
    """
    Lanes of these names.
    """
    return {name: Lane(name=name, vendor="satori", batching=False) for name in names}


def faults(config: Config, stage: str = "prod") -> str:
    """
    Everything that is said against the names of a configuration.
    """
    with pytest.raises(ConfigError) as raised:
        check(config, stage)
    return str(raised.value)


def test_a_lane_is_told_from_the_address_of_its_queue(make: Make) -> None:
    """
    The lanes of a deployed installation can be read from its stack.
    """
    name = lane_queue_name(make(), "prod", "haihai-import")

    assert (
        lane_of_queue(f"https://sqs.ap-northeast-1.amazonaws.com/123456789012/{name}", "acme-prod") == "haihai-import"
    )


def test_a_good_configuration_has_good_names(make: Make) -> None:
    """
    Ordinary names raise nothing.
    """
    check(make(), "prod")


@pytest.mark.parametrize("name", ["Acme", "acme_web", "1acme", "acme-", "駅伝"])
def test_a_name_that_aws_refuses_is_found_before_deployment(make: Make, name: str) -> None:
    """
    The name becomes part of bucket, queue and function names.
    """
    assert "cannot name AWS resources" in faults(make(name=name))


def test_a_stage_is_a_part_of_every_name(make: Make) -> None:
    """
    A stage with capitals is refused like a name with capitals.
    """
    assert "cannot name AWS resources" in faults(make(), "Prod")


def test_too_long_a_name_is_refused(make: Make) -> None:
    """
    Lambda takes function names of at most 64 characters.
    """
    assert "AWS takes 64" in faults(make(name="a" * 60))


def test_lanes_that_cannot_name_a_queue_are_all_listed(make: Make) -> None:
    """
    Every lane at fault is named at once.
    """
    told = faults(make(lanes=lanes("sa tori", "x" * 80, "good")))

    assert "lanes.sa tori: a lane's name becomes the name of a queue" in told
    assert "longer than 80 characters" in told
    assert "lanes.good" not in told


def test_lanes_that_would_share_a_logical_id_are_refused(make: Make) -> None:
    """
    CloudFormation would merge the two queues into one without a word.
    """
    assert 'could not be told from those of the lane "a-b"' in faults(make(lanes=lanes("a-b", "a_b")))

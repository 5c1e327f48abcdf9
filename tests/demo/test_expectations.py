"""
The list of expectations.
"""

from __future__ import annotations

from tests.demo.expectations import Checked, Expect, Expectations


def test_what_was_never_reached_has_failed() -> None:
    """A script that stops half-way does not pass: every expectation that it did not check counts as not met."""
    expectations = Expectations()
    expectations.check(Expect.V4_HASHCODE, "c = 1", met=True)

    assert len(expectations.failed) == len(Expect) - 1
    assert Expect.V4_HASHCODE not in expectations.failed


def test_every_expectation_has_its_answer_by_its_sentence() -> None:
    """Programs read a sentence and true or false; nothing is left out."""
    expectations = Expectations()
    for name in Expect:
        expectations.check(name, "", met=name is not Expect.LOGS_CLEAN)

    told = expectations.as_dict()
    assert list(told) == [str(name) for name in Expect]
    assert [name for name, met in told.items() if not met] == [str(Expect.LOGS_CLEAN)]
    assert expectations.failed == [Expect.LOGS_CLEAN]


def test_a_later_success_does_not_hide_a_failure() -> None:
    """What is checked twice must hold twice."""
    expectations = Expectations()
    expectations.check(Expect.NOTHING_LEFT, "3 dead", met=False)
    expectations.check(Expect.NOTHING_LEFT, "nothing", met=True)

    assert Expect.NOTHING_LEFT in expectations.failed


def test_each_check_is_told_at_once() -> None:
    """Whoever watches sees each expectation when it is checked, with what was found."""
    heard: list[Checked] = []
    Expectations(heard.append).check(Expect.FAN_OUT, "both have the visitor", met=True)

    assert heard == [Checked(name=Expect.FAN_OUT, met=True, found="both have the visitor")]

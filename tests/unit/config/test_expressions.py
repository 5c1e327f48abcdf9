"""
The check of expressions, and that what it lets pass can be evaluated.
"""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.config.expressions import EXPRESSION_CHARS_MAX, check_expression
from chalicelib.config.place import Place, Report
from chalicelib.model import Fault
from chalicelib.routing.expressions import Failure, evaluate


def told(text: str, *, ours: bool = True) -> list[Fault]:
    """
    What the check says of an expression; its verdict agrees with its words.
    """
    report = Report()
    sound = check_expression(text, Place("when", report), ours=ours)
    assert sound == (report.grave == 0)
    return report.faults


@pytest.mark.parametrize(
    "text",
    [
        "email",
        "_time",
        "customer.address.city",
        "\"your-email\" || 'x'",
        "agree == 'yes' && 'approval' || `null`",
        "sort_by(items, &price)[0].name",
        "map(&nfkc(@), tags)",
        "join_nonblank(' ', [split_name(\"お名前\").last, company])",
        "jst(_time, '%Y/%m/%d')",
        "tags[::-1]",
        "length(items[?qty > `0`])",
    ],
)
def test_sound_expressions_pass_without_a_word(text: str) -> None:
    """
    What JMESPath and our functions allow is let through.
    """
    assert told(text) == []


def test_a_source_cannot_call_the_functions_of_mappings() -> None:
    """
    Expressions over a sender's body are plain JMESPath, and the check says so before the first webhook fails.
    """
    (fault,) = told("nfkc(type)", ours=False)
    assert fault.message == "calls nfkc(), which does not exist here"


def test_an_overlong_expression_is_a_fault() -> None:
    """
    Length is bounded, and the fault says both numbers.
    """
    (fault,) = told("a || " * (EXPRESSION_CHARS_MAX // 5) + "b")
    assert str(fault) == "when: is an expression of 2001 characters. Write at most 2000."


def test_an_expression_nested_beyond_the_parser_is_a_fault() -> None:
    """
    Where even the library's parser gives up, the operator is told so.
    """
    (fault,) = told("(" * 1_000 + "a" + ")" * 999)
    assert fault.message == "is an expression that JMESPath cannot read"


def test_a_deprecated_literal_is_told_every_time() -> None:
    """
    The library warns of such a text once and remembers it; the check tells it each time.
    """
    assert [fault.message for fault in told("a == `yes`")] == ["has a text in backticks"]
    assert [fault.message for fault in told("a == `yes`")] == ["has a text in backticks"]


def test_a_broken_json_literal_is_told_by_its_place() -> None:
    """
    Backticks hold JSON; what is none is a fault with its position.
    """
    (fault,) = told('a == `"yes`')
    assert fault.message == "is not JMESPath at character 6: what stands in the backticks is not JSON"


def test_a_stray_list_literal_is_told_in_words() -> None:
    """
    A syntax error at a JSON literal is a fault like any other.
    """
    (fault,) = told("a `[1]`")
    assert fault.message.startswith("is not JMESPath at character 3: ")


PIECES = st.sampled_from(
    [
        *(
            "a",
            "名",
            "your-email",
            '"お名前"',
            "'yes'",
            "`1`",
            "-1",
            ".",
            "*",
            "[",
            "]",
            "[]",
            "[?",
            "[::0]",
            "(",
            ")",
            "{",
        ),
        *(
            "}",
            ",",
            ":",
            "@",
            "&",
            "&&",
            "|",
            "||",
            "!",
            "==",
            "<",
            " ",
            "=",
            '"',
            "'",
            "`",
            "nfkc(",
            "sort_by(",
            "jst(",
        ),
    ],
)
"""
Pieces that make an expression seldom, and every kind of syntax error.
"""

SOUND = st.recursive(
    st.sampled_from(
        [
            "a",
            "b",
            '"お名前"',
            "_time",
            "@",
            "missing",
            "'yes'",
            "''",
            "`1`",
            "`-1e400`",
            "`null`",
            '`[1, "x"]`',
            "b[3].c",
            "*",
        ],
    ),
    lambda inner: st.one_of(
        st.builds("{} {} {}".format, inner, st.sampled_from(["&&", "||", "==", "!=", "<", ">=", "|"]), inner),
        st.builds("!({})".format, inner),
        st.builds("[{}, {}]".format, inner, inner),
        st.builds("{{x: {}, y: {}}}".format, inner, inner),
        st.builds("({}){}".format, inner, st.sampled_from(["[0]", "[]", "[*]", "[::-1]", "[?@]", ".x", ".*", "[1:]"])),
        st.builds(
            "{}({})".format,
            st.sampled_from(
                [
                    *(
                        "nfkc",
                        "katakana",
                        "half_kana",
                        "full_width",
                        "lower",
                        "trim",
                        "digits",
                        "split_name",
                        "jst",
                        "date",
                    ),
                    *(
                        "length",
                        "sum",
                        "max",
                        "sort",
                        "keys",
                        "to_number",
                        "to_string",
                        "abs",
                        "not_null",
                        "type",
                        "reverse",
                    ),
                ],
            ),
            inner,
        ),
        st.builds(
            "{}({}, {})".format,
            st.sampled_from(["join", "join_nonblank", "default", "jst", "contains", "starts_with", "merge"]),
            inner,
            inner,
        ),
        st.builds("replace({}, {}, {})".format, inner, inner, inner),
        st.builds("{}({}, &{})".format, st.sampled_from(["sort_by", "max_by", "min_by"]), inner, inner),
        st.builds("map(&{}, {})".format, inner, inner),
    ),
    max_leaves=6,
)
"""
Expressions of sound syntax, over values that suit them or not.
"""

SCOPE = {"a": "x", "b": ["1", 2, None, {"c": 1}], "お名前": "山田 太郎", "_time": "2026-11-21T09:00:00+09:00"}


@settings(max_examples=500, deadline=None)
@given(SOUND | SOUND | st.lists(PIECES, max_size=12).map("".join) | st.text(max_size=30))
@example("a" + "[0]" * 600)
@example("!" * 1_999 + "a")
@example("a" + "||a" * 600)
@example("[" * 900)
@example("`" + "[" * 1_900 + "`")
@example("a[" + "9" * 1_900 + "]")
def test_any_text_is_sound_or_told_and_a_sound_one_never_raises(text: str) -> None:
    """
    The check never crashes, and an expression that passed it gives a value or a reason over any data.
    """
    if not any(not fault.warning for fault in told(text)):
        result = evaluate(text, SCOPE)
        if isinstance(result, Failure):
            assert "山田" not in result.reason
            assert "is not JMESPath" not in result.reason
            assert "UnknownFunction" not in result.reason
            assert "wrong number of arguments" not in result.reason

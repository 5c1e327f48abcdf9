"""
What is wrong, told to the one who can mend it: an operator (Fault), a visitor (FieldProblem), either (Problem).
"""

from __future__ import annotations

from chalicelib.value import value


@value
class Fault:
    """
    One fault of relay.toml: where it is, what is wrong, and what to write instead.

    `warning` marks advice that does not stop a deployment.
    """

    path: str
    message: str
    remedy: str
    warning: bool = False

    def __str__(self) -> str:
        return f"{self.path}: {self.message}. {self.remedy}"


@value
class Problem:
    """
    Why a payload cannot be sent as it is: the vendor's field, a stable code, and words for a person.

    `code` is one of missing, invalid, too_long, choice, charset, tag, unknown. `characters` names offending
    characters with their code points where `code` is charset. Only missing and invalid can be mended by a visitor.
    """

    field: str
    code: str
    text: str
    characters: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.field}: {self.text}"


@value
class FieldProblem:
    """
    One field of a form that the visitor can mend: its name, its labels, and the words in both languages.
    """

    name: str
    label: str
    ja: str
    en: str
    code: str

"""Tokens of OpenQASM 2 and 3: numbers, names, strings and signs, each with its line."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from jaxqkd import checks

LONGEST = 4 * 2**20
"""Most characters of a program: some 200,000 gates."""

_PATTERN = re.compile(
    r"(?P<space>\s+|//[^\n]*|/\*.*?\*/)"
    r"|(?P<number>(?:\d[\d_]*\.\d*|\.\d+|\d[\d_]*)(?:[eE][+-]?\d+)?)"
    r"|(?P<name>[^\W\d]\w*)"
    r"|(?P<string>\"[^\"\n]*\"|'[^'\n]*')"
    r"|(?P<sign>->|\*\*|==|!=|<=|>=|&&|\|\||[-+*/%^()\[\]{};:,=@<>!&|~])",
    re.DOTALL,
)


class Token(NamedTuple):
    """A word of a program.

    Attributes:
        kind: "number", "name", "string", "sign" or "end".
        text: The word itself.
        line: The line that it is in, from 1.
    """

    kind: str
    text: str
    line: int


def tokens(text: str) -> list[Token]:
    """Returns the tokens of a program, and one of the kind "end" behind them."""
    checks.require(isinstance(text, str), "text", "be the text of a program", f"a {type(text).__name__}")
    size = f"{len(text):,} characters long"
    checks.require(len(text) <= LONGEST, "text", f"have at most {LONGEST:,} characters", size)
    found: list[Token] = []
    place, line = 0, 1
    while place < len(text):
        match = _PATTERN.match(text, place)
        if match is None:
            raise refusal(line, f"the character {text[place]!r}", "have characters of OpenQASM alone")
        kind, word = str(match.lastgroup), match.group()
        if kind != "space":
            found.append(Token(kind, word, line))
        line += word.count("\n")
        place = match.end()
    return [*found, Token("end", "the end of the text", line)]


def refusal(line: int, found: str, must: str = "be read", cure: str = "") -> ValueError:
    """Returns the error that names a line of the program."""
    return checks.error("text", must, f"{found} in line {line}", cure)


class Cursor:
    """A place in a list of tokens, which reading moves on."""

    def __init__(self, listed: Sequence[Token]) -> None:
        self._listed = listed
        self._place = 0

    @property
    def next(self) -> Token:
        """The token that is read next."""
        return self._listed[self._place]

    @property
    def after(self) -> Token:
        """The token behind the next one."""
        return self._listed[min(self._place + 1, len(self._listed) - 1)]

    def take(self) -> Token:
        """Returns the next token, and moves on."""
        token = self.next
        if token.kind != "end":
            self._place += 1
        return token

    def skip(self, *texts: str) -> bool:
        """Moves on if the next token is one of these signs or names; returns whether it was."""
        found = self.next.kind in ("sign", "name") and self.next.text in texts
        if found:
            self.take()
        return found

    def expect(self, text: str) -> Token:
        """Returns the next token, which has to be this one."""
        if self.next.text != text:
            raise refusal(self.next.line, repr(self.next.text), f"have {text!r} there")
        return self.take()

    def name(self) -> Token:
        """Returns the next token, which has to be a name."""
        if self.next.kind != "name":
            raise refusal(self.next.line, repr(self.next.text), "have a name there")
        return self.take()

    def whole(self) -> int:
        """Returns the next token, which has to be a whole number."""
        if self.next.kind != "number" or not self.next.text.replace("_", "").isdigit():
            raise refusal(self.next.line, repr(self.next.text), "have a whole number there")
        return int(self.take().text.replace("_", "")[:20])

"""Terminal: the tables and the text of sections, in columns that fit its width."""

import re
from collections.abc import Sequence
from textwrap import fill
from typing import TYPE_CHECKING

from jaxqkd.reports.section import Section, Table

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table as RichTable

WIDE = 154
"""Columns from which each row of a table is one line; in a narrower terminal its cells take several."""
TEXT = 80
"""Columns of a paragraph, at most."""
SHORT = 9
"""Letters of a word that no terminal breaks in a table."""
TEXT_CELL = re.compile(r"[^\d+–-]")
"""The start of a cell that is not a number."""


def print_sections(sections: Sequence[Section], *, width: int | None = None) -> None:
    """Prints the sections that are no details, without their figures; what came out is printed last.

    Args:
        sections: The sections of a report.
        width: Columns; by default those of the terminal, or `WIDE` where the output is not a terminal.
    """
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False, width=width)
    if width is None and not console.is_terminal:
        console.width = WIDE
    for section in sorted(sections, key=lambda section: section.answer):  # the last lines are what is seen
        if not section.detail:
            _print(section, console)


def _print(section: Section, console: "Console") -> None:
    """Prints a section's title, text, table and listing; nothing if it has only a figure."""
    paragraphs = [fill(text, min(TEXT, console.width)) for text in section.text.split("\n\n") if text]
    if paragraphs or section.table or section.listing:
        console.print(section.title, style="bold", soft_wrap=True)
    for paragraph in paragraphs:
        console.print(f"{paragraph}\n", soft_wrap=True)
    if section.table:
        console.print(_columns(section.table, console.width))
    if section.listing:
        console.print(f"{section.listing}\n", soft_wrap=True)


def _columns(table: Table, width: int) -> "RichTable":
    """Returns a table for a terminal of that width: numbers to the right, text to the left."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table as RichTable

    joint = " " if width >= WIDE else "\n"
    rows = [[re.sub("[\n\u00a0]", joint, cell) for cell in row] for row in table.rows]
    columns = [[row[at] for row in rows] for at in range(len(table.headers))]
    is_text = [at == 0 or any(TEXT_CELL.match(cell) for cell in cells) for at, cells in enumerate(columns)]
    widths = _widths(table.headers, columns, is_text, width - 2 * len(columns) - 1)
    grid = RichTable(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for header, left, size in zip(table.headers, is_text, widths, strict=True):
        grid.add_column(header, justify="left" if left else "right", width=size, overflow="fold")
    for row in rows:
        grid.add_row(*row)
    return grid


def _widths(
    headers: Sequence[str], columns: Sequence[Sequence[str]], is_text: Sequence[bool], room: int
) -> list[int]:
    """Returns the columns' widths: no number is broken, and only a long word, if the words do not fit."""
    lines, words, least = [], [], []
    for header, cells, text in zip(headers, columns, is_text, strict=True):
        unbroken = _longest(cells, None if text else "\n")
        lines.append(_longest([header, *cells], "\n"))
        words.append(max(_longest([header], None), unbroken))
        least.append(min(words[-1], max(SHORT, 0 if text else unbroken)))
    widths = words if sum(words) <= room else least
    lacking = [line - width for line, width in zip(lines, widths, strict=True)]
    for at in sorted(range(len(widths)), key=lacking.__getitem__):  # as many whole lines as possible
        widths[at] += max(0, min(lacking[at], room - sum(widths)))
    return widths


def _longest(texts: Sequence[str], separator: str | None) -> int:
    return max((len(part) for text in texts for part in text.split(separator)), default=1)

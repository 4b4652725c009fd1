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


def print_sections(sections: Sequence[Section], *, width: int | None = None) -> None:
    """Prints the sections that are no details, without their figures.

    Args:
        sections: The sections of a report.
        width: Columns; by default those of the terminal, or `WIDE` where the output is not a terminal.
    """
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False, width=width)
    if width is None and not console.is_terminal:
        console.width = WIDE
    for section in sections:
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
    """Returns a table for a terminal of that width: numbers to the right, and no number broken."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table as RichTable

    joint = " " if width >= WIDE else "\n"
    lines = [[re.sub("[\n\u00a0]", joint, cell) for cell in row] for row in (table.headers, *table.rows)]
    columns = RichTable(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for at, header in enumerate(lines[0]):
        is_text = at == 0 or any(re.match(r"[^\d+–-]", line[at]) for line in lines[1:])
        longest = max(len(word) for line in lines for word in line[at].split() or [""])
        columns.add_column(header, justify="left" if is_text else "right", no_wrap=not is_text, min_width=longest)
    for line in lines[1:]:
        columns.add_row(*line)
    return columns

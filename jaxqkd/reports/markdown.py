"""Markdown: the tables and the text of sections."""

from collections.abc import Iterator, Sequence

from jaxqkd.reports.section import Section, Table, answers_first


def markdown(sections: Sequence[Section]) -> str:
    """Returns the sections that are no details as Markdown, without their figures, what came out first."""
    shown = [section for section in answers_first(sections) if not section.detail]
    return "\n".join(block for section in shown for block in _blocks(section))


def _blocks(section: Section) -> Iterator[str]:
    """Yields a section's title, text, table and listing; nothing if it has only a figure."""
    table = _table(section.table) if section.table else ""
    blocks = [block for block in (_fenced(section.text), table, _fenced(section.listing)) if block]
    if blocks:
        yield from (f"**{section.title}**\n", *blocks)


def _fenced(text: str) -> str:
    return f"```text\n{text}\n```\n" if text else ""


def _table(table: Table) -> str:
    lines = [table.headers, ["---"] * len(table.headers), *table.rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")

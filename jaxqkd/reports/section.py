"""Section: the one display type of a report, which the terminal, Markdown and HTML render."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Table(NamedTuple):
    """A table of text.

    The page breaks a cell at its line breaks, a narrow terminal also at no-break spaces, and a wide one nowhere.

    Attributes:
        headers: A header for each column.
        rows: The cells of each row, of which the first one names it.
    """

    headers: Sequence[str]
    rows: Sequence[Sequence[str]]


class Drawing(NamedTuple):
    """A figure with its words.

    Attributes:
        figure: A matplotlib figure.
        alt: What it shows, in numbers, for those who do not see it.
    """

    figure: "Figure"
    alt: str


class Section(NamedTuple):
    """A part of a report. All text is text: what looks like markup in it is shown as it stands.

    Attributes:
        title: Its heading.
        text: Paragraphs, with an empty line between two.
        drawing: A figure and its words, or None. The terminal and Markdown leave it out.
        caption: What the figure is of.
        note: How to read the figure.
        table: Or None.
        listing: Text whose lines and columns are kept.
        detail: Whether only the HTML page shows the section, for readers who want all of it.
        facts: What the manifest holds of it.
        answer: Whether it says what came out: it stands first on a page, and last in a terminal.
    """

    title: str
    text: str = ""
    drawing: Drawing | None = None
    caption: str = ""
    note: str = ""
    table: Table | None = None
    listing: str = ""
    detail: bool = False
    facts: Mapping[str, Any] = {}
    answer: bool = False


def answers_first(sections: Sequence[Section]) -> list[Section]:
    """Returns the sections, those that say what came out before the others."""
    return sorted(sections, key=lambda section: not section.answer)

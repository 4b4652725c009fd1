"""The terminal and Markdown: which text of a section they show, and how it fits."""

import pytest

from jaxqkd.reports import Section, Table
from jaxqkd.reports.markdown import markdown
from jaxqkd.reports.terminal import WIDE, print_sections

CHANGE = "+0.100\n[+0.050,\n+0.150]"
OWN = Section(
    "Own",
    "One [bold]word[/bold] and " + "more " * 30 + "words.\n\nA second paragraph.",
    table=Table(
        ["student", "change", "verdict"], [["hea|x", CHANGE, "no difference shown"], ["mlp", CHANGE, "better"]]
    ),
    listing="  kept   as it is",
)


def printed(capsys, sections, width):
    print_sections(sections, width=width)
    return capsys.readouterr().out


@pytest.mark.parametrize("width", [40, 80, WIDE])
def test_text_fits_and_is_no_markup(capsys, width):
    out = printed(capsys, [OWN], width)
    assert "[bold]word[/bold]" in out
    assert max(map(len, out.splitlines())) <= width
    assert "  kept   as it is" in out.splitlines()
    assert "…" not in out


def test_a_row_is_one_line_where_there_is_room(capsys):
    assert "+0.100 [+0.050, +0.150]" in printed(capsys, [OWN], WIDE)
    assert "+0.100 [+0.050, +0.150]" not in printed(capsys, [OWN], 80)


def test_numbers_stand_to_the_right_and_text_to_the_left(capsys):
    table = Table(["name", "n", "text"], [["a", "1", "left"], ["b", "100", "l"]])
    lines = [line.rstrip() for line in printed(capsys, [Section("T", table=table)], 80).splitlines()]
    assert " a       1  left" in lines
    assert " b     100  l" in lines


def test_details_and_mere_figures_are_left_out(capsys):
    sections = [Section("Detail", "text", detail=True), Section("Figure")]
    assert printed(capsys, sections, 80) == ""
    assert markdown(sections) == ""


def test_markdown_has_one_line_a_row_and_keeps_text():
    assert markdown([OWN._replace(text="a\nb")]) == (
        "**Own**\n\n```text\na\nb\n```\n\n"
        "| student | change | verdict |\n| --- | --- | --- |\n"
        "| hea\\|x | +0.100 [+0.050, +0.150] | no difference shown |\n"
        "| mlp | +0.100 [+0.050, +0.150] | better |\n\n"
        "```text\n  kept   as it is\n```\n"
    )

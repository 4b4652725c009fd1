"""Writes the figures and tables of a study for its page: `python docs/publish.py DIRECTORY docs/NAME`.

The figures become NAME.png and NAME.svg, NAME-2.png and so on; what the report says, and its tables, folded,
become NAME-table.md, which the page includes. A study that is not complete is shown by the seeds that it has.
"""

import sys
from pathlib import Path
from textwrap import fill

import matplotlib

from jaxqkd import metrics
from jaxqkd.experiments import registry
from jaxqkd.reports import Section, runs
from jaxqkd.reports.markdown import markdown
from jaxqkd.studies import complete_seeds, load


def publish(directory, stem):
    """Writes the files of a page; returns the alternative texts of its figures by name."""
    results = load(directory, seeds=complete_seeds(directory), units=metrics.UNITS)
    experiment = registry.of_study(results.attrs["study"], results.attrs["version"])
    sections = [section for section in experiment.report(results) if not section.detail]
    said = [_wrapped(section) for section in sections if section.text and not section.table]
    tables = [section for section in sections if section.table]
    text = markdown([*said, runs.summary(results)])
    Path(f"{stem}-table.md").write_text(text + "".join(map(_folded, tables)), encoding="utf-8")
    return _save_figures([section.drawing for section in sections if section.drawing], stem)


def _wrapped(section: Section) -> Section:
    text = "\n\n".join(fill(paragraph, 88) for paragraph in section.text.split("\n\n"))
    return section._replace(text=text, drawing=None, listing="")


def _folded(section: Section) -> str:
    content = markdown([section]).split("\n", 2)[2]  # without the title
    return f"\n<details>\n<summary>{section.title}</summary>\n\n{content}\n\n</details>\n"


def _save_figures(drawings, stem):
    matplotlib.rcParams["svg.hashsalt"] = "jaxqkd"  # the same figure, the same bytes
    names = [stem, *(f"{stem}-{number}" for number in range(2, len(drawings) + 1))]
    for name, drawing in zip(names, drawings, strict=False):
        drawing.figure.savefig(f"{name}.png", format="png", dpi=150)
        drawing.figure.savefig(f"{name}.svg", format="svg", metadata={"Date": None})
    return dict(zip(names, (drawing.alt for drawing in drawings), strict=False))


if __name__ == "__main__":
    for name, alt in publish(*sys.argv[1:]).items():
        print(f"{name}: {alt}")

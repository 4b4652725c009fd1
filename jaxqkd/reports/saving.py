"""Outcome: what a study comes to, as tables, notes and figures; printed, and written beside its blocks."""

import io
import platform
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib as mpl
import xarray as xr
from matplotlib.figure import Figure
from rich.console import Console

from jaxqkd.files import save_json, save_text, write_whole
from jaxqkd.reports import tables
from jaxqkd.reports.html import Section, report
from jaxqkd.statistics import describe
from jaxqkd.studies import results as files
from jaxqkd.studies import store


class Outcome(NamedTuple):
    """What is shown of a study.

    Attributes:
        headers: Of the tables.
        parts: Tables by title, each as lines of cells, each cell as parts that a narrow terminal breaks between.
        notes: How to read the tables, and what they say.
        figure: The study's own figure, or None.
        alt: What the figure shows, in numbers; empty where the report of any study has such a figure.
        caption: What the figure is of.
        facts: For the manifest.
    """

    headers: Sequence[str]
    parts: Mapping[str, Sequence[Sequence[Sequence[str]]]]
    notes: Sequence[str]
    figure: Figure | None = None
    alt: str = ""
    caption: str = ""
    facts: Mapping[str, Any] = {}


def present(results: xr.Dataset) -> Outcome:
    """Returns what is shown of any study: the summary of its score for each student and setting."""
    score = results.attrs["score"]
    described = describe(results[score], majority=results.get(f"majority_{score}"))
    headers = (*map(str, described["mean"].dims), *tables.SUMMARY_HEADERS)
    return Outcome(headers, {f"Scores: {score}": tables.summary_cells(described)}, [tables.SUMMARY])


def save(out: Path, results: xr.Dataset, shown: Outcome) -> None:
    """Writes manifest.json, results.nc, runs.csv, table.md, report.html, and figure.png where there is one."""
    facts = manifest(out, results, shown)
    save_json(out / "manifest.json", facts)
    files.save_dataset(out / "results.nc", results)
    files.save_runs(out / "runs.csv", results)
    save_text(out / "table.md", markdown(results, shown))
    page = report(results, facts=facts, sections=sections(shown), command=f"jaxqkd report {out}")
    save_text(out / "report.html", page)
    if shown.figure is not None:
        write_whole(out / "figure.png", png(shown.figure))


def sections(shown: Outcome) -> list[Section]:
    """Returns what is shown as sections of a report: the figure, a table a part, and the notes."""
    tables_of = [
        Section(title, headers=shown.headers, rows=[["\n".join(parts) for parts in line] for line in cells])
        for title, cells in shown.parts.items()
    ]
    figure = Section("The study's figure", figure=shown.figure, alt=shown.alt, caption=shown.caption)
    notes = Section("How to read the tables", listing="\n\n".join(shown.notes))
    return [*([figure] if shown.alt else []), *tables_of, notes]


def png(figure: Figure) -> bytes:
    """Returns a figure as PNG."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=150)
    return stream.getvalue()


def manifest(out: Path, results: xr.Dataset, shown: Outcome) -> dict[str, Any]:
    """Returns what was run, with what, and what came out."""
    times = {name: float(results[name].sum()) for name in ("compile_seconds", "seconds")}
    return {
        "study": results.attrs["study"],
        "id": results.attrs["id"],
        "description": store.description(out),
        "seed_data_sha256": results.attrs["seed_data_sha256"],
        **times,
        **shown.facts,
        "devices": results.attrs["devices"],
        "platform": platform.platform(),
        "versions": store.versions() | {"xarray": xr.__version__, "matplotlib": mpl.__version__},
    }


def print_all(out: Path, results: xr.Dataset, shown: Outcome) -> None:
    """Prints the tables and the notes."""
    console = Console(width=None if sys.stdout.isatty() else tables.WIDE, highlight=False)
    for title, cells in shown.parts.items():
        console.print(tables.terminal(title, shown.headers, cells, console.width))
    held = ", ".join(sorted(entry.name for entry in out.iterdir() if entry.is_file()))
    print(*_notes(results, shown), f"Results are in {out}: {held}", sep="\n\n")


def markdown(results: xr.Dataset, shown: Outcome) -> str:
    """Returns the tables and the notes as Markdown."""
    sections = [f"**{title}**\n\n{tables.markdown(shown.headers, cells)}" for title, cells in shown.parts.items()]
    return "\n".join([*sections, *(f"```text\n{note}\n```\n" for note in _notes(results, shown))])


def _notes(results: xr.Dataset, shown: Outcome) -> list[str]:
    return [*shown.notes, *([_diverged(results)] if "diverged" in results else []), _spent(results)]


def _diverged(results: xr.Dataset) -> str:
    count, total = int(results.diverged.sum()), results.diverged.size
    if count == total:
        return f"EVERY ONE of the {total} runs diverged (its loss ceased to be finite): the scores mean nothing."
    return f"{count} of {total} runs diverged (the loss ceased to be finite); all are counted in every figure."


def _spent(results: xr.Dataset) -> str:
    compilation, runs = float(results.compile_seconds.sum()), float(results.seconds.sum())
    return (
        f"The runs took {runs:.0f} s, and the compilation of their programs {compilation:.0f} s, several at once."
    )

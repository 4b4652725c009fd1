"""Saving: a report and its results as files beside the study's blocks."""

import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import xarray as xr

from jaxqkd.files import save_json, save_text, write_whole
from jaxqkd.reports import html, runs
from jaxqkd.reports.manifest import appendix, manifest
from jaxqkd.reports.markdown import markdown
from jaxqkd.reports.section import Drawing, Section
from jaxqkd.reports.terminal import print_sections
from jaxqkd.studies import store
from jaxqkd.studies.results import save_dataset, save_runs


def save(
    directory: str | os.PathLike,
    results: xr.Dataset,
    sections: Sequence[Section],
    *,
    description: Mapping[str, Any] | None = None,
    command: str = "",
) -> None:
    """Writes manifest.json, results.nc, runs.csv, table.md, report.html, and figure.png where there is a figure.

    The figure is the first one that is not a detail. Each file appears under its name only when it is whole.

    Args:
        directory: The study's directory.
        results: What `jaxqkd.studies.load` returns of it.
        sections: The report, such as `any_study(results)`.
        description: How the results were made, for the manifest; by default that of the study in the directory.
        command: What draws the report again, for its readers.
    """
    out = Path(directory)
    facts = manifest(results, sections, store.description(out) if description is None else description)
    save_json(out / "manifest.json", facts)
    save_dataset(out / "results.nc", results)
    save_runs(out / "runs.csv", results)
    save_text(out / "table.md", markdown([*sections, runs.summary(results)]))
    save_text(out / "report.html", page(results, sections, facts, command))
    drawings = [section.drawing for section in sections if section.drawing and not section.detail]
    if drawings:
        write_whole(out / "figure.png", _png(drawings[0]))


def page(results: xr.Dataset, sections: Sequence[Section], facts: Mapping[str, Any], command: str) -> str:
    """Returns the HTML page of a report, with the manifest's facts and the command that draws it again."""
    banner, alarm = runs.diverged(results)
    shown = [*sections, *appendix(results, facts, command)]
    return html.page(f"The study “{results.attrs['study']}”", shown, banner=banner, alarm=alarm)


def print_report(out: Path, results: xr.Dataset, sections: Sequence[Section]) -> None:
    """Prints a report, and where its files are."""
    print_sections([*sections, runs.summary(results)])
    files = ", ".join(sorted(entry.name for entry in out.iterdir() if entry.is_file()))
    print(f"Results are in {out}: {files}")


def _png(drawing: Drawing) -> bytes:
    stream = io.BytesIO()
    drawing.figure.savefig(stream, format="png", dpi=150)
    return stream.getvalue()

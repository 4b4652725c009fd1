"""The report of a study: one HTML text that holds all it shows and asks the network for nothing."""

import base64
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from typing import Any

import xarray as xr
from jinja2 import Environment, StrictUndefined
from matplotlib.figure import Figure

from jaxqkd import checks
from jaxqkd.reports import tables
from jaxqkd.reports.plots import words
from jaxqkd.reports.plots.panels import label, plain, settings, spaced
from jaxqkd.reports.sections import Comparisons, Section, comparisons, generic
from jaxqkd.statistics import describe

__all__ = ["Section", "report"]

DOTS_AN_INCH = 200
LONG = 30
"""Rows of a table, or lines of a listing, from which it starts folded."""


def report(
    results: xr.Dataset,
    *,
    facts: Mapping[str, Any],
    sections: Sequence[Section] = (),
    command: str | None = None,
) -> str:
    """Returns the report of a study as one HTML text, with its figures inside.

    What the results have no variable for is left out, and so are the comparisons if every run diverged. The same
    results give the same text.

    Args:
        results: What `jaxqkd.studies.load` returns: scores over student, settings and seed, and what else there
            is; with the attributes `study`, its name, and `score`, the name of the score that it is about.
        facts: What is known of how they were made, as manifest.json holds it.
        sections: The study's own; they come before those of any study.
        command: What makes every figure again.

    Raises:
        ValueError: If the results do not name their score, or a section has a figure but no alternative text.
    """
    checks.one_of("score", results.attrs.get("score"), [str(name) for name in results])
    for section in sections:
        has_words = section.figure is None or bool(section.alt)
        checks.require(has_words, "alt", "say what the figure shows", f"empty in {section.title!r}")
    diverged = _diverged(results)
    tested = None if diverged.get("all") else comparisons(results[results.attrs["score"]])
    shown = [_setup(results, facts), *sections, *generic(results, tested), *_appendix(facts, command)]
    page = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = files("jaxqkd.reports").joinpath("report.html").read_text(encoding="utf-8")
    return page.from_string(template).render(
        title=f"The study “{results.attrs['study']}”",
        diverged=diverged,
        abstract=_abstract(results, facts, tested),
        sections=[(section, _embedded(section.figure)) for section in shown],
        long=LONG,
    )


def _setup(results: xr.Dataset, facts: Mapping[str, Any]) -> Section:
    """Returns what was run, and with what: from the results, and of the facts those that are known."""
    scores, description = results[results.attrs["score"]], facts.get("description", {})
    base = f", drawn from base {description['base']}" if "base" in description else ""
    known = {
        "students": scores.student.values.tolist(),
        **{spaced(name): scores[name].values.tolist() for name in settings(scores)},
        "seeds": f"{scores.sizes['seed']}{base}",
        **{f"option {spaced(name)}": value for name, value in description.get("options", {}).items()},
        "score": label(scores),
        "devices": facts.get("devices"),
        "platform": facts.get("platform"),
        "versions": facts.get("versions"),
        "SHA-256 of the data": description.get("data"),
        "SHA-256 of the seeds' data": facts.get("seed_data_sha256"),
        "SHA-256 of the description": facts.get("id"),
    }
    rows = [(name, _told(value)) for name, value in known.items() if value is not None]
    return Section("What was run, and with what", headers=("what", "value"), rows=rows)


def _appendix(facts: Mapping[str, Any], command: str | None) -> Iterator[Section]:
    """Yields the manifest, and the command if there is one."""
    yield Section("Manifest", listing=json.dumps(facts, indent=2, default=str))
    if command is not None:
        yield Section("Every figure again", "This command draws them from the same results.", listing=command)


def _abstract(results: xr.Dataset, facts: Mapping[str, Any], tested: Comparisons | None) -> str:
    scores = results[results.attrs["score"]]
    middles = words.by_student(describe(scores).iqm, ".3f")
    sentences = [
        _ran(results, scores, facts),
        "All had the same seeds, so that comparisons are paired by seed.",
        f"The score is the {label(scores)}.",
        f"Its interquartile mean over the seeds is, from the lowest to the highest setting: {middles}.",
    ]
    if "teacher_f1" in results:
        sentences.append(tables.teachers(results))
    return " ".join([*sentences, *([] if tested is None else [_tested(tested)])])


def _ran(results: xr.Dataset, scores: xr.DataArray, facts: Mapping[str, Any]) -> str:
    students, seeds = (_counted(scores.sizes[name], name) for name in ("student", "seed"))
    varied = "; ".join(f"{spaced(name)} {_told(scores[name].values.tolist())}" for name in settings(scores))
    epochs = facts.get("description", {}).get("options", {}).get("epochs", results.sizes.get("epoch"))
    return (
        f"The study trained {students} from {seeds}"
        + (f" at every setting ({varied})" if varied else "")
        + (f", for at most {_counted(epochs, 'epoch')}" if epochs else "")
        + f": {_counted(scores.size, 'run')}."
    )


def _tested(tested: Comparisons) -> str:
    """Returns in words what the corrected tests say."""
    along, table = tested
    of = "the students" if along == "student" else f"{spaced(along)} {_told(sorted(set(table.after)))} with 0"
    counts = table.verdict.value_counts()
    if "too few seeds" in counts:
        told = f"The seeds are too few for a claim about any of {len(table)} paired comparisons, of {of}."
        return f"{told} {tables.too_few(len(table))}"
    said = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    return f"Of {len(table)} paired comparisons, of {of}, the corrected tests say: {said}."


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _told(value: Any) -> str:
    """Returns a value of the manifest in words; equal entries of a list are counted."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_told(entry)}" for name, entry in value.items())
    if isinstance(value, list | tuple):
        counts = Counter(map(_told, value))
        return ", ".join(entry if count == 1 else f"{count} × {entry}" for entry, count in counts.items())
    return plain(value)


def _diverged(results: xr.Dataset) -> dict[str, Any]:
    """Returns what the banner says, and whether there is nothing else to say; empty for no flags."""
    if "diverged" not in results:
        return {}
    flags = results.diverged.astype(bool)
    count = int(flags.sum())
    if count == flags.size:
        return {"all": True, "text": f"Every one of the {count} runs diverged: the scores mean nothing."}
    if not count:
        return {"all": False, "text": f"None of the {flags.size} runs diverged."}
    by_student = {str(name): int(flags.sel(student=name).sum()) for name in flags.student.values}
    where = ", ".join(f"{name} {number}" for name, number in by_student.items() if number)
    told = f"{count} of {flags.size} runs diverged ({where}): their loss ceased to be finite."
    return {"all": False, "text": f"{told} They count in every figure and test."}


def _embedded(figure: Figure | None) -> dict[str, Any]:
    """Returns a figure as an image's attributes; in 256 colors, which take a third of the bytes."""
    from PIL import Image  # matplotlib needs it, too

    if figure is None:
        return {}
    drawn, small = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png", dpi=DOTS_AN_INCH, facecolor="white")
    image = Image.open(drawn).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    image.save(small, format="png", optimize=True)
    source = "data:image/png;base64," + base64.b64encode(small.getvalue()).decode()
    return {"src": source, "width": image.width, "height": image.height}

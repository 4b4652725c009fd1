"""Standard sections: what a report shows of any study, as far as the results have the variables."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import xarray as xr

from jaxqkd import checks
from jaxqkd.reports import plots
from jaxqkd.reports.labels import (
    by_student,
    counted,
    interval,
    label,
    listed,
    number,
    parts,
    plain,
    settings,
    spaced,
)
from jaxqkd.reports.pairs import Comparisons, comparison_table, comparisons, in_words
from jaxqkd.reports.plots.initializations import first_gradients
from jaxqkd.reports.section import Section, Table
from jaxqkd.statistics import describe


def assemble(
    results: xr.Dataset,
    own: Sequence[Section],
    *,
    tested: Comparisons | None,
    references: Mapping[str, str] | None = None,
) -> list[Section]:
    """Returns a report: an overview, the study's own sections, then the standard ones as details.

    A section whose variables the results lack is left out, and so are the comparisons if every run diverged.

    Args:
        results: What `jaxqkd.studies.load` returns: scores over student, settings and seed, and any other
            variables; with the attributes `study`, its name, and `score`, the name of the score that it is about.
        own: The study's own sections; without any, the scores are not a detail.
        tested: The comparisons of the score, see `comparisons`, or None.
        references: Variables that the score is read against, by their names in words.

    Raises:
        ValueError: If the results do not name their score.
    """
    score = _score(results)
    majority = results.get(f"majority_{score.name}")
    described = describe(score, majority=majority)
    lines = {} if majority is None else {"always the commonest class": majority}
    lines |= {name: results[at] for name, at in (references or {}).items() if at in results}
    tested = None if "diverged" in results and bool(results.diverged.all()) else tested
    return [
        _overview(score, described, tested, results.sizes.get("epoch")),
        *own,
        _scores(score, described, lines, detail=bool(own)),
        *_curves(results),
        *_initializations(None if majority is None else described.failed, first_gradients(results)),
        *([] if tested is None else [comparison_table(tested)]),
        *_times(results),
    ]


def any_study(results: xr.Dataset) -> list[Section]:
    """Returns the report of a study that has no sections of its own: its scores, and its students compared."""
    return assemble(results, [], tested=comparisons(_score(results)))


def _score(results: xr.Dataset) -> xr.DataArray:
    name = results.attrs.get("score")
    checks.one_of("score", name, [str(known) for known in results])
    return results[name]


def _overview(scores: xr.DataArray, described: xr.Dataset, tested: Comparisons | None, epochs: Any) -> Section:
    students, seeds = (counted(scores.sizes[name], name) for name in ("student", "seed"))
    varied = "; ".join(f"{spaced(name)} {listed(scores[name].values.tolist())}" for name in settings(scores))
    sentences = [
        f"The study trained {students} from {seeds}"
        + (f" at every setting ({varied})" if varied else "")
        + (f", for at most {counted(epochs, 'epoch')}" if epochs else "")
        + f": {counted(scores.size, 'run')}.",
        "All had the same seeds, so that comparisons are paired by seed.",
        f"The score is the {label(scores)}.",
        "Its interquartile mean over the seeds is, from the lowest to the highest setting: "
        f"{by_student(described.iqm, '.3f')}.",
        *([] if tested is None else [in_words(tested)]),
    ]
    return Section("Overview", " ".join(sentences), detail=True)


def _scores(
    scores: xr.DataArray, described: xr.Dataset, lines: Mapping[str, xr.DataArray], *, detail: bool
) -> Section:
    names = ["student", *settings(scores)]
    rows = [[*_place(part, names), *_summarized(part)] for _, part in parts(described, names)]
    return Section(
        "Scores of every seed",
        "Means have their 95 % bootstrap intervals over the seeds. A seed has failed if its score is less than "
        "0.05 above that of always answering the commonest class, or not finite.",
        drawing=plots.score_strips(scores, described, lines),
        caption=f"A dot is a seed: {label(scores)}.",
        note="Black marks are interquartile means, of the middle half of the seeds, and black lines their 95 % "
        "bootstrap intervals. A strip in clumps shows initializations that succeed or fail as a whole, which a "
        "mean hides. A seed stands at the same place in every strip.",
        table=Table([*map(spaced, names), "interquartile mean", "mean", "median", "variance", "failed"], rows),
        detail=detail,
    )


def _curves(results: xr.Dataset) -> Iterator[Section]:
    curves = [name for name in ("val_loss", "loss") if name in results and "epoch" in results[name].dims]
    if not curves:
        return
    values, trained = results[curves[0]], ""
    if "epochs" in results:
        trained = f"Half of the runs trained for {int(results.epochs.median())} epochs or fewer."
    yield Section(
        "Learning curves",
        drawing=plots.learning_curves(values),
        caption=f"{label(values)} by epoch: the median over the seeds.",
        note="Bands are between the quartiles; every panel has its own axis. A seed that has stopped keeps its "
        f"last finite value. {trained}",
        detail=True,
    )


def _initializations(failed: xr.DataArray | None, norms: xr.DataArray | None) -> Iterator[Section]:
    if failed is None and norms is None:
        return
    yield Section(
        "Sensitivity to the initialization",
        drawing=plots.initialization_sensitivity(failed, norms),
        caption="What depends on where a training began, by student.",
        note="A seed has failed if its score is less than 0.05 above that of always answering the commonest "
        "class, or not finite. Black marks are medians of what shares a strip. Gradients that are small and vary "
        "little over the seeds are a sign of a flat landscape.",
        detail=True,
    )


def _times(results: xr.Dataset) -> Iterator[Section]:
    if "seconds" in results or "compile_seconds" in results:
        yield Section(
            "Time",
            drawing=plots.runtime(results),
            caption="Wall-clock time of all runs of a program, and of its compilation.",
            note="Several programs may be compiled at once, so the sum may exceed the time that passed.",
            detail=True,
        )


def _place(part: xr.Dataset, names: Sequence[str]) -> list[str]:
    return [plain(part[name].values[()]) for name in names]


def _summarized(part: xr.Dataset) -> list[str]:
    means = [
        f"{number(part[name])}\u00a0{interval(part[f'{name}_low'], part[f'{name}_high'])}"
        for name in ("iqm", "mean")
    ]
    return [*means, number(part["median"]), number(part.variance), number(part.failed, ".0%")]

"""The study as it is shown: scores by device, and tests of what distillation and another device change.

The rules were written before any run. A student that was trained for A survives on B if the 95 % interval of its
change of macro F1, from a student trained for B and judged there as well, lies above -0.05; it does not survive if
the corrected test says worse and the mean change is below -0.05; else the study does not tell.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import xarray as xr

from jaxqkd.experiments import wording
from jaxqkd.experiments.named_devices.figure import matrices
from jaxqkd.experiments.named_devices.setup import CLEAN, MARGIN
from jaxqkd.reports import Section, Table, assemble, comparisons
from jaxqkd.reports.labels import too_few
from jaxqkd.statistics import compare, fewest_seeds

HEADERS = ("trained for", "judged on", "teacher", "before", "after", "change", "wins", "verdict")
SURVIVES, FAILS, OPEN = "survives", "does not survive", "not told"

READ_AS = """\
Macro F1 on test rows: means over the seeds, the change paired by seed with its
95 % interval (Student's t), the p of Wilcoxon's test corrected by Holm's method
over the rows of the table, and the share of seeds that gained, no change counting
half. "No difference shown" does not say that there is none.

A student survives on another device if the interval of its change, from a student
trained for that device, lies above -0.05; it does not survive if the corrected
test says worse and the mean is below -0.05. The rule was written before the run.

Calibrated noise is a best case of a device: it has relaxation, gate errors and
readout errors as reported on one date, but no crosstalk, no leakage, no drift and
no coherent errors, and qubits that wait do not relax."""

GAIN = "What distillation adds, by device"
OWN = "What training under the device's own noise adds to a clean training"
MOVE = "What training for another device costs"


def scores(results: xr.Dataset) -> xr.DataArray:
    """Returns macro F1 over trained, distilled, seed and judged."""
    f1 = results.f1_at.isel(student=0, drop=True)
    labeled = f1.rename({f1.dims[-1]: "judged"}).assign_coords(judged=results.trained.values)
    return labeled.assign_attrs(long_name="macro F1 on test rows", units="1")


def report(results: xr.Dataset) -> list[Section]:
    """Returns the verdict, the matrix, and three tables of differences."""
    f1 = scores(results)
    tested = {GAIN: _gains(f1), OWN: _own(f1), MOVE: _moves(f1)}
    seeds = results.sizes["seed"]
    own = [
        Section("What came out", "\n\n".join([*_in_words(tested, seeds), wording.teachers(results)]), answer=True),
        Section("The devices", _calibrations(results)),
        Section(
            "Scores by device",
            drawing=matrices(f1.mean("seed")),
            caption="Mean macro F1 on the test rows over the seeds, by where students were trained and judged.",
            table=_matrix(f1.mean("seed")),
        ),
        *(Section(title, table=Table(HEADERS, [*map(_cells, rows)])) for title, rows in tested.items()),
        Section("How to read the tables", READ_AS),
    ]
    general = comparisons(results.f1_macro, "distilled", 0)
    return assemble(results, own, tested=general, references=wording.TEACHERS)


class Row(NamedTuple):
    """A paired comparison: where students were trained and judged, whether they had a teacher, and the test."""

    compared: tuple[str, str, str]
    before: float
    after: float
    test: Mapping[str, Any]


def survival(test: Mapping[str, Any]) -> str:
    """Returns the verdict of a test of `MOVE` by the rule that was written before the run."""
    if test["low"] > -MARGIN:
        return SURVIVES
    return FAILS if test["verdict"] == "worse" and test["mean"] < -MARGIN else OPEN


Rows = list[Row]


def _gains(f1: xr.DataArray) -> Rows:
    """Returns the tests of distilled students against others, trained and judged alike."""
    pairs = [
        ((trained, judged, "without, with"), f1.sel(trained=trained, judged=judged, distilled=0),
         f1.sel(trained=trained, judged=judged, distilled=1))
        for trained in f1.trained.values
        for judged in f1.judged.values
    ]  # fmt: skip
    return _tested(pairs)


def _own(f1: xr.DataArray) -> Rows:
    """Returns the tests of students trained for the device that judges them against those trained clean."""
    pairs = [
        ((f"clean, {device}", device, _teacher(distilled)),
         f1.sel(trained=CLEAN, judged=device, distilled=distilled),
         f1.sel(trained=device, judged=device, distilled=distilled))
        for distilled in (0, 1)
        for device in _devices(f1)
    ]  # fmt: skip
    return _tested(pairs)


def _moves(f1: xr.DataArray) -> Rows:
    """Returns the tests of students trained for another device against those trained for the one that judges."""
    pairs = [
        ((f"{judged}, {trained}", judged, _teacher(distilled)),
         f1.sel(trained=judged, judged=judged, distilled=distilled),
         f1.sel(trained=trained, judged=judged, distilled=distilled))
        for distilled in (0, 1)
        for trained in f1.trained.values
        for judged in _devices(f1)
        if trained != judged
    ]  # fmt: skip
    return _tested(pairs)


def _tested(pairs: Sequence[tuple[tuple[str, str, str], xr.DataArray, xr.DataArray]]) -> Rows:
    """Returns the paired tests of all pairs, corrected together, with what is compared."""
    coordinates = {"row": range(len(pairs)), "side": ["before", "after"]}
    values = [[before.values, after.values] for _, before, after in pairs]
    sides = xr.DataArray(values, coordinates, ("row", "side", "seed"))
    tests = compare(sides, "side", baseline="before").to_dict("records")
    return [
        Row(compared, float(before.mean()), float(after.mean()), test)
        for (compared, before, after), test in zip(pairs, tests, strict=True)
    ]


def _devices(f1: xr.DataArray) -> list[str]:
    return [str(name) for name in f1.judged.values if name != CLEAN]


def _teacher(distilled: int) -> str:
    return "with" if distilled else "without"


def _cells(row: Row) -> list[str]:
    test = row.test
    return [
        *row.compared,
        f"{row.before:.3f}",
        f"{row.after:.3f}",
        f"{test['mean']:+.3f}\n[{test['low']:+.3f},\n{test['high']:+.3f}]\np {test['p_corrected']:.3f}",
        f"{test['win_rate']:.0%}",
        test["verdict"],
    ]


def _matrix(mean: xr.DataArray) -> Table:
    """Returns the matrix of mean scores, without and with a teacher."""
    names = [str(name) for name in mean.judged.values]
    rows = [
        [f"{trained}, {_teacher(distilled)} teacher",
         *(f"{float(mean.sel(trained=trained, judged=judged, distilled=distilled)):.3f}" for judged in names)]
        for distilled in (0, 1)
        for trained in names
    ]  # fmt: skip
    return Table(["trained for", *(f"judged on {name}" for name in names)], rows)


def _calibrations(results: xr.Dataset) -> str:
    """Returns which calibration of each device was used."""
    dates = json.loads(results.attrs["options"])["dates"]
    return "Calibrations: " + ", ".join(f"{name} of {date}" for name, date in dates.items()) + "."


def _in_words(tested: Mapping[str, Rows], seeds: int) -> Iterator[str]:
    """Yields the verdict on survival, and how many of each table's rows are better and worse."""
    moved = [row for row in tested[MOVE] if not row.compared[0].endswith(CLEAN)]
    for distilled in ("without", "with"):
        verdicts = [survival(row.test) for row in moved if row.compared[2] == distilled]
        survived, failed, untold = (verdicts.count(kind) for kind in (SURVIVES, FAILS, OPEN))
        yield (
            f"A student {distilled} a teacher that was trained for one device survives on another in {survived} "
            f"of {len(verdicts)} pairs of devices; in {failed} it does not, in {untold} the study cannot tell."
        )
    for title, rows in tested.items():
        better, worse = (sum(row.test["verdict"] == verdict for row in rows) for verdict in ("better", "worse"))
        text = f"{title}: better in {better}, worse in {worse} of {len(rows)} rows; else no difference shown."
        yield text if seeds >= fewest_seeds(len(rows)) else f"{text} {too_few(len(rows))}"

"""Analysis: claims against gains, the interaction of student and teacher, shares of the mechanisms, a formula."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import xarray as xr

from jaxqkd import checks
from jaxqkd.experiments.mechanisms.predictions import (
    CLAIMS,
    CLASSICAL,
    IGNORANT,
    KNOWING,
    QUANTUM,
    Claim,
    Gain,
    judged,
    verdict,
)
from jaxqkd.experiments.mechanisms.setup import ALPHA, TEACHINGS
from jaxqkd.statistics import Difference, Regression, difference, regress

BY_TEACHING = ("gap_of", "signal", "retained", "removed", "softness", "risk")
UNTAUGHT = "none"
MEANT_TO_KNOW = ("posterior", "trained", "overfitted", "itself")
HARD = ("none", "clean")
PARTS = {
    "variance": "H1",
    "optimization": "H2",
    "softness": "H3",
    "transfer": "H4",
    "mismatch": "H5",
    "risk": "teacher's excess risk",
    "room": "room above the untaught score",
    "knowing": "rest",
}
"""The regressors of the formula, and what each stands for."""


def named(results: xr.Dataset) -> xr.Dataset:
    """Returns the results with the dimensions `teaching` and `step` by name, and `gain` of macro F1."""
    names = list(TEACHINGS)
    of_way = {f"{name}_0": "teaching" for name in BY_TEACHING}
    of_step = {f"{name}_1": "step" for name in ("f1_at", "accuracy_at", "excess_at")}
    of_way |= {f"{name}_0": "teaching" for name in ("f1_at", "accuracy_at", "excess_at")}
    separate = {
        name: values.rename(
            {old: new for old, new in (of_way | of_step | {"loss_at_0": "step"}).items() if old in values.dims}
        )
        for name, values in results.data_vars.items()
    }
    found = xr.Dataset(separate, attrs=results.attrs)
    found = found.assign_coords(teaching=names, step=range(found.sizes["step"]))
    return found.assign(gain=found.f1_at - found.f1_at.sel(teaching=UNTAUGHT, drop=True))


def combined(studies: Sequence[xr.Dataset]) -> xr.Dataset:
    """Returns the results of several studies as one: of other tasks, or of other seeds of the same tasks.

    Raises:
        ValueError: If the tasks overlap and are not the same.
    """
    tasks = [tuple(results.task.values.tolist()) for results in studies]
    if len(set(tasks)) == 1:
        return _joined(studies, "seed").assign_coords(
            seed=range(sum(results.sizes["seed"] for results in studies))
        )
    checks.names("task", [task for own in tasks for task in own])
    return _joined(studies, "task")


def _joined(studies: Sequence[xr.Dataset], along: str) -> xr.Dataset:
    times = ("seconds", "compile_seconds")
    runs = [results.drop_vars(times, errors="ignore") for results in studies]
    whole = xr.concat(runs, along, join="exact", combine_attrs="override")
    return whole.assign({name: sum(own[name] for own in studies) for name in times if name in studies[0]})


class Outcome(NamedTuple):
    """A claim, the paired comparison that decides it, and what came of it; None where the cells were not run."""

    claim: Claim
    found: Difference
    outcome: str


def outcomes(results: xr.Dataset) -> list[Outcome]:
    """Returns the outcome of each claim whose cells the results, as `named` returns them, hold."""
    listed = []
    for claim in CLAIMS:
        gain = _seeds(results, claim.gain)
        less = None if claim.less is None else _seeds(results, claim.less)
        if gain is None or (claim.less is not None and less is None):
            continue
        found = difference(np.zeros_like(gain) if less is None else less, gain)
        listed.append(Outcome(claim, found, judged(claim.expected, found.low, found.high)))
    return listed


def _seeds(results: xr.Dataset, gain: Gain) -> np.ndarray | None:
    """Returns a mean gain [seeds], over those of its cells that were run; None if there are none."""
    kept = {
        "rows": [value for value in results.rows.values if value in gain.rows],
        "label_noise": [value for value in results.label_noise.values if value in gain.noise],
        "step": list(gain.steps),
    }
    if gain.student not in results.student.values or not all(kept.values()):
        return None
    cells = results.gain.sel(kept).sel(student=gain.student, teaching=gain.teaching)
    return cells.transpose("seed", ...).values.reshape(results.sizes["seed"], -1).mean(axis=1)


def exposures(results: xr.Dataset) -> xr.Dataset:
    """Returns how much each mechanism could do in each cell, measured without the taught student.

    All are over the dimensions of `gain`. `optimization` is the untaught student's training loss at a step above
    that after all steps; `room` is 1 less the mean untaught score of the other seeds, so that a seed's luck is not
    in both gain and room.
    """
    ways = list(TEACHINGS.values())
    axis = {"teaching": results.teaching.values}

    def flags(values: Sequence[float]) -> xr.DataArray:
        return xr.DataArray(np.asarray(values, float), dims="teaching", coords=axis)

    soft = flags([way.teacher not in HARD for way in ways])
    transfer = flags([way.transfer for way in ways])
    headless = xr.DataArray(
        [float(name == "no_head") for name in results.student.values],
        dims="student",
        coords={"student": results.student.values},
    )
    unlike = flags([way.temperature > 1 and not way.standardized for way in ways])
    taught = flags([way.teacher != UNTAUGHT for way in ways])
    gap = (results.loss_at - results.loss_at.isel(step=-1, drop=True)).clip(min=0)
    untaught = results.f1_at.sel(teaching=UNTAUGHT, drop=True)
    others = (untaught.sum("seed") - untaught) / max(results.sizes["seed"] - 1, 1)
    parts = {
        "variance": results.removed * results.label_variance / results.rows,
        "optimization": gap * results.signal * soft,
        "softness": results.softness * soft,
        "transfer": transfer / (transfer + results.rows),
        "mismatch": headless * unlike,
        "risk": ALPHA * results.risk * flags([way.teacher in MEANT_TO_KNOW for way in ways]),
        "room": (1 - others) * taught,
        "knowing": flags([way.teacher in KNOWING for way in ways]),
        "taught": taught,
        "untaught": others * (taught >= 0),
    }
    dims = results.gain.dims
    return xr.Dataset({name: part.broadcast_like(results.gain).transpose(*dims) for name, part in parts.items()})


def interaction(results: xr.Dataset) -> Regression | None:
    """Returns the model of the matched pair, see `predictions.MODEL`; None if one of the two was not run."""
    if not {QUANTUM, CLASSICAL} <= set(results.student.values.tolist()):
        return None
    chosen = {"student": [QUANTUM, CLASSICAL], "teaching": [*KNOWING, *IGNORANT]}
    own, parts = results.sel(chosen), exposures(results).sel(chosen)
    each = parts.untaught.isel(teaching=0).mean("seed")
    ends = (
        each.min([name for name in each.dims if name != "student"]).max(),
        each.max([name for name in each.dims if name != "student"]).min(),
    )
    inside = ((each >= ends[0]) & (each <= ends[1])).broadcast_like(own.gain).transpose(*own.gain.dims)
    kind = xr.DataArray([0.5, -0.5], dims="student", coords={"student": chosen["student"]})
    columns = {name: parts[name] for name in ("variance", "softness", "risk", "room", "taught")}
    columns |= {
        "type": kind * parts.taught,
        "knowing": parts.knowing,
        "interaction": kind * parts.knowing,
    }
    return _fitted(own.gain.where(inside), columns)


def found(regression: Regression) -> str:
    """Returns the verdict on the sentence of the field."""
    _, low, high = regression.of("interaction")
    return verdict(low, high)


def formula(results: xr.Dataset, student: str) -> Regression:
    """Returns the model of one student's gains under all teachers and steps, by the mechanisms' exposures."""
    own, parts = results.sel(student=[student]), exposures(results).sel(student=[student])
    taught = [name for name in TEACHINGS if name != UNTAUGHT]
    own, parts = own.sel(teaching=taught), parts.sel(teaching=taught)
    return _fitted(own.gain, {name: parts[name] for name in PARTS if bool((parts[name] != 0).any())})


def shares(results: xr.Dataset, student: str) -> dict[str, tuple[float, float, float]]:
    """Returns what each part of the formula adds to the mean gain by a knowing teacher, with its 95 % interval.

    That is the part's coefficient times its mean over the cells of the posterior and the trained teacher at T = 1.
    """
    fitted = formula(results, student)
    parts = exposures(results).sel(student=student, teaching=list(KNOWING))
    means = np.array([float(parts[name].mean()) for name in fitted.names])
    each = zip(fitted.names, fitted.coefficients, fitted.low, fitted.high, means, strict=True)
    return {name: (mean * middle, *sorted((mean * low, mean * high))) for name, middle, low, high, mean in each}


class Forecast(NamedTuple):
    """Predicted and measured gains of held-out cells.

    Attributes:
        predicted: Mean gains that the formula expects [cells].
        measured: Mean gains over the seeds [cells].
        r_squared: 1 less the squared errors over the measured gains' squares about their mean.
        signs: Share of the cells whose predicted gain has the measured sign.
    """

    predicted: np.ndarray
    measured: np.ndarray
    r_squared: float
    signs: float


def forecast(fitted: Regression, results: xr.Dataset, student: str) -> Forecast:
    """Returns how well a formula, fitted to other tasks, predicts the gains of a student on these."""
    taught = [name for name in TEACHINGS if name != UNTAUGHT]
    parts = exposures(results).sel(student=student, teaching=taught).mean("seed")
    measured = results.gain.sel(student=student, teaching=taught).mean("seed").values.ravel()
    regressors = np.stack([parts[name].values.ravel() for name in fitted.names], axis=1)
    predicted = fitted.predict(regressors)
    used = np.isfinite(measured)
    predicted, measured = predicted[used], measured[used]
    left = np.sum((measured - predicted) ** 2) / np.sum((measured - measured.mean()) ** 2)
    return Forecast(predicted, measured, float(1 - left), float(np.mean(predicted * measured > 0)))


def split(results: xr.Dataset, student: str, teaching: str) -> dict[str, xr.DataArray] | None:
    """Returns a student's gain at the last step in two parts [rows, task, label_noise, seed]; None without both.

    `statistical` is the gain of the optimum of all circuits, with the same teacher; `circuit` is the rest: what
    the ansatz cannot reach and training does not.
    """
    if not {student, "observable"} <= set(results.student.values.tolist()):
        return None
    last = results.gain.isel(step=-1, drop=True).sel(teaching=teaching, drop=True)
    statistical = last.sel(student="observable", drop=True)
    return {"statistical": statistical, "circuit": last.sel(student=student, drop=True) - statistical}


def _fitted(outcome: xr.DataArray, columns: dict[str, xr.DataArray]) -> Regression:
    """Returns the model; cells whose exposure is not finite, as a diverged student's own, are left out."""
    dims = outcome.dims
    each = [part.broadcast_like(outcome).transpose(*dims).values.ravel() for part in columns.values()]
    seeds = outcome.seed.broadcast_like(outcome).transpose(*dims).values.ravel()
    regressors = np.stack(each, axis=1)
    known = np.isfinite(regressors).all(axis=1)
    gains = np.where(known, outcome.values.ravel(), np.nan)
    return regress(gains, np.where(known[:, None], regressors, 0.0), seeds, names=list(columns))

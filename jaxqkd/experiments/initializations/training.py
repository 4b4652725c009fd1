"""The training of the experiment: the run of a student in either design, and the study."""

from collections.abc import Sequence
from typing import Any

import jax

from jaxqkd import checks
from jaxqkd.experiments.initializations import crossed
from jaxqkd.experiments.initializations.crossed import RECORDED
from jaxqkd.experiments.initializations.setup import ALONE, CAREFUL, DESIGNS, NAME, VERSION, Options
from jaxqkd.experiments.piperno2024 import training as seed_study
from jaxqkd.experiments.piperno2024.setup import EPOCHS, STUDENTS
from jaxqkd.experiments.piperno2024.training import seed_data
from jaxqkd.experiments.teaching import SeedData
from jaxqkd.studies.study import Study
from jaxqkd.types import Key, Run


def run(name: str, *, readings: Sequence[str] = CAREFUL, epochs: int = EPOCHS) -> Run:
    """Returns the seed study's training of one student, of which the scores alone are recorded.

    Ten thousand histories by epoch would take gigabytes. See `jaxqkd.experiments.piperno2024.run`.
    """
    whole = seed_study.run(name, readings=readings, epochs=epochs)

    def one(seed: tuple[Key, SeedData], hparams: Any) -> dict[str, jax.Array]:
        out = whole(seed, hparams)
        return {recorded: out[recorded] for recorded in RECORDED}

    return one


def study(options: Options) -> Study:
    """Returns the study of a design, to be run by `jaxqkd.studies.run`."""
    checks.integer("epochs", options.epochs)
    checks.one_of("design", options.design, DESIGNS)
    for name in options.students:
        checks.one_of("students", name, STUDENTS)
    for reading in options.readings:
        checks.one_of("readings", reading, CAREFUL)
    return _of_seeds(options) if options.design == "seeds" else _crossed(options)


def _of_seeds(options: Options) -> Study:
    return Study(
        NAME,
        VERSION,
        seed_data,
        run,
        students=options.students,
        settings={"reading": options.readings, "distilled": (0, 1)},
        seeds=options.seeds,
        options={"epochs": options.epochs, "readings": options.readings},
        score="f1_weighted",
        base=options.seed,
        block=50,
    )


def _crossed(options: Options) -> Study:
    for name in ("draws", "teachers", "orders"):
        checks.integer(name, getattr(options, name))
    checks.integer("batch_size", options.batch_size, least=0)
    cure = "Name a batch_size."
    ordered = options.orders == 1 or options.batch_size > 0
    checks.require(ordered, "orders", "be 1 for the full batch", options.orders, cure)
    teachers = (ALONE, *(f"teacher {number}" for number in range(options.teachers)))
    settings: dict[str, Sequence[float | str]] = {
        "reading": options.readings,
        "draw": tuple(range(options.draws)),
        "teacher": teachers,
    }
    if options.orders > 1:
        settings["order"] = tuple(range(options.orders))
    return Study(
        NAME,
        VERSION,
        crossed.seed_data,
        crossed.run,
        students=options.students,
        settings=settings,
        seeds=options.seeds,
        options={
            "epochs": options.epochs,
            "readings": options.readings,
            "draws": options.draws,
            "teachers": options.teachers,
            "batch_size": options.batch_size,
            "number": options.seed,
        },
        score="f1_weighted",
        base=options.seed,
        block=min(4, options.seeds),
    )

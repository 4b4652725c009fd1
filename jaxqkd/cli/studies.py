"""The commands that run the studies which ship: `jaxqkd reproduce` and `jaxqkd payoff`; `jaxqkd report`."""

from pathlib import Path
from typing import Annotated

import tyro

from jaxqkd import checks
from jaxqkd.cli.execution import Count, Execution, How, Names, carry_out, finish, set_up
from jaxqkd.papers import payoff as payoff_study
from jaxqkd.papers import piperno2024


def reproduce(
    *,
    seeds: Count = 12,
    epochs: Count = piperno2024.EPOCHS,
    students: Names = piperno2024.STUDENTS,
    readings: Names = tuple(piperno2024.READINGS),
    seed: Count = 0,
    execution: How = Execution(Path("jaxqkd-reproduce")),
) -> int:
    """Reproduce the seed study: a teacher and eight students, without and with distillation, in three readings.

    Piperno et al., "Quantum Enhanced Knowledge Distillation", QTML 2024. Prints a table with a verdict for each
    student, and writes report.html, table.md, figure.png, runs.csv, results.nc and manifest.json. A run that was
    interrupted goes on with the same command.

    Args:
        seeds: Number of seeds; each draws its own data, teacher and initialisations. The paper has 12.
        epochs: The largest number of epochs of a training.
        students: Which students, out of linear hea universal universal_h q2 q3 q4 q5.
        readings: Which readings of the published training, out of logits softmax-twice unstable.
        seed: Another number draws other data and initialisations for all seeds.
        execution: Where it runs.
    """
    checks.integer("seed", seed, least=0)
    set_up(execution.compile_cache)
    study = piperno2024.study(seeds=seeds, epochs=epochs, students=students, readings=readings, base=seed)
    return carry_out(study, execution)


def payoff(
    *,
    seeds: Count = payoff_study.SEEDS,
    epochs: Count = payoff_study.EPOCHS,
    students: Names = tuple(payoff_study.STUDENTS),
    seed: Count = 0,
    execution: How = Execution(Path("jaxqkd-payoff")),
) -> int:
    """Ask when distillation pays: few, noisy labels on a continuous three-class XOR, by temperature and alpha.

    Prints the paired gains over training without a teacher, with corrected tests, and writes report.html,
    table.md, figure.png, runs.csv, results.nc and manifest.json. A run that was interrupted goes on with the same
    command.

    Args:
        seeds: Number of seeds; each draws its own data, teachers and initialisations.
        epochs: Epochs of each training.
        students: Which students, out of linear mlp hea universal.
        seed: Another number draws other data and initialisations for all seeds.
        execution: Where it runs.
    """
    checks.integer("seed", seed, least=0)
    set_up(execution.compile_cache)
    study = payoff_study.study(seeds=seeds, epochs=epochs, students=students, base=seed)
    return carry_out(study, execution)


def report(directory: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="DIR")]) -> int:
    """Write the report, the tables and the figures of a study again, from the blocks in its directory.

    Args:
        directory: Where a study's results are; every block has to be there.
    """
    return finish(directory)

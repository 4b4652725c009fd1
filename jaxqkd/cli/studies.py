"""The commands that run the studies which ship: `jaxqkd reproduce` and `jaxqkd payoff`; `jaxqkd report`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import tyro

from jaxqkd import checks
from jaxqkd.cli.execution import Count, Execution, How, Names, carry_out, finish, set_up
from jaxqkd.experiments import bounded_logits as methods_study
from jaxqkd.experiments import noise_robustness as noisy_study
from jaxqkd.experiments import payoff as payoff_study
from jaxqkd.experiments import piperno2024
from jaxqkd.studies import load, missing
from jaxqkd.studies.study import Study


def reproduce(
    *,
    seeds: Count = 12,
    epochs: Count = piperno2024.EPOCHS,
    students: Names = piperno2024.STUDENTS,
    readings: Names = tuple(piperno2024.READINGS),
    seed: Count = 0,
    save: Names = (),
    execution: How = Execution(Path("jaxqkd-reproduce")),
) -> int:
    """Reproduce the seed study: a teacher and eight students, without and with distillation, in three readings.

    Piperno et al., "Quantum Enhanced Knowledge Distillation", QTML 2024. Prints a table with a verdict for each
    student, and writes report.html, table.md, figure.png, runs.csv, results.nc and manifest.json. A run that was
    interrupted goes on with the same command.

    Args:
        seeds: Number of seeds; each draws its own data, teacher and initializations. The paper has 12.
        epochs: The largest number of epochs of a training.
        students: Which students, out of linear hea universal universal_h q2 q3 q4 q5, which leave qubits unread,
            and q2_measured q3_measured q4_measured q5_measured, which measure them on the way.
        readings: Which readings of the published training, out of logits softmax-twice unstable.
        seed: Another number draws other data and initializations for all seeds.
        save: Quantum students to save for jaxqkd export, in students/NAME: the distilled one of the seed with the
            lowest validation loss, in the first reading, trained once more.
        execution: Where it runs.
    """
    checks.integer("seed", seed, least=0)
    for name in save:
        checks.one_of("save", name, students)
    set_up(execution.compile_cache)
    study = piperno2024.study(seeds=seeds, epochs=epochs, students=students, readings=readings, base=seed)
    status = carry_out(study, execution)
    if save and not missing(study, execution.out):
        _save(study, save, execution.out)
    return status


def _save(study: Study, names: Sequence[str], out: Path) -> None:
    found = load(out)
    for name in names:
        where = out / "students" / name
        seed = piperno2024.save_best(where, study, found, name)
        told = f"jaxqkd export --model {where} --data {where / 'test.csv'}"
        print(f"The student {name} of seed {seed} is in {where}: {told}")


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
        seeds: Number of seeds; each draws its own data, teachers and initializations.
        epochs: Epochs of each training.
        students: Which students, out of linear mlp hea universal.
        seed: Another number draws other data and initializations for all seeds.
        execution: Where it runs.
    """
    checks.integer("seed", seed, least=0)
    set_up(execution.compile_cache)
    study = payoff_study.study(seeds=seeds, epochs=epochs, students=students, base=seed)
    return carry_out(study, execution)


def methods(
    *,
    seeds: Count = methods_study.SEEDS,
    epochs: Count = methods_study.EPOCHS,
    students: Names = methods_study.STUDENTS,
    datasets: Names = tuple(methods_study.DATASETS),
    methods: Names = tuple(methods_study.METHODS),
    seed: Count = 0,
    execution: How = Execution(Path("jaxqkd-methods")),
) -> int:
    """Ask which distillation method suits students whose logits are bounded: every loss, four temperatures.

    Few labels of the noisy XOR, of wine and of the digits 0 to 5. Prints the paired gains over training without a
    teacher, with corrected tests, and writes report.html, table.md, figure.png, runs.csv, results.nc and
    manifest.json. A run that was interrupted goes on with the same command.

    Args:
        seeds: Number of seeds; each draws its own rows, teachers and initializations.
        epochs: Epochs of each training.
        students: Which students, out of bounded unbounded linear.
        datasets: Which data, out of xor wine digits; the latter two need the extra `data`.
        methods: Which losses, out of label_smoothing mse_logits rkd_distance rkd_angle similarity fidelity kd
            reverse_kl jensen_shannon standardized dkd dist; none is always there.
        seed: Another number draws other rows and initializations for all seeds.
        execution: Where it runs.
    """
    checks.integer("seed", seed, least=0)
    set_up(execution.compile_cache)
    study = methods_study.study(
        seeds=seeds, epochs=epochs, students=students, datasets=datasets, methods=methods, base=seed
    )
    return carry_out(study, execution)


def noisy(
    *,
    seeds: Count = noisy_study.SEEDS,
    epochs: Count = noisy_study.EPOCHS,
    students: Names = noisy_study.STUDENTS,
    datasets: Names = tuple(noisy_study.DATASETS),
    seed: Count = 0,
    execution: How = Execution(Path("jaxqkd-noisy")),
) -> int:
    """Ask whether distillation buys robustness: students trained clean or noisy, judged under noise and shots.

    Prints paired differences with corrected tests, and writes report.html, table.md, figure.png, runs.csv,
    results.nc and manifest.json. A run that was interrupted goes on with the same command.

    Args:
        seeds: Number of seeds; each draws its own data or split, teachers and initializations.
        epochs: Epochs of each training.
        students: Which students, out of hea universal.
        datasets: Which data, out of xor wine; wine needs the extra `data`.
        seed: Another number draws other data, splits and initializations for all seeds.
        execution: Where it runs.
    """
    checks.integer("seed", seed, least=0)
    set_up(execution.compile_cache)
    study = noisy_study.study(seeds=seeds, epochs=epochs, students=students, datasets=datasets, base=seed)
    return carry_out(study, execution)


def report(directory: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="DIR")]) -> int:
    """Write the report, the tables and the figures of a study again, from the blocks in its directory.

    Args:
        directory: Where a study's results are; every block has to be there.
    """
    return finish(directory)

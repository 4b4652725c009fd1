"""The command `jaxqkd distil`: a teacher and a quantum student on the user's own table."""

import re
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import tyro

from jaxqkd import checks
from jaxqkd.cli.execution import Count, Directory, Execution, How, Names, carry_out, set_up
from jaxqkd.data import Table, read
from jaxqkd.experiments import own_data
from jaxqkd.studies import load, missing

File = Annotated[Path, tyro.conf.arg(metavar="FILE")]
Column = Annotated[str, tyro.conf.arg(metavar="COLUMN")]
Some = Annotated[int | None, tyro.conf.arg(metavar="N")]
TEACHERS = ("mlp", "forest")


def distil(
    *,
    data: File,
    label: Column,
    teacher: Annotated[str, tyro.conf.arg(metavar="mlp|forest|FILE.npy")] = "mlp",
    student: Annotated[str, tyro.conf.arg(metavar="NAME")] = "hea",
    qubits: Some = None,
    layers: Count = 3,
    encoding: Annotated[str, tyro.conf.arg(metavar="angle|amplitude")] = "angle",
    seeds: Count = own_data.SEEDS,
    epochs: Count = own_data.EPOCHS,
    ignore: Names = (),
    missing_values: Annotated[str, tyro.conf.arg(name="missing", metavar="error|drop")] = "error",
    seed: Count = 0,
    execution: How = Execution(Path("jaxqkd-distil")),
) -> int:
    """Distil a teacher into a quantum student on a table of your own, and save the best student for new rows.

    The student and its controls are trained from many seeds, without and with the teacher, at a small grid of
    temperature and alpha. Each seed draws its own training, validation and test rows. Settings are chosen on
    validation rows; the table tells with paired, corrected tests on test rows whether the teacher helps. Writes
    report.html, table.md, figure.png, runs.csv, results.nc, manifest.json, and student/ for `jaxqkd predict`. A
    run that was interrupted goes on with the same command.

    Args:
        data: A .csv file with a line of column names, or a .parquet, .npy or .npz file.
        label: The column of the classes; all others are features, and have to be numbers.
        teacher: "mlp" for a perceptron or "forest" for a random forest, fitted by each seed on its training
            rows; or a .npy file with logits of your own teacher, a row a row of the data and a column a class,
            the classes in sorted order. Make them of models that have not seen the row.
        student: One of hea universal strongly_entangling real_amplitudes reuploading.
        qubits: Number of qubits; by default as many as features, 4 at most. More features are reduced to as many
            principal components. With amplitude encoding by default as few as hold all features.
        layers: Layers of the circuit.
        encoding: How features become states.
        seeds: Number of seeds.
        epochs: Epochs of each training.
        ignore: Columns to leave out.
        missing_values: "drop" leaves out rows that lack a value, "error" refuses them.
        seed: Another number draws other splits and initializations for all seeds.
        execution: Where it runs.
    """
    checks.integer("seed", seed, least=0)
    set_up(execution.compile_cache)  # before any array is made
    table = _table(data, label, ignore, missing_values)
    kind, rows = _taught(teacher, table)
    choice = own_data.choose(student, len(table.features), qubits=qubits, layers=layers, encoding=encoding)
    study = own_data.study(
        rows, choice, classes=len(table.classes), teacher=kind, seeds=seeds, epochs=epochs, base=seed
    )
    status = carry_out(study, execution)
    if not missing(study, execution.out):
        _save(study, table, label, execution.out)
    return status


def _table(data: Path, label: str, ignore: Sequence[str], missing_values: str) -> Table:
    """Returns the user's table; what it warns of is told in a line."""
    is_matrix = data.suffix == ".npy"  # whose columns are numbers
    place, *others = (int(name) if is_matrix and name.isdigit() else name for name in (label, *ignore))
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            table = read(data, label=place, ignore=others, missing=missing_values)
        except ValueError as error:
            raise ValueError(_in_options(str(error))) from error
    for warning in told:
        print(f"jaxqkd: {warning.message}", file=sys.stderr)
    return table


def _in_options(text: str) -> str:
    """Returns an error of `jaxqkd.data.read` with its cures as options of the command."""
    text = text.replace("`source`", "`data`").replace('missing="drop"', "--missing drop")
    return re.sub(r"ignore=\((.*?)\)", lambda found: f"--ignore {found[1].replace(',', '')}", text)


def _taught(teacher: str, table: Table) -> tuple[str, Any]:
    """Returns the kind of teacher, and the rows, with the user's logits where those are the teacher."""
    if teacher in TEACHERS:
        return teacher, table.data
    path = Path(teacher)
    must = f"be {', '.join(TEACHERS)} or a .npy file of logits"
    checks.require(path.suffix == ".npy" and path.is_file(), "teacher", must, repr(teacher), "Is it there?")
    logits = np.load(path, allow_pickle=False)
    shape = len(table.data.labels), len(table.classes)
    cure = "It needs a row for each row of the data that is used, and a column a class."
    checks.require(logits.shape == shape, "teacher", f"have the shape {shape}", logits.shape, cure)
    checks.finite_rows("teacher", logits)
    return "logits", table.data._replace(teacher=logits.astype(table.data.x.dtype))


def _save(study: Any, table: Table, label: str, out: Directory) -> None:
    where = out / "student"
    found = own_data.save_best(where, study, load(out), names=table.classes, columns=table.features, label=label)
    print(
        f"The student of seed {found.seed}, {found.setting}, is in {where}. Of its setting's seeds it\n"
        f"has the best validation score. Its macro F1 on its own test rows is {found.test_f1:.3f}, but expect\n"
        f"the table's mean of new rows.\n"
        f"It scores new rows: jaxqkd predict --model {where} --data FILE"
    )

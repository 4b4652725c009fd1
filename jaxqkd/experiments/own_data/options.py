"""The options of the experiment, and the study of the file that they name."""

import dataclasses
import re
from pathlib import Path

import numpy as np

from jaxqkd import checks
from jaxqkd.data import Table, read
from jaxqkd.experiments.own_data import training
from jaxqkd.experiments.own_data.setup import EPOCHS, LAYERS, SEEDS, choose
from jaxqkd.studies.study import Study
from jaxqkd.types import Data

TEACHERS = ("mlp", "forest")


@dataclasses.dataclass(frozen=True)
class Options:
    """What may be chosen of the experiment.

    Attributes:
        data: A .csv file with a line of column names, or a .parquet, .npy or .npz file.
        label: The column of the classes; all other columns are features, and have to be numbers.
        teacher: "mlp" for a perceptron or "forest" for a random forest, fitted by each seed on its training
            rows; or a .npy file with logits of your own teacher, with a row for each row of the data and a column
            for each class, the classes in sorted order. Make them of models that have not seen the row.
        student: One of hea universal strongly_entangling real_amplitudes reuploading.
        qubits: Number of qubits; by default as many as features, 4 at most. More features are reduced to as many
            principal components. With amplitude encoding by default as few as hold all features.
        layers: Layers of the circuit.
        encoding: How features become states, "angle" or "amplitude".
        seeds: Number of seeds; each draws its own training, validation and test rows.
        epochs: Epochs of each training.
        device: Train and judge under the calibrated noise of this device, such as fez or sherbrooke, on its best
            qubits; needs the extras `devices` and `export`. By default there is no noise.
        ignore: Columns to leave out.
        missing: "drop" leaves out rows that lack a value, "error" refuses them.
        seed: Another number draws other splits and initializations for all seeds.
    """

    data: Path
    label: str
    teacher: str = "mlp"
    student: str = "hea"
    qubits: int | None = None
    layers: int = LAYERS
    encoding: str = "angle"
    seeds: int = SEEDS
    epochs: int = EPOCHS
    device: str | None = None
    ignore: tuple[str, ...] = ()
    missing: str = "error"
    seed: int = 0


def study_of_file(options: Options) -> Study:
    """Returns the study of the table in a file."""
    table = table_of(options)
    teacher, rows = _labeled(options.teacher, table)
    choice = choose(
        options.student,
        len(table.features),
        qubits=options.qubits,
        layers=options.layers,
        encoding=options.encoding,
    )
    return training.study(
        rows,
        choice,
        classes=len(table.classes),
        teacher=teacher,
        seeds=options.seeds,
        epochs=options.epochs,
        base=options.seed,
        device=options.device,
    )


def table_of(options: Options) -> Table:
    """Returns the user's table; errors name the options of the command as cures."""
    is_matrix = options.data.suffix == ".npy"  # whose columns are numbers
    columns = (options.label, *options.ignore)
    label, *ignored = (int(name) if is_matrix and name.isdigit() else name for name in columns)
    try:
        return read(options.data, label=label, ignore=ignored, missing=options.missing)
    except ValueError as error:
        raise ValueError(_in_options(str(error))) from error


def _in_options(text: str) -> str:
    """Returns an error of `jaxqkd.data.read` with its cures as options of the command."""
    text = text.replace("`source`", "`data`").replace('missing="drop"', "--missing drop")
    return re.sub(r"ignore=\((.*?)\)", lambda match: f"--ignore {match[1].replace(',', '')}", text)


def _labeled(teacher: str, table: Table) -> tuple[str, Data]:
    """Returns the kind of teacher, and the rows, with the user's logits if they come from a file."""
    if teacher in TEACHERS:
        return teacher, table.data
    path = Path(teacher)
    must = f"be {', '.join(TEACHERS)} or a .npy file of logits"
    checks.require(path.suffix == ".npy" and path.is_file(), "teacher", must, repr(teacher), "Is it there?")
    logits = np.load(path, allow_pickle=False)
    shape = len(table.data.labels), len(table.classes)
    cure = "It needs a row for each row of the data that is used, and a column for each class."
    checks.require(logits.shape == shape, "teacher", f"have the shape {shape}", logits.shape, cure)
    checks.finite_rows("teacher", logits)
    return "logits", table.data._replace(teacher=logits.astype(table.data.x.dtype))

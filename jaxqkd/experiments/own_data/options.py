"""The options of the experiment, and the study of the file that they name."""

import dataclasses
import re
from pathlib import Path

import numpy as np

from jaxqkd import checks
from jaxqkd.circuits.openqasm.reading import content
from jaxqkd.data import Table, read
from jaxqkd.experiments.own_data import training
from jaxqkd.experiments.own_data.setup import EPOCHS, LAYERS, SEEDS, Choice, choose, choose_circuit
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
        circuit: A file with a circuit of your own in OpenQASM 2 or 3, instead of a student of ours. Its inputs
            named theta or theta_0, theta_1, ... are trained; those named x or x_0, x_1, ... are features, scaled
            onto [0, pi] as principal components. A circuit that reads no
            feature stands behind `encoding`. The qubits that it measures are read, or all of them.
        circuit_trained: The names of its trained inputs, if others.
        circuit_features: The names of its inputs that are features, if others.
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
    circuit: Path | None = None
    circuit_trained: tuple[str, ...] = ()
    circuit_features: tuple[str, ...] = ()
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
    choice = _chosen(options, len(table.features))
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


def _chosen(options: Options, features: int) -> Choice:
    """Returns the student: an ansatz of ours, or the circuit in a file."""
    if options.circuit is None:
        return choose(
            options.student, features, qubits=options.qubits, layers=options.layers, encoding=options.encoding
        )
    cure = "The circuit's own are taken: leave out --student, --qubits and --layers."
    given = options.student, options.qubits, options.layers
    must = "not be given beside a circuit"
    checks.require(given == ("hea", None, LAYERS), "student, qubits, layers", must, given, cure)
    try:
        return choose_circuit(
            options.circuit.name,
            content(options.circuit),
            features,
            trained=options.circuit_trained,
            driven=options.circuit_features,
            encoding=options.encoding,
        )
    except ValueError as error:
        raise ValueError(_of_circuit(str(error))) from error


def _of_circuit(text: str) -> str:
    """Returns an error of the reader with its argument and its cures as those of the command."""
    text = text.replace("`text`", "`circuit`").replace("trained, features", "circuit_trained, circuit_features")
    return re.sub(r"(?<!_)(trained|features)=\(\"(.*?)\",\)", r"--circuit-\1 \2", text)


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
    logits, shape = _logits(teacher), (len(table.data.labels), len(table.classes))
    cure = "It needs a row for each row of the data that is used, and a column for each class."
    checks.require(logits.shape == shape, "teacher", f"have the shape {shape}", logits.shape, cure)
    with np.errstate(over="ignore"):  # beyond the range of the type, they become infinite and are refused
        logits = logits.astype(table.data.x.dtype)
    checks.finite_rows("teacher", logits)
    return "logits", table.data._replace(teacher=logits)


def _logits(teacher: str) -> np.ndarray:
    """Returns the numbers in the user's file of logits."""
    path = Path(teacher)
    must = f"be {', '.join(TEACHERS)} or a .npy file of logits"
    checks.require(path.suffix == ".npy" and path.is_file(), "teacher", must, repr(teacher), "Is it there?")
    try:
        logits = np.lib.format.open_memmap(path, mode="r")  # refuses objects, and shapes larger than the file
    except (ValueError, EOFError, OverflowError, OSError) as error:
        raise checks.error("teacher", "be a readable .npy file", f"{teacher!r}: {error}") from error
    checks.require(logits.dtype.kind in "iuf", "teacher", "hold real numbers", f"of dtype {logits.dtype}")
    return np.array(logits)

"""The command `jaxqkd export`: a saved student as an OpenQASM program that Qiskit has checked."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
import tyro

from jaxqkd import checks
from jaxqkd import export as programs
from jaxqkd.cli.execution import Directory
from jaxqkd.cli.predict import features
from jaxqkd.data import apply_reduction
from jaxqkd.data.formats import frame_of
from jaxqkd.export import Judgement
from jaxqkd.files import save_json, save_text
from jaxqkd.models import QuantumStudent
from jaxqkd.saving import TEXT, Student, load_student

PROGRAM, BASIS_PROGRAM, REST = "program.qasm", "program-{}.qasm", "classical.json"
VERSIONS = {"qasm2": 2, "qasm3": 3}


def export(
    *,
    model: Annotated[Path, tyro.conf.arg(metavar="DIR")],
    format: Literal["qasm3", "qasm2"] = "qasm3",
    data: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None,
    row: Annotated[int, tyro.conf.arg(metavar="N")] = 1,
    out: Directory = Path("jaxqkd-export"),
) -> int:
    """Write a saved student as an OpenQASM program, for real machines and other simulators.

    Qiskit parses and simulates the program, which is written only if its logits are the student's to 1e-5.
    A readout that measures several bases takes a program for each, named by its basis. classical.json beside it
    holds the rest: which qubit each bit measures, what is read of them, the layers before and after, the
    reduction of features, and the names. Prints the gates and the depth that machines need. Needs the extra
    `export`.

    Args:
        model: The student: the directory of `jaxqkd distil`, or one of `save_student`.
        format: OpenQASM 3 or 2, with gates of the standard library alone.
        data: A file with the columns that the student was trained on; the program is then for one row of it.
            Without it, the program is for any row, by inputs x0, x1, ..., which needs OpenQASM 3 and an encoding
            whose features are angles.
        row: Which row of the data, from 1.
        out: The directory of the two files; earlier ones are replaced.
    """
    for path in (out / PROGRAM, out / REST):
        actual = f"{out}, where {path.name} is a directory"
        checks.require(not path.is_dir(), "out", "be a directory to write files to", actual)
    student = load_student(model if (model / TEXT).is_file() else model / "student")
    kind = type(student.model).__name__
    must = "hold a quantum student"
    checks.require(isinstance(student.model, QuantumStudent), "model", must, f"{model} with a {kind}")
    x = None if data is None else _inputs(student, data, row)
    written = {
        basis: programs.openqasm(student.model, student.params, x, version=VERSIONS[format], basis=basis)
        for basis in programs.bases(student.model)
    }
    example = _example(student) if x is None else x
    judgement = programs.judge(student.model, student.params, example, [*written.values()])
    out.mkdir(parents=True, exist_ok=True)
    names = {basis: PROGRAM if len(written) == 1 else BASIS_PROGRAM.format(basis) for basis in written}
    for basis, name in names.items():
        save_text(out / name, written[basis])
    save_json(out / REST, _rest(student))
    listed = ", ".join(str(out / name) for name in names.values())
    print(_costs(judgement), f"{listed} and {out / REST} are written.", sep="\n")
    return 0


def _inputs(student: Student, data: Path, row: int) -> np.ndarray:
    """Returns the features [D] of a row as they reach the model."""
    x = features(student, frame_of(data).rename(columns=str))
    checks.require(1 <= row <= len(x), "row", f"be from 1 to {len(x)}", row)
    chosen = jnp.asarray(x[row - 1 : row])
    return np.asarray(chosen if student.reduction is None else apply_reduction(student.reduction, chosen))[0]


def _example(student: Student) -> np.ndarray:
    """Returns random features [D], at which a program with inputs is compared."""
    layer = student.params["params"].get("input")
    if student.reduction is not None:
        width = student.reduction.components.shape[1]
    elif layer is not None:
        width = len(layer["kernel"])
    else:
        cure = "Pass a file of rows, of which one is exported."
        checks.require(
            student.columns is not None, "data", "be given for a student without names of columns", None, cure
        )
        width = len(student.columns or ())
    return np.asarray(jax.random.uniform(jax.random.key(0), (width,), minval=-1.0))


def _rest(student: Student) -> dict[str, Any]:
    reduction = student.reduction
    arrays = (
        None
        if reduction is None
        else {name: np.asarray(part).tolist() for name, part in reduction._asdict().items()}
    )
    classical = programs.classical(student.model, student.params)
    return json.loads(
        json.dumps(classical | {"reduction": arrays, "names": student.names, "columns": student.columns})
    )


def _costs(judgement: Judgement) -> str:
    """Returns the check and a table of costs as Markdown."""
    places = {
        "as written": judgement.written,
        "on a line": judgement.line,
        "on a heavy-hex lattice": judgement.heavy_hex,
    }
    lines = [f"| {name} | {cost.depth} | {cost.two_qubit_gates} | {cost.gates} |" for name, cost in places.items()]
    head = "| program | depth | two-qubit gates | gates |\n| :-- | --: | --: | --: |"
    check = f"Qiskit gives the student's logits; the largest difference is {judgement.difference:.1e}."
    return "\n".join([check, "", head, *lines, ""])

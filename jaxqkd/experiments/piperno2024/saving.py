"""A student of the study, trained once more from its seed and saved for other programs."""

from pathlib import Path
from typing import Any

import jax
import numpy as np
import xarray as xr

from jaxqkd.experiments.piperno2024.setup import FEATURES, READINGS, student
from jaxqkd.experiments.piperno2024.training import seed_data, trainer
from jaxqkd.files import save_text
from jaxqkd.saving import save_student
from jaxqkd.studies.study import Study, seed_keys
from jaxqkd.sweeps import sweep
from jaxqkd.types import Data

COLUMNS = tuple(f"bit{place}" for place in range(FEATURES))
LABEL = "class"


def save_best(directory: Path, study: Study, results: xr.Dataset, name: str) -> int:
    """Saves the distilled student of the seed whose validation loss was lowest, in the study's first reading.

    Writes what `jaxqkd.load_student` reads, and test.csv, the rows that this seed was tested on, on which nothing
    was chosen.

    Args:
        directory: Where to; made if it is not there.
        study: The study.
        results: What it gave.
        name: The student.

    Returns:
        The seed.
    """
    reading = str(results.reading.values[0])
    losses = results.val_loss.sel(student=name, reading=reading, distilled=1).min("epoch")
    seed = int(results.seed.values[int(np.argmin(losses.values))])
    train = trainer(name, readings=(reading,), epochs=study.options["epochs"])

    def once(key: jax.Array, _: Any) -> tuple[Any, Data]:
        taught = seed_data(key, **study.told(seed_data))
        return train(key, taught, {"reading": 0, "distilled": 1}).params, taught.test

    params, test = jax.tree.map(lambda leaf: np.asarray(leaf[0]), sweep(once, seed_keys(study.base, [seed])))
    facts = {"study": "reproduce", "reading": reading, "seed": seed, "label": LABEL}
    model = student(name, scale=READINGS[reading].scale)
    save_student(directory, model, params, columns=COLUMNS, facts=facts)
    rows = [",".join((*COLUMNS, LABEL))]
    rows += [
        ",".join(map(str, (*features.astype(int), label)))
        for features, label in zip(test.x, test.labels, strict=True)
    ]
    save_text(directory / "test.csv", "\n".join(rows) + "\n")
    return seed

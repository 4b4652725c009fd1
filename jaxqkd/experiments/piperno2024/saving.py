"""Students of the seed study, trained once more from their seeds and saved for other programs."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from jaxqkd.experiments.piperno2024.setup import FEATURES, NAME, Options, student
from jaxqkd.experiments.piperno2024.training import trainer
from jaxqkd.experiments.teaching import SeedData
from jaxqkd.files import save_rows
from jaxqkd.saving import save_student
from jaxqkd.studies.programs import rerun
from jaxqkd.studies.study import Study
from jaxqkd.types import Data, Key, Params

if TYPE_CHECKING:
    import xarray as xr

COLUMNS = tuple(f"bit{place}" for place in range(FEATURES))
LABEL = "class"


def save(options: Options, study: Study, results: "xr.Dataset", out: Path) -> list[str]:
    """Saves the students that the options name in students/NAME; returns a line for each."""
    lines = []
    for name in options.save:
        directory = out / "students" / name
        seed = save_best(directory, study, results, name)
        command = f"jaxqkd export --model {directory} --data {directory / 'test.csv'}"
        lines.append(f"The student {name} of seed {seed} is in {directory}: {command}")
    return lines


def save_best(directory: Path, study: Study, results: "xr.Dataset", name: str) -> int:
    """Saves the distilled student of the seed whose validation loss was lowest, in the study's first reading.

    Writes the files that `jaxqkd.load_student` reads, and test.csv, the seed's test rows, by which nothing was
    chosen. Returns the seed.
    """
    reading = str(results.reading.values[0])
    losses = results.val_loss.sel(student=name, reading=reading, distilled=1).min("epoch")
    seed = int(results.seed.values[int(np.argmin(losses.values))])
    train = trainer(name, readings=(reading,), epochs=study.options["epochs"])

    def run(own: tuple[Key, SeedData], _: Any) -> tuple[Params, Data]:
        key, seed_data = own
        return train(key, seed_data, {"reading": 0, "distilled": 1}).params, seed_data.test

    params, test = rerun(study, seed, run)
    facts = {"study": NAME, "reading": reading, "seed": seed, "label": LABEL}
    save_student(directory, student(name), params, columns=COLUMNS, facts=facts)
    rows = ((*features.astype(int), label) for features, label in zip(test.x, test.labels, strict=True))
    save_rows(directory / "test.csv", (*COLUMNS, LABEL), rows)
    return seed

"""Selection: each student's setting of the teacher, by its scores on validation rows."""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import xarray as xr


ALONE = "without a teacher"


class Setting(NamedTuple):
    """A setting of the teacher's weight, and what it scores on the validation rows.

    Attributes:
        temperature: T.
        alpha: The weight; 0 for training without a teacher.
        score: Mean macro F1 over the seeds.
    """

    temperature: float
    alpha: float
    score: float

    def __str__(self) -> str:
        return f"T={self.temperature:g}, α={self.alpha:g}" if self.alpha else ALONE


def chosen(results: "xr.Dataset", student: str) -> Setting:
    """Returns a student's setting with a teacher, the best on the validation rows; the first among equals."""
    judged = results.validation_f1.sel(student=student, teacher="teacher").mean("seed")
    taught = judged.sel(alpha=judged.alpha > 0).stack(at=("temperature", "alpha"))
    best = taught[int(taught.values.argmax())]
    return Setting(float(best.temperature), float(best.alpha), float(best))


def alone(results: "xr.Dataset", student: str) -> Setting:
    """Returns a student's setting without a teacher."""
    at = {"student": student, "teacher": "teacher", "alpha": 0.0}
    judged = results.validation_f1.sel(at).isel(temperature=0)
    return Setting(float(judged.temperature), 0.0, float(judged.mean()))

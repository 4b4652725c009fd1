"""The study as it is shown: what distillation gains each student, by labels, noise, temperature and alpha."""

from typing import TYPE_CHECKING

import xarray as xr

from jaxqkd.experiments import wording
from jaxqkd.reports import Comparisons, Section, Table, assemble, comparison_maps
from jaxqkd.reports.labels import too_few
from jaxqkd.statistics import LEVEL, compare, fewest_seeds

if TYPE_CHECKING:
    import pandas as pd

READ_AS = """\
Mean macro F1 on clean test labels: of the teacher, of the student alone
(alpha = 0), and the paired gain of distillation at each temperature and alpha.
A star marks a Wilcoxon p below 0.05 after Holm's correction over all tables."""


def report(results: xr.Dataset) -> list[Section]:
    """Returns heat maps of the gains, a table of gains for each student, and what they say."""
    gains = compare(results.f1_macro, "alpha", baseline=0.0)
    tested = Comparisons("alpha", gains)
    first, *others = comparison_maps(tested, down="temperature")
    caption = "Where distillation pays: mean gain of macro F1 over training without a teacher."
    own = [
        first._replace(caption=caption, detail=False),
        *others,
        *(
            Section(f"Student: {name}", table=gain_table(results, gains, str(name)))
            for name in results.student.values
        ),
        Section("How to read the tables", READ_AS),
        Section("What came out", _answer(gains, results), answer=True),
    ]
    return assemble(results, own, tested=tested, references=wording.TEACHERS)


def _answer(gains: "pd.DataFrame", results: xr.Dataset) -> str:
    return f"{in_words(gains, results.sizes['seed'])}\n\n{wording.teachers(results)}"


def gain_table(results: xr.Dataset, gains: "pd.DataFrame", student: str) -> Table:
    """Returns a row for each training size and level of label noise; a star marks a corrected p below 0.05.

    Args:
        results: Results over student, train_size, label_noise, temperature, alpha and seed.
        gains: What `jaxqkd.statistics.compare` returns of their `f1_macro` along alpha, with 0 as baseline.
        student: The student whose table it is.
    """
    own = gains[gains.student == student]
    settings = [f"T={t:g},\nα={a:g}" for t, a in dict.fromkeys(zip(own.temperature, own.after, strict=True))]
    rows = []
    for (size, noise), cell in own.groupby(["train_size", "label_noise"], sort=False):
        at = {"student": student, "train_size": size, "alpha": 0.0}
        alone = results.f1_macro.sel(at | {"label_noise": noise}).isel(temperature=0)
        teacher = results.teacher_f1.sel(label_noise=noise)
        scores = [f"{float(score.mean()):.3f}" for score in (teacher, alone)]
        stars = ["*" if p < LEVEL else "" for p in cell.p_corrected]
        changes = [f"{mean:+.3f}{star}" for mean, star in zip(cell["mean"], stars, strict=True)]
        rows.append([f"{size},\n{noise:.0%} wrong", *scores, *changes])
    return Table(["labels", "teacher", "alone", *settings], rows)


def in_words(gains: "pd.DataFrame", seeds: int) -> str:
    """Returns what the corrected tests say of all gains over that many seeds."""
    shown = gains[gains.p_corrected < LEVEL]["mean"]
    better, worse, total = int((shown > 0).sum()), int((shown < 0).sum()), len(gains)
    text = (
        f"Of {total} comparisons, distillation gained in {better} and lost in {worse}; in the other\n"
        f"{total - better - worse}, these {seeds} seeds show no difference."
    )
    return text if seeds >= fewest_seeds(total) else f"{text}\n{too_few(total)}"

"""Predictions: what each mechanism expects, the model that is fitted and the rule of the verdict, before any run.

They were written down on the date below, before the study was run. A change of them is another experiment.
"""

from typing import NamedTuple

DATE = "2026-11-24"
MARGIN = 0.02
"""A mean change of macro F1 within this is called none."""

FEW, MANY = (15, 30, 60), (200, 800)
NOISY, CLEAN, ALL = (0.2, 0.4), (0.0,), (0.0, 0.1, 0.2, 0.4)
EARLY, LAST, EVERY = (0,), (2,), (0, 1, 2)
"""Positions among the numbers of steps."""

MECHANISMS = {
    "H1": "Variance: the teacher removes label noise.",
    "H2": "Optimization: soft targets ease the landscape.",
    "H3": "Regularization: any softening does as much.",
    "H4": "Transfer: the teacher's function passes by rows without labels, and only so.",
    "H5": "Scale: bounded students cannot match the logits of a teacher at a high temperature.",
}


class Gain(NamedTuple):
    """A mean change of macro F1 against the untaught student of the same seed, over cells of the grid.

    Attributes:
        student: The student.
        teaching: The way of teaching.
        rows: Numbers of training rows.
        noise: Levels of label noise.
        steps: Positions among the numbers of steps.
    """

    student: str
    teaching: str
    rows: tuple[int, ...] = (*FEW, *MANY)
    noise: tuple[float, ...] = ALL
    steps: tuple[int, ...] = LAST


class Claim(NamedTuple):
    """A prediction of a mechanism.

    Attributes:
        mechanism: H1 to H5.
        sentence: What is expected, in words.
        gain: The gain that it is about.
        less: Another gain that is subtracted, or None.
        expected: "above", "below" or "none"; or "not below" or "not above". See `RULE`.
    """

    mechanism: str
    sentence: str
    gain: Gain
    less: Gain | None
    expected: str


CLAIMS = (
    Claim(
        "H1",
        "The posterior helps the quantum student where labels are few and noisy.",
        Gain("head", "posterior", FEW, NOISY),
        None,
        "above",
    ),
    Claim(
        "H1",
        "It helps the optimum of all circuits there as well, which has no landscape.",
        Gain("observable", "posterior", FEW, NOISY),
        None,
        "above",
    ),
    Claim(
        "H1",
        "It helps more with few noisy labels than with 800 of them.",
        Gain("head", "posterior", FEW, NOISY),
        Gain("head", "posterior", (800,), NOISY),
        "above",
    ),
    Claim(
        "H1",
        "It does nothing with clean labels.",
        Gain("head", "posterior", (*FEW, *MANY), CLEAN),
        None,
        "none",
    ),
    Claim("H1", "It does nothing with 800 labels.", Gain("head", "posterior", (800,)), None, "none"),
    Claim(
        "H1",
        "No trained teacher helps more than the posterior.",
        Gain("head", "posterior", FEW, NOISY),
        Gain("head", "trained", FEW, NOISY),
        "not below",
    ),
    Claim(
        "H2",
        "The posterior helps early, with clean labels and many of them.",
        Gain("head", "posterior", MANY, CLEAN, EARLY),
        None,
        "above",
    ),
    Claim(
        "H2",
        "This gain shrinks with the number of steps.",
        Gain("head", "posterior", MANY, CLEAN, EARLY),
        Gain("head", "posterior", MANY, CLEAN, LAST),
        "above",
    ),
    Claim(
        "H2",
        "The optimum of all circuits has none of it.",
        Gain("observable", "posterior", MANY, CLEAN),
        None,
        "none",
    ),
    Claim("H3", "Smoothing helps where labels are few.", Gain("head", "smoothing", FEW), None, "above"),
    Claim(
        "H3",
        "The trained teacher helps no more than smoothing of its entropy.",
        Gain("head", "trained", FEW),
        Gain("head", "smoothing", FEW),
        "not above",
    ),
    Claim(
        "H3",
        "The trained teacher helps no more than itself shuffled.",
        Gain("head", "trained", FEW),
        Gain("head", "shuffled", FEW),
        "not above",
    ),
    Claim(
        "H4",
        "Rows without labels add to what the trained teacher gives.",
        Gain("head", "trained, transfer rows", FEW),
        Gain("head", "trained", FEW),
        "above",
    ),
    Claim("H4", "Without them it gives nothing.", Gain("head", "trained", FEW), None, "none"),
    Claim(
        "H5",
        "The student without a head loses at T = 4.",
        Gain("no_head", "trained, T = 4"),
        Gain("no_head", "trained"),
        "below",
    ),
    Claim(
        "H5",
        "It recovers where the loss has no scale.",
        Gain("no_head", "trained, T = 4, standardized"),
        Gain("no_head", "trained, T = 4"),
        "above",
    ),
    Claim(
        "H5",
        "The student with a head does not lose at T = 4.",
        Gain("head", "trained, T = 4"),
        Gain("head", "trained"),
        "not below",
    ),
)

RULE = f"""\
A gain is the macro F1 of the taught student minus that of the untaught one of the
same seed, on clean test labels, a mean over the cells named. Its interval is of
95 %, Student's t over the seeds, and no correction is made for several claims.

  above      came out if the interval lies above 0; failed if it lies below
             {MARGIN:+.2f}
  below      the mirror image
  none       came out if the interval lies within -+{MARGIN}; failed if it lies
             outside of that
  not below  came out if the interval lies above {-MARGIN:+.2f}; failed if it lies
             below that
  not above  the mirror image

Where neither holds it is undecided. A mechanism is borne out if all of its claims
came out, contradicted if one failed, and else undecided."""

QUANTUM, CLASSICAL = "head", "mlp"
"""The matched pair: as many parameters, the same features, data, optimizer and steps."""
KNOWING = ("posterior", "trained")
"""Teachers that know something, and the same to both students."""
IGNORANT = ("overfitted", "shuffled", "smoothing")
"""Teachers that know nothing of other rows than the student's own."""

MODEL = """\
The gain of every cell and seed of the matched pair, under the teachers posterior,
trained, overfitted, shuffled and smoothing at T = 1, is fitted by least squares to

  variance     (H1) share of the labels' noise that is gone from the targets, times
               the label variance E[1 - sum p^2], over the number of rows
  softness     (H3) mean entropy of the teacher
  risk         the teacher's excess risk, of those that are meant to know
  room         1 less the untaught macro F1, the mean of the other seeds in the cell
  taught       1
  type         1/2 for the quantum student, -1/2 for the classical one
  knowing      1 for posterior and trained, else 0
  interaction  knowing times type

with one coefficient each for both students. What softening alone does to a type is
in `type`; the students have heads and T = 1, so H5 has no part. Matched untaught
score: `room` is a regressor, and cells are left out where the untaught score of one
student lies outside the range that the other has over all cells. Intervals are of a
bootstrap over whole seeds."""

VERDICT = f"""\
"Quantum students learn better through distillation" is called true if and only if
the interval of `interaction` lies above 0; reversed, if it lies below 0; false, if it
lies within -+{MARGIN} of macro F1; and undecided otherwise. The smallest interaction
that would have been found with a probability of 80 % stands beside it."""


def judged(expected: str, low: float, high: float) -> str:
    """Returns "came out", "failed" or "undecided" for the interval of a claim, by `RULE`."""
    if expected in ("below", "not above"):
        return judged({"below": "above", "not above": "not below"}[expected], -high, -low)
    came, failed = {
        "above": (low > 0, high < MARGIN),
        "none": (low > -MARGIN and high < MARGIN, low > MARGIN or high < -MARGIN),
        "not below": (low > -MARGIN, high < -MARGIN),
    }[expected]
    return "came out" if came else "failed" if failed else "undecided"


def borne_out(outcomes: list[str]) -> str:
    """Returns what the outcomes of all claims of a mechanism say of it."""
    if "failed" in outcomes:
        return "contradicted"
    return "borne out" if set(outcomes) == {"came out"} else "undecided"


def verdict(low: float, high: float) -> str:
    """Returns the verdict on the sentence of the field, of the interval of the interaction, by `VERDICT`."""
    if low > 0:
        return "true"
    if high < 0:
        return "reversed"
    return "false" if low > -MARGIN and high < MARGIN else "undecided"

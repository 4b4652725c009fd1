"""The set-up of the experiment: two designs of seeds, their options, and the rules of decision."""

import dataclasses

from jaxqkd.experiments.piperno2024.setup import EPOCHS, STUDENTS

NAME, VERSION = "initializations", 1
SEEDS = 10_000
CAREFUL = ("logits", "softmax-twice")
"""The readings of the seed study's training that keep the best epoch."""
DESIGNS = ("seeds", "crossed")
DRAWS, TEACHERS, ORDERS = 8, 4, 1
ALONE = "none"
"""The level of the setting `teacher` for a training without one."""

RULE = """\
Written on 2026-11-24, before any training of this experiment. The score is
weighted F1 on test rows. All seeds count whose trainings are complete, as many as
the time allowed. A training has failed if its score is less than 0.05 above that
of always answering the commonest class, or not finite.

Design "seeds": each seed has its own data, teacher and initialization, and is
trained without and with distillation in both readings, as in the seed study.

1 How many seeds would a comparison of the published table have needed? The
  smallest number with which a paired t test at level 0.05 / 8, for eight students,
  finds the mean change with probability 0.8: for the published change with the
  spread of the changes measured here; for the published change with the published
  variances, which are of unpaired scores; and for the change measured here, if its
  p, corrected by Holm's method over the table, is below 0.05.

Design "crossed": every draw of data (with its split) is combined with every
teacher (its own initialization, trained on the draw) and every initialization of
the student. Components of variance are those of random effects, by the method of
moments.

2 Does the score of a student depend on its initialization more than on the data?
  The share of the variance of scores without a teacher that is due to the
  initialization, or to its interaction with the data: "mostly initialization" if
  the lower end of its 95 % interval is above 1/2, "mostly data" if the upper end
  is below 1/2, else "open". Where the standard deviation of the scores is below
  0.01 there is nothing to share: "no spread".
3 Does it matter which teacher? The same share of the teacher, and of all its
  interactions, in the scores with distillation: "teachers differ" if the lower end
  of the interval of the teacher's own component is above 0, else "not shown".

Predicted: without a teacher, "mostly initialization" for all quantum students in
the reading softmax-twice, and "no spread" or "mostly initialization" in logits;
teachers do not differ, since all of them know the task."""


@dataclasses.dataclass(frozen=True)
class Options:
    """What may be chosen of the experiment.

    Attributes:
        seeds: Number of seeds, which are initializations of the student in the design crossed; in the design
            seeds each has its own data and teacher as well. A run may be stopped, and reported so far.
        epochs: The largest number of epochs of a training.
        students: Which students, out of linear hea universal universal_h q2 q3 q4 q5.
        readings: Which readings of the published training, out of logits softmax-twice.
        design: seeds, or crossed.
        draws: Draws of data in the design crossed.
        teachers: Teachers on each draw in the design crossed.
        orders: Orders of mini-batches in the design crossed; more than 1 needs a batch size.
        batch_size: Examples of a mini-batch in the design crossed; 0 for the full batch, which has no order.
        seed: Another number draws other data and initializations for all seeds.
    """

    seeds: int = SEEDS
    epochs: int = EPOCHS
    students: tuple[str, ...] = STUDENTS
    readings: tuple[str, ...] = CAREFUL
    design: str = "seeds"
    draws: int = DRAWS
    teachers: int = TEACHERS
    orders: int = ORDERS
    batch_size: int = 0
    seed: int = 0

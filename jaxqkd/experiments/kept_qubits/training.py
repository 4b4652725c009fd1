"""The training of the experiment: the data of a seed with its teacher's choice, the run of all sets, the study."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from jaxqkd import checks, losses, metrics
from jaxqkd.experiments.kept_qubits.choice import relevance, told_apart
from jaxqkd.experiments.kept_qubits.masked import Masked
from jaxqkd.experiments.kept_qubits.setup import (
    MEASURED,
    NAME,
    SETS,
    STUDENT,
    VERSION,
    Options,
    dephased,
    kept_bits,
    student,
)
from jaxqkd.experiments.piperno2024.setup import CLASSES, EPOCHS, LEARNING_RATE, PATIENCE, TEACHER
from jaxqkd.experiments.piperno2024.training import teacher_and_data
from jaxqkd.experiments.teaching import SeedData
from jaxqkd.studies.study import Study
from jaxqkd.training import fit
from jaxqkd.types import Key, Loss, Run


class Seed(NamedTuple):
    """What all sets of a seed share.

    Attributes:
        data: The seed study's data of that seed.
        relevance: The relevance of each amplitude to the teacher [2^Q].
    """

    data: SeedData
    relevance: jax.Array


def seed_data(key: Key, *, epochs: int = EPOCHS) -> Seed:
    """Returns a seed's data, labeled by its teacher, and what is relevant to the teacher, from the key alone."""
    params, shared = teacher_and_data(key, epochs=epochs)
    return Seed(shared, relevance(TEACHER, params, jnp.asarray(shared.train.x)))


def run(name: str, *, measured: str, sets: Sequence[str] = SETS, epochs: int = EPOCHS) -> Run:
    """Returns the training of the student that keeps some qubits, in the seed study's reading `logits`.

    Without and with distillation, and for all sets and measurements, a seed starts from the same initialization.

    Args:
        name: `STUDENT`.
        measured: When the other qubits are measured: never, one, every.
        sets: The sets of kept qubits, of which the run takes one by its index.
        epochs: The largest number of epochs.

    Returns:
        A function `((key, seed), hparams) -> dict` with hparams `kept`, an index of the sets, and `distilled`,
        0 or 1; it returns scores on the test rows, and `told_apart`, by which the teacher chooses the set.
    """
    bits = kept_bits(sets)
    lost = np.stack([dephased(own, measured) for own in bits])

    def one(seed: tuple[Key, Seed], hparams: Any) -> dict[str, jax.Array]:
        (key, own), index = seed, jnp.asarray(hparams["kept"], int)
        *_, k_student = jax.random.split(key, 4)
        after_layers = None if measured == "never" else jnp.asarray(lost)[index]
        model = Masked(student(), jnp.asarray(bits)[index], after_layers)
        out = fit(
            k_student,
            model,
            own.data.train,
            _loss(hparams["distilled"]),
            optax.adam(LEARNING_RATE),
            epochs=epochs,
            validation=own.data.validation,
            patience=PATIENCE,
        )
        logits = model.apply(out.params, own.data.test.x)
        return _scores(logits, own.data) | {
            "told_apart": told_apart(own.relevance, bits)[index],
            **{name: out.history[name] for name in ("epochs", "best_epoch", "diverged")},
        }

    return one


def _loss(weight: jax.Array) -> Loss:
    """Returns cross-entropy + weight KL(teacher || student), with the divergence summed over the batch."""
    hard, soft = losses.hard(), losses.soft()

    def loss(student: jax.Array, teacher: jax.Array | None, labels: jax.Array) -> jax.Array:
        factor = len(student) * weight  # whose mean over the batch is the weighted sum
        return hard(student, teacher, labels) + factor * soft(student, teacher, labels)

    return loss


def _scores(logits: jax.Array, shared: SeedData) -> dict[str, jax.Array]:
    labels = shared.test.labels
    commonest = metrics.majority(labels, classes=CLASSES)
    return {
        "f1_weighted": metrics.f1(logits, labels, classes=CLASSES, average="weighted"),
        "majority_f1_weighted": metrics.f1(commonest, labels, classes=CLASSES, average="weighted"),
        "f1_macro": metrics.f1(logits, labels, classes=CLASSES),
        "teacher_f1": shared.teacher_f1,
    }


def study(options: Options) -> Study:
    """Returns the study, to be run by `jaxqkd.studies.run`."""
    checks.integer("epochs", options.epochs)
    kept_bits(options.kept)
    for measured in options.measured:
        checks.one_of("measured", measured, MEASURED)
    return Study(
        NAME,
        VERSION,
        seed_data,
        run,
        students=(STUDENT,),
        settings={"measured": options.measured, "kept": options.kept, "distilled": (0, 1)},
        seeds=options.seeds,
        options={"epochs": options.epochs, "sets": options.kept},
        score="f1_weighted",
        base=options.seed,
        block=2,
    )

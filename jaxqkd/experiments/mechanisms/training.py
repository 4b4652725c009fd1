"""The training of the experiment: one student under every teacher, its scores, and the study of all students."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from jaxqkd import checks, data, losses, metrics
from jaxqkd.experiments.mechanisms.setup import (
    ALPHA,
    EPOCHS,
    LABEL_NOISE,
    LEARNING_RATE,
    NAME,
    REAL,
    ROWS,
    STUDENTS,
    TASKS,
    TEACHINGS,
    VERSION,
    Options,
    steps,
    table,
)
from jaxqkd.experiments.mechanisms.targets import AT_ONCE, at_once, knowledge
from jaxqkd.experiments.mechanisms.tasks import Level, f1, seed_data
from jaxqkd.models import ObservableStudent
from jaxqkd.studies.study import Study
from jaxqkd.training import fit, fit_observables, label
from jaxqkd.types import Data, Key, Loss, Model, Params, Run

QUICK: dict[str, Any] = {"seeds": 4, "rows": (15, 60), "students": ("head", "mlp", "observable"), "epochs": 200}
"""What the option `quick` stands for."""


class Way(NamedTuple):
    """How a training weighs its teacher; all may be traced."""

    alpha: Any
    temperature: Any
    standardized: Any


class Learned(NamedTuple):
    """What came out of a training: parameters and losses after each number of steps, and a flag.

    `gap` is what the loss may exceed its optimum by; it is NaN but for the observable student.
    """

    params: Params
    loss: jax.Array
    diverged: jax.Array
    gap: jax.Array


Learn = Callable[[Key, Data, Way], Learned]


def run(name: str, *, rows: int, sizes: Sequence[int] = ROWS, epochs: int = EPOCHS) -> Run:
    """Returns the training of one student on so many rows, under every way of teaching.

    Returns:
        A function `((key, levels), hparams) -> dict` with hparams `task`, its index, and `label_noise`. It
        returns, by way of teaching in the order of `TEACHINGS` and number of steps, `f1_at`, `accuracy_at` and
        `excess_at`, the mean divergence from the posterior of the labels, on the test rows; by way of teaching
        `gap_of` and what `targets.knowledge` says of it; `loss_at` of the untaught student by number of steps;
        and the scalars `label_variance`, `f1_macro`, without a teacher after all steps, `teacher_f1`, `diverged`.
    """
    checks.one_of("student", name, tuple(STUDENTS))
    model, place = STUDENTS[name], tuple(sizes).index(rows)

    def one(seed: tuple[Key, Level], hparams: Any) -> dict[str, jax.Array]:
        key, levels = seed
        noise = jnp.argmin(jnp.abs(jnp.asarray(LABEL_NOISE) - hparams["label_noise"]))
        level = jax.tree.map(lambda leaf: leaf[hparams["task"].astype(int), noise], levels)
        train, truth = jax.tree.map(lambda leaf: leaf[:rows], (level.train, level.truth))
        known = at_once(jax.random.fold_in(key, 3), level, train, truth, place)
        learned, targets = _every_way(key, _learning(model, epochs), model, level, train, known)
        scores = jax.vmap(jax.vmap(lambda params: _scores(model.apply(params, level.test.x), level)))(
            learned.params
        )
        held = jax.vmap(lambda logits: knowledge(logits, train.labels, truth, ALPHA))(targets)
        return {
            **scores,
            **held._asdict(),
            "gap_of": learned.gap,
            "loss_at": learned.loss[0],
            "label_variance": jnp.mean(1 - jnp.sum(jnp.exp(2 * truth), axis=-1)),
            "f1_macro": scores["f1_at"][0, -1],
            "teacher_f1": level.teacher_f1,
            "diverged": jnp.any(learned.diverged),
        }

    return one


def study(options: Options) -> Study:
    """Returns the study, to be run by `jaxqkd.studies.run`."""
    if options.quick:
        options = dataclasses.replace(options, **QUICK)
    checks.integer("epochs", options.epochs, least=20)
    for argument, values, known in (("students", options.students, STUDENTS), ("tasks", options.tasks, TASKS)):
        for value in values:
            checks.one_of(argument, value, tuple(known))
    tables = [table(task) for task in options.tasks if task in REAL]
    most = max(options.rows)
    cure = "Give fewer rows, or other tasks."
    checks.require(not tables or most <= 60, "rows", "be at most 60 for held-out tasks", most, cure)
    return Study(
        NAME,
        VERSION,
        seed_data,
        run,
        students=options.students,
        settings={"rows": options.rows, "task": options.tasks, "label_noise": LABEL_NOISE},
        seeds=options.seeds,
        options={"epochs": options.epochs, "tasks": options.tasks, "sizes": options.rows},
        data=tables or None,
        base=options.seed,
    )


def _every_way(
    key: Key, learn: Learn, model: Model, level: Level, train: Data, known: dict[str, jax.Array]
) -> tuple[Learned, jax.Array]:
    """Returns what the student learned by each way of teaching, in their order, and the targets [ways, n, C].

    All begin at the same parameters. The student's own teacher begins elsewhere, and has no teacher.
    """
    k_student, k_first = jax.random.fold_in(key, 1), jax.random.fold_in(key, 2)
    first = TEACHINGS["none"]
    ways = [TEACHINGS[name] for name in AT_ONCE]
    keys = jnp.stack([*[k_student] * len(ways), k_first])
    stacked = jnp.stack([known[way.teacher] for way in [*ways, first]])
    weights = jax.tree.map(lambda *leaves: jnp.asarray(leaves), *[_way(way) for way in [*ways, first]])
    together = jax.vmap(lambda key, teacher, way: learn(key, train._replace(teacher=teacher), way))(
        keys, stacked, weights
    )
    learned = {name: jax.tree.map(lambda leaf, at=at: leaf[at], together) for at, name in enumerate(AT_ONCE)}
    itself = label(train, model, jax.tree.map(lambda leaf: leaf[-1, -1], together.params))
    learned["born again"] = learn(k_student, itself, _way(TEACHINGS["born again"]))
    longer = "trained, transfer rows"
    learned[longer] = learn(k_student, data.join(train, level.transfer), _way(TEACHINGS[longer]))
    targets = {"itself": itself.teacher, **known}
    ordered = jax.tree.map(lambda *leaves: jnp.stack(leaves), *[learned[name] for name in TEACHINGS])
    return ordered, jnp.stack([targets[way.teacher] for way in TEACHINGS.values()])


def _way(teaching: Any) -> Way:
    alpha = 0.0 if teaching.teacher == "none" else ALPHA
    return Way(alpha, teaching.temperature, teaching.standardized)


def _loss(way: Way) -> Loss:
    soft = losses.soft(way.temperature)
    return losses.mix(
        (1 - way.alpha, losses.hard()),
        (way.alpha * (1 - way.standardized), soft),
        (way.alpha * way.standardized, losses.standardized(soft)),
    )


def _learning(model: Model, epochs: int) -> Learn:
    """Returns the training of a student, as a function of key, data and way."""
    if isinstance(model, ObservableStudent):
        return _optimum(model, len(steps(epochs)))
    at = steps(epochs)

    def trained(key: Key, train: Data, way: Way) -> Learned:
        adam = optax.adam(LEARNING_RATE)
        out = fit(key, model, train, _loss(way), adam, epochs=epochs, checkpoints=at)
        record = out.history["loss"][jnp.asarray(at) - 1]
        return Learned(out.checkpoints, record, out.history["diverged"], jnp.asarray(jnp.nan))

    return trained


def _optimum(model: ObservableStudent, count: int) -> Learn:
    """Returns the optimum for every number of steps; NaN for z-scores, whose loss is not convex."""

    def optimal(key: Key, train: Data, way: Way) -> Learned:
        out = fit_observables(model, train, losses.kd(way.temperature, way.alpha))
        convex = jnp.where(way.standardized > 0, jnp.nan, 1.0)
        params = jax.tree.map(lambda leaf: jnp.stack([leaf * convex] * count), out.params)
        return Learned(params, jnp.stack([out.loss] * count), jnp.asarray(False), out.gap)

    return optimal


def _scores(logits: jax.Array, level: Level) -> dict[str, jax.Array]:
    """Returns the scores of a student's logits [T, C] on the test rows; NaN if one is not finite."""
    finite = jnp.isfinite(logits).all()
    excess = jnp.sum(jnp.exp(level.test_truth) * (level.test_truth - jax.nn.log_softmax(logits)), axis=-1)
    return {
        "f1_at": f1(logits, level.test.labels),
        "accuracy_at": jnp.where(finite, metrics.accuracy(logits, level.test.labels), jnp.nan),
        "excess_at": excess.mean(),
    }

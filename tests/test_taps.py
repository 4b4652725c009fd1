import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxqkd as jq
from jaxqkd.losses import hard, hints, infidelity, kd, label_smoothing, mix, on, rkd_distance, soft
from jaxqkd.models import MLP, Linear, Projected, QuantumStudent
from jaxqkd.quantum.circuits import hea
from jaxqkd.quantum.encodings import angle
from jaxqkd.quantum.noise import Noise

KEY = jax.random.key(0)
DATA = jq.data.xor_grid(KEY, count=24)
CIRCUIT = hea(qubits=2, layers=2)
PLAIN = QuantumStudent(CIRCUIT, classes=3, encoding=angle)
TAPPED = QuantumStudent(CIRCUIT, classes=3, encoding=angle, taps=("expectations", "states"))
TEACHER = MLP(features=(6, 4), classes=3, taps=("hidden",))


def taught(model=TEACHER):
    return jq.label(DATA, model, model.init(KEY, DATA.x))


def test_taps_leave_the_logits_and_the_parameters_as_they_are():
    params = PLAIN.init(KEY, DATA.x)
    assert jax.tree.all(jax.tree.map(jnp.array_equal, params, TAPPED.init(KEY, DATA.x)))
    out = TAPPED.apply(params, DATA.x)
    np.testing.assert_allclose(out["logits"], PLAIN.apply(params, DATA.x), atol=1e-6)
    head = params["params"]["head"]
    np.testing.assert_allclose(out["expectations"] @ head["kernel"] + head["bias"][None], out["logits"], atol=1e-5)
    shares = np.abs(np.asarray(out["states"])) ** 2
    np.testing.assert_allclose(shares @ [1, 1, -1, -1], out["expectations"][:, 0], atol=1e-5)
    np.testing.assert_allclose(shares @ [1, -1, 1, -1], out["expectations"][:, 1], atol=1e-5)


def test_the_hidden_layer_is_what_the_head_reads():
    params = TEACHER.init(KEY, DATA.x)
    out, head = TEACHER.apply(params, DATA.x), params["params"]["head"]
    assert out["hidden"].shape == (24, 4)
    np.testing.assert_allclose(out["hidden"] @ head["kernel"] + head["bias"][None], out["logits"], atol=1e-5)


def test_a_mix_of_logits_and_features_is_the_weighted_sum():
    lesson = taught()
    student = {"logits": lesson.teacher["logits"] + 0.3, "hidden": lesson.teacher["hidden"] + 2.0}
    loss = mix((1.0, on("logits", kd(2.0, 0.5))), (0.25, on("hidden", hints())))
    found = loss(student, lesson.teacher, DATA.labels)
    wanted = kd(2.0, 0.5)(student["logits"], lesson.teacher["logits"], DATA.labels) + 0.25 * 4.0
    np.testing.assert_allclose(found, wanted, rtol=1e-5)


def test_a_student_learns_logits_and_projected_expectation_values_in_fit():
    lesson = taught()
    student = Projected(TAPPED.clone(taps=("expectations",)), tap="expectations", width=4)
    hidden = lesson._replace(
        teacher={"logits": lesson.teacher["logits"], "expectations": lesson.teacher["hidden"]}
    )
    loss = mix((1.0, on("logits", kd(2.0, 0.5))), (1.0, on("expectations", hints())))
    metric = {"accuracy": jq.metrics.accuracy}

    def run(key):
        return jq.fit(
            key,
            student,
            hidden,
            loss,
            optax.adam(0.05),
            epochs=30,
            batch_size=12,
            validation=hidden,
            metrics=metric,
        )

    out = jax.jit(run)(KEY)
    assert out.history["val_loss"][-1] < out.history["val_loss"][0]
    start = student.init(jax.random.split(KEY)[0], DATA.x[:1])
    moved = jax.tree.map(lambda a, b: bool(jnp.any(a != b)), start, out.params)
    assert all(jax.tree.leaves(moved))
    assert out.history["accuracy"].shape == (30,)


def test_states_teach_states():
    student = TAPPED.clone(taps=("states",))
    lesson = taught(student)
    loss = on("states", infidelity())
    out = jax.jit(lambda key: jq.fit(key, student, lesson, loss, optax.adam(0.1), epochs=60))(jax.random.key(1))
    assert out.history["loss"][-1] < 0.2 * out.history["loss"][0]


def test_relations_of_taps():
    lesson = taught()
    student = TAPPED.apply(TAPPED.init(KEY, DATA.x), DATA.x)
    values = rkd_distance()(student["expectations"], lesson.teacher["hidden"], DATA.labels)
    loss = on("hidden", rkd_distance())
    np.testing.assert_array_equal(loss({"hidden": student["expectations"]}, lesson.teacher, DATA.labels), values)


def test_a_teacher_of_logits_alone_teaches_a_model_with_taps():
    lesson = jq.label(DATA, Linear(classes=3), Linear(classes=3).init(KEY, DATA.x))
    out = jq.fit(KEY, TAPPED, lesson, on("logits", soft()), optax.sgd(0.1), epochs=2)
    plain = jq.fit(KEY, PLAIN, lesson, soft(), optax.sgd(0.1), epochs=2)
    np.testing.assert_allclose(out.history["loss"], plain.history["loss"], rtol=1e-5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MLP(features=(2,), classes=2, taps=("states",)), "`taps` must be one of"),
        (
            lambda: MLP(features=(2,), classes=2, taps="hidden"),
            r"`taps` must be a sequence .* Write \('hidden',\)",
        ),
        (lambda: QuantumStudent(CIRCUIT, classes=3, taps=("hidden",)), "`taps` must be one of"),
        (
            lambda: QuantumStudent(CIRCUIT, classes=3, taps=("states",), noise=Noise()),
            '`taps` must not hold "states"',
        ),
        (lambda: Projected(TEACHER, tap="states", width=3), "`tap` must be one of"),
        (lambda: Projected(TEACHER, tap="hidden", width=0), "`width` must be at least 1"),
        (
            lambda: on("spin", hard())({"logits": DATA.x}, None, DATA.labels),
            "`name` must be one of what .* logits",
        ),
        (lambda: on("logits", hard())(DATA.x, None, DATA.labels), "logits alone"),
        (lambda: on("hidden", hints())({"hidden": DATA.x}, DATA.x, DATA.labels), "`teacher` must hold"),
        (
            lambda: jq.fit(KEY, TEACHER, DATA, hard(), optax.sgd(0.1), epochs=1),
            r"`loss` must say which of logits, hidden it takes\. Write jaxqkd\.losses\.on",
        ),
        (
            lambda: jq.fit(
                KEY,
                TEACHER,
                DATA._replace(teacher={"hidden": DATA.x[:3]}),
                on("logits", hard()),
                optax.sgd(0.1),
                epochs=1,
            ),
            r"`data\.teacher\['hidden'\]` must have a row for each of the 24 examples",
        ),
    ],
)
def test_bad_taps_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def half_unlabelled():
    lesson = jq.label(DATA, Linear(classes=3), Linear(classes=3).init(KEY, DATA.x))
    return lesson._replace(labels=lesson.labels.at[::2].set(-1))


@pytest.mark.parametrize("loss", [hard(), label_smoothing(0.2)])
def test_what_hears_labels_is_zero_without_one(loss):
    lesson = half_unlabelled()
    logits = jax.random.normal(KEY, (24, 3))
    values = np.asarray(loss(logits, lesson.teacher, lesson.labels))
    np.testing.assert_array_equal(values[::2], 0)
    np.testing.assert_array_equal(values[1::2], loss(logits, None, DATA.labels)[1::2])


def test_dkd_takes_the_teachers_class_for_a_label_that_is_missing():
    lesson = half_unlabelled()
    logits = jax.random.normal(KEY, (24, 3))
    told = jnp.where(lesson.labels < 0, lesson.teacher.argmax(axis=1), lesson.labels)
    np.testing.assert_array_equal(
        jq.losses.dkd(2.0)(logits, lesson.teacher, lesson.labels), jq.losses.dkd(2.0)(logits, lesson.teacher, told)
    )


def test_fit_learns_from_unlabelled_examples_what_the_teacher_says():
    lesson, student = half_unlabelled(), Linear(classes=3)
    out = jax.jit(lambda key: jq.fit(key, student, lesson, kd(1.0, 0.5), optax.adam(0.1), epochs=3))(KEY)
    start = student.init(jax.random.split(KEY)[0], DATA.x[:1])
    values = 0.5 * hard()(student.apply(start, DATA.x), None, DATA.labels).at[::2].set(0)
    values += 0.5 * soft()(student.apply(start, DATA.x), lesson.teacher, DATA.labels)
    assert float(out.history["loss"][0]) == pytest.approx(float(values.mean()), rel=1e-5)


def test_unlabelled_examples_are_joined_and_split():
    lesson = jq.data.join(DATA, jq.data.unlabelled(DATA.x[:5]))
    assert lesson.labels.shape == (29,)
    np.testing.assert_array_equal(lesson.labels[24:], -1)
    parts = jq.data.split(KEY, lesson, (0.9, 0.1))
    assert sum(len(part.x) for part in parts) == 29


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: jq.data.join(), "`parts` must hold at least one"),
        (lambda: jq.data.join(DATA, DATA._replace(x=DATA.x[:, :1])), "`parts` must have the same features"),
        (lambda: jq.data.join(DATA, half_unlabelled()), "`parts` must all have a teacher, or none"),
        (lambda: jq.data.unlabelled(DATA.x[0]), r"`x` must have 2 axes"),
        (
            lambda: jq.fit(KEY, Linear(classes=3), jq.data.unlabelled(DATA.x), hard(), optax.sgd(0.1), epochs=1),
            r"`data\.labels` must have a label in each row, but is -1 at row 0\. Training data may lack",
        ),
        (
            lambda: jq.fit(
                KEY, Linear(classes=3), DATA, hard(), optax.sgd(0.1), epochs=1, validation=half_unlabelled()
            ),
            r"`validation\.labels` must have a label in each row, but is -1 at row 0\. Drop that row",
        ),
        (
            lambda: jq.fit(
                KEY,
                Linear(classes=3),
                half_unlabelled(),
                kd(),
                optax.sgd(0.1),
                epochs=1,
                metrics={"a": jq.metrics.accuracy},
            ),
            "`metrics` must be None without validation data where labels are missing",
        ),
    ],
)
def test_missing_labels_are_refused_where_they_are_needed(make, message):
    with pytest.raises(ValueError, match=message):
        make()

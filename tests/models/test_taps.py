import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxqkd as jq
from jaxqkd.circuits import hea
from jaxqkd.losses import hard, hints, infidelity, kd, label_smoothing, mix, on, rkd_distance, soft
from jaxqkd.models import MLP, Linear, Projected, QuantumStudent
from jaxqkd.quantum.encodings import angle
from jaxqkd.quantum.noise.model import NoiseModel

KEY = jax.random.key(0)
DATA = jq.data.xor_grid(KEY, count=24)
CIRCUIT = hea(qubits=2, layers=2)
PLAIN = QuantumStudent(CIRCUIT, classes=3, encoding=angle)
TAPPED = QuantumStudent(CIRCUIT, classes=3, encoding=angle, taps=("expectations", "states"))
TEACHER = MLP(features=(6, 4), classes=3, taps=("hidden",))


def taught(model=TEACHER):
    return jq.label(DATA, model, model.init(KEY, DATA.x))


@pytest.mark.slow
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
    seed_data = taught()
    student = {"logits": seed_data.teacher["logits"] + 0.3, "hidden": seed_data.teacher["hidden"] + 2.0}
    loss = mix((1.0, on("logits", kd(2.0, 0.5))), (0.25, on("hidden", hints())))
    found = loss(student, seed_data.teacher, DATA.labels)
    wanted = kd(2.0, 0.5)(student["logits"], seed_data.teacher["logits"], DATA.labels) + 0.25 * 4.0
    np.testing.assert_allclose(found, wanted, rtol=1e-5)


@pytest.mark.slow
def test_a_student_learns_logits_and_projected_expectation_values_in_fit():
    seed_data = taught()
    student = Projected(TAPPED.clone(taps=("expectations",)), tap="expectations", width=4)
    hidden = seed_data._replace(
        teacher={"logits": seed_data.teacher["logits"], "expectations": seed_data.teacher["hidden"]}
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


@pytest.mark.slow
def test_states_teach_states():
    student = TAPPED.clone(taps=("states",))
    seed_data = taught(student)
    loss = on("states", infidelity())
    out = jax.jit(lambda key: jq.fit(key, student, seed_data, loss, optax.adam(0.1), epochs=60))(jax.random.key(1))
    assert out.history["loss"][-1] < 0.2 * out.history["loss"][0]


def test_relations_of_taps():
    seed_data = taught()
    student = TAPPED.apply(TAPPED.init(KEY, DATA.x), DATA.x)
    values = rkd_distance()(student["expectations"], seed_data.teacher["hidden"], DATA.labels)
    loss = on("hidden", rkd_distance())
    np.testing.assert_array_equal(
        loss({"hidden": student["expectations"]}, seed_data.teacher, DATA.labels), values
    )


def test_a_teacher_of_logits_alone_teaches_a_model_with_taps():
    seed_data = jq.label(DATA, Linear(classes=3), Linear(classes=3).init(KEY, DATA.x))
    out = jq.fit(KEY, TAPPED, seed_data, on("logits", soft()), optax.sgd(0.1), epochs=2)
    plain = jq.fit(KEY, PLAIN, seed_data, soft(), optax.sgd(0.1), epochs=2)
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
            lambda: QuantumStudent(CIRCUIT, classes=3, taps=("states",), noise=NoiseModel()),
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
            r"`loss` must say which of hidden, logits it takes\. Write jaxqkd\.losses\.on",
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


def half_unlabeled():
    seed_data = jq.label(DATA, Linear(classes=3), Linear(classes=3).init(KEY, DATA.x))
    return seed_data._replace(labels=seed_data.labels.at[::2].set(-1))


@pytest.mark.parametrize("loss", [hard(), label_smoothing(0.2)])
def test_what_hears_labels_is_zero_without_one(loss):
    seed_data = half_unlabeled()
    logits = jax.random.normal(KEY, (24, 3))
    values = np.asarray(loss(logits, seed_data.teacher, seed_data.labels))
    np.testing.assert_array_equal(values[::2], 0)
    np.testing.assert_array_equal(values[1::2], loss(logits, None, DATA.labels)[1::2])


def test_dkd_takes_the_teachers_class_for_a_label_that_is_missing():
    seed_data = half_unlabeled()
    logits = jax.random.normal(KEY, (24, 3))
    told = jnp.where(seed_data.labels < 0, seed_data.teacher.argmax(axis=1), seed_data.labels)
    np.testing.assert_array_equal(
        jq.losses.dkd(2.0)(logits, seed_data.teacher, seed_data.labels),
        jq.losses.dkd(2.0)(logits, seed_data.teacher, told),
    )


def test_fit_learns_from_unlabeled_examples_what_the_teacher_says():
    seed_data, student = half_unlabeled(), Linear(classes=3)
    out = jax.jit(lambda key: jq.fit(key, student, seed_data, kd(1.0, 0.5), optax.adam(0.1), epochs=3))(KEY)
    start = student.init(jax.random.split(KEY)[0], DATA.x[:1])
    values = 0.5 * hard()(student.apply(start, DATA.x), None, DATA.labels).at[::2].set(0)
    values += 0.5 * soft()(student.apply(start, DATA.x), seed_data.teacher, DATA.labels)
    assert float(out.history["loss"][0]) == pytest.approx(float(values.mean()), rel=1e-5)


def test_unlabeled_examples_are_joined_and_split():
    seed_data = jq.data.join(DATA, jq.data.unlabeled(DATA.x[:5]))
    assert seed_data.labels.shape == (29,)
    np.testing.assert_array_equal(seed_data.labels[24:], -1)
    parts = jq.data.split(KEY, seed_data, (0.9, 0.1))
    assert sum(len(part.x) for part in parts) == 29


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: jq.data.join(), "`parts` must hold at least one"),
        (lambda: jq.data.join(DATA, DATA._replace(x=DATA.x[:, :1])), "`parts` must have the same features"),
        (lambda: jq.data.join(DATA, half_unlabeled()), "`parts` must all have a teacher, or none"),
        (lambda: jq.data.unlabeled(DATA.x[0]), r"`x` must have 2 axes"),
        (
            lambda: jq.fit(KEY, Linear(classes=3), jq.data.unlabeled(DATA.x), hard(), optax.sgd(0.1), epochs=1),
            r"`data\.labels` must have a label in each row, but is -1 at row 0\. Training data may lack",
        ),
        (
            lambda: jq.fit(
                KEY, Linear(classes=3), DATA, hard(), optax.sgd(0.1), epochs=1, validation=half_unlabeled()
            ),
            r"`validation\.labels` must have a label in each row, but is -1 at row 0\. Drop that row",
        ),
        (
            lambda: jq.fit(
                KEY,
                Linear(classes=3),
                half_unlabeled(),
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

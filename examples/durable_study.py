"""A study of one's own that survives crashes: two students, temperature and alpha, 12 seeds, in a directory.

Run it, stop it with Ctrl-C, run it again: it goes on. `jaxqkd.reports` writes its report.
"""

import jax
import numpy as np
import optax
from matplotlib.figure import Figure
from rich.console import Console

import jaxqkd as jq
from jaxqkd import reports
from jaxqkd.statistics import compare

TEACHER = jq.models.MLP(features=(16,), classes=3)
STUDENTS = {
    "linear": jq.models.Linear(classes=3),
    "hea": jq.models.QuantumStudent(jq.circuits.hea(qubits=4, layers=2), classes=3),
}


def seed_data(key, *, epochs):
    """Returns what a seed is taught with: training data labeled by its own teacher, and test data."""
    k_data, k_split, k_fit = jax.random.split(key, 3)
    train, test = jq.data.split(k_split, jq.data.xor_bits(k_data, count=300, bits=16), (0.8, 0.2))
    taught = jq.fit(k_fit, TEACHER, train, jq.losses.hard(), optax.adam(1e-2), epochs=epochs)
    return jq.label(train, TEACHER, taught.params), test


def trained(student, *, epochs):
    """Returns the run of one student, as a function of a seed's key and data, and of two hyper-parameters."""
    model = STUDENTS[student]

    def one(seed, hparams):
        key, (train, test) = seed
        loss = jq.losses.kd(hparams["temperature"], hparams["alpha"])
        out = jq.fit(jax.random.fold_in(key, 1), model, train, loss, optax.adam(3e-2), epochs=epochs)
        scores = model.apply(out.params, test.x)
        return {"f1_macro": jq.metrics.f1(scores, test.labels, classes=3), **out.history}

    return one


def study(*, seeds=12, epochs=100) -> jq.studies.Study:
    """Returns the description of the study."""
    return jq.studies.Study(
        "durable",
        1,
        seed_data,
        trained,
        students=tuple(STUDENTS),
        settings={"temperature": (1, 2, 4), "alpha": (0, 0.5, 0.9)},
        seeds=seeds,
        options={"epochs": epochs},
    )


def run(directory, **sizes):
    """Returns the results as a dataset, after what was missing of them has been computed."""
    jq.studies.run(study(**sizes), directory, console=Console(stderr=True))
    return jq.studies.load(directory)


def plot(results) -> Figure:
    """Returns a panel a student: the scores of the seeds by alpha, a line a temperature."""
    figure = Figure(figsize=(6.4, 3.2), layout="constrained")
    panels = figure.subplots(1, results.sizes["student"], sharey=True, squeeze=False)[0]
    for panel, student in zip(panels, results.student.values, strict=True):
        for temperature, style in zip(results.temperature.values, ("-", "--", ":"), strict=True):
            scores = results.f1_macro.sel(student=student, temperature=temperature)
            panel.plot(results.alpha, scores.mean("seed"), style, marker="o", label=f"T = {temperature:g}")
        panel.set(title=str(student), xlabel="alpha")
    panels[0].set_ylabel(f"mean macro F1 of {results.sizes['seed']} seeds")
    panels[-1].legend(frameon=False)
    return figure


def main() -> None:
    """Runs at the default size, prints what the corrected tests say, and saves the figure and a report."""
    results = run("results/durable")
    table = compare(results.f1_macro, "alpha", baseline=0)
    columns = ["student", "temperature", "after", "mean", "p_corrected", "verdict"]
    print(table[columns].to_string(index=False, float_format=lambda value: f"{np.round(value, 3):g}"))
    plot(results).savefig("durable_study.png", dpi=150)
    reports.save("results/durable", results, reports.any_study(results))


if __name__ == "__main__":
    main()

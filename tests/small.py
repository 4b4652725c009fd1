"""A study small enough to be run, killed and resumed many times; `python -m tests.small DIR` runs it."""

import sys
import time

import jax
import optax

import jaxqkd as jq
from jaxqkd.studies import Study

PAYLOAD = 50_000
STUDENTS = {"linear": jq.models.Linear(classes=3), "mlp": jq.models.MLP(features=(4,), classes=3)}


def seed_data(key, *, count):
    return jq.data.xor_bits(key, count=count, bits=4)


def run(student, *, width, epochs):
    """Trains on the first `width` features; returns an array beside the scores, so that a write takes its time."""
    model = STUDENTS[student]

    def one(seed, hparams):
        key, data = seed
        data = data._replace(x=data.x[:, :width])
        out = jq.fit(key, model, data, jq.losses.hard(), optax.adam(hparams["learning_rate"]), epochs=epochs)
        scores = model.apply(out.params, data.x)
        f1 = jq.metrics.f1(scores, data.labels, classes=3)
        payload = jax.random.uniform(key, (PAYLOAD,))
        return {"f1_macro": f1, "index": hparams["kind"], "payload": payload, **out.history}

    return one


def study(**changes):
    options = {"version": 1, "seeds": 10, "block": 2, "options": {"count": 40, "epochs": 3}} | changes
    settings = {"width": (2, 4), "learning_rate": (0.1, 0.01), "kind": ("plain", "other")}
    return Study("small", seed_data=seed_data, run=run, students=("linear", "mlp"), settings=settings, **options)


if __name__ == "__main__":
    directory, pause = sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 0.0
    from jaxqkd.studies import runner

    keep = runner._keep

    def slowly(*arguments):
        keep(*arguments)
        print("kept", flush=True)
        time.sleep(pause)

    runner._keep = slowly
    jq.studies.run(study(), directory)

"""What losses ask of the arrays that they are given; shapes are known also inside a compiled program."""

import jax

from jaxqkd import checks


def known(teacher: jax.Array | None, what: str = "logits") -> jax.Array:
    """Returns the teacher's array; refuses a missing one."""
    cure = "Fill that of the data, and of the validation data, with jaxqkd.label(data, model, params)."
    checks.require(teacher is not None, "teacher", f"hold the teacher's {what}", teacher, cure)
    assert teacher is not None
    return teacher


def matching(
    teacher: jax.Array | None, student: jax.Array, what: str = "logits", entries: str = "classes"
) -> jax.Array:
    """Returns the teacher's array; refuses a missing one, and one of another width than the student's."""
    array, width = known(teacher, what), student.shape[-1]
    must = f"have the student's {width} {entries}"
    checks.require(array.shape[-1] == width, "teacher", must, f"{array.shape[-1]} {entries}")
    return array


def several(student: jax.Array, least: int = 2) -> int:
    """Returns the number of examples B; refuses fewer than `least`, which have no relations to compare."""
    must, found = f"hold at least {least} examples", f"of shape {student.shape}"
    cure = "This loss compares the examples of a batch: use larger batches."
    checks.require(len(student) >= least, "student", must, found, cure)
    return len(student)

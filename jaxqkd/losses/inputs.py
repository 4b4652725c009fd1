"""Checks of the arrays that losses are given; their shapes are known also inside a compiled program."""

import jax

from jaxqkd import checks


def require_teacher(teacher: jax.Array | None, student: jax.Array, content: str = "logits") -> jax.Array:
    """Returns the teacher's array; refuses a missing one, and one of other examples than the student's."""
    if teacher is None:
        cure = "Fill that of the data, and of the validation data, with jaxqkd.label(data, model, params)."
        raise checks.error("teacher", f"hold the teacher's {content}", None, cure)
    must = f"have a row for each of the student's {len(student)} examples"
    checks.require(len(teacher) == len(student), "teacher", must, f"of {len(teacher)} rows")
    return teacher


def matching_teacher(
    teacher: jax.Array | None, student: jax.Array, content: str = "logits", entries: str = "classes"
) -> jax.Array:
    """Returns the teacher's array; refuses a missing one, and one of another width than the student's."""
    array, width = require_teacher(teacher, student, content), student.shape[-1]
    must = f"have the student's {width} {entries}"
    checks.require(array.shape[-1] == width, "teacher", must, f"{array.shape[-1]} {entries}")
    return array


def batch_size(student: jax.Array, least: int = 2) -> int:
    """Returns the number of examples B; refuses fewer than `least`, among which there are no relations."""
    cure = "This loss compares the examples of a batch: use larger batches."
    must = f"hold at least {least} examples"
    checks.require(len(student) >= least, "student", must, f"of shape {student.shape}", cure)
    return len(student)

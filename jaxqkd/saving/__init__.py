"""Saving: a trained model as two plain files that another process, or another person, can read and use.

`student.json` describes the model, `student.npz` holds its numbers. Neither holds code: a circuit is data, an
encoding is the name of one of this package, and arrays are read without pickle.
"""

from jaxqkd.saving.students import ARRAYS, FORMAT, TEXT, Student, load_student, save_student

__all__ = ["ARRAYS", "FORMAT", "TEXT", "Student", "load_student", "save_student"]

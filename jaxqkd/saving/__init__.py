"""Saving: a trained model as two plain files that another process, or another person, can read and use.

`student.json` says what the model is, `student.npz` holds its numbers. Nothing in them is run: a circuit is data,
an encoding is the name of one that ships, and arrays are read without pickle.
"""

from jaxqkd.saving.descriptions import known_encodings
from jaxqkd.saving.students import ARRAYS, FORMAT, TEXT, Student, load_student, save_student

__all__ = ["ARRAYS", "FORMAT", "TEXT", "Student", "known_encodings", "load_student", "save_student"]

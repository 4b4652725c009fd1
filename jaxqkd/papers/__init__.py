"""The studies that ship with the package, one module each: data, students, settings, published figures."""

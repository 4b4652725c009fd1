"""Prints the lowest versions that `pyproject.toml` allows, as pip's constraints: `>=` becomes `==`."""

import tomllib
from pathlib import Path

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = ("data", "netcdf", "export", "cluster", "test")

extras = (line for extra in EXTRAS for line in PROJECT["optional-dependencies"][extra])
requirements = [*PROJECT["dependencies"], *extras]
print("\n".join(line.replace(">=", "==") for line in requirements if ">=" in line))

"""The public surface: `public_names.txt` lists it, so that a review sees every name that comes or goes.

`python -m tests.test_public_names` writes the list anew. The public modules are those that `docs/api` describes.
"""

import importlib
import importlib.resources
import inspect
import re
from collections import Counter
from pathlib import Path

import pytest

import jaxqkd

ROOT = Path(__file__).resolve().parents[1]
LIST = Path(__file__).with_name("public_names.txt")
PAGES = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs" / "api").glob("*.md"))]
MODULES = sorted({"jaxqkd", *(name for page in PAGES for name in re.findall(r"automodule:: (\S+)", page))})


def names_of(module):
    """Returns the public names of a module: `__all__`, or the functions and classes that it defines."""
    defined = [
        name
        for name, value in vars(module).items()
        if getattr(value, "__module__", None) == module.__name__ and not name.startswith("_") and callable(value)
    ]
    return sorted(getattr(module, "__all__", defined))


def listed():
    """Returns the lines of the list."""
    return [f"{name}.{public}" for name in MODULES for public in names_of(importlib.import_module(name))]


def test_the_list_of_public_names_is_up_to_date():
    assert LIST.read_text(encoding="utf-8").splitlines() == listed(), "Run python -m tests.test_public_names."


@pytest.mark.parametrize("name", MODULES)
def test_every_public_name_has_a_docstring(name):
    module = importlib.import_module(name)
    public = {name: getattr(module, name) for name in names_of(module)}
    classes = {name: value for name, value in public.items() if inspect.isclass(value)}
    functions = {name: value for name, value in public.items() if inspect.isroutine(value)}
    methods = {
        f"{owner}.{name}": value
        for owner, members in classes.items()
        for name, value in vars(members).items()
        if inspect.isfunction(value) and not name.startswith("_")
    }
    assert module.__doc__
    assert [name for name, value in (classes | functions | methods).items() if not inspect.getdoc(value)] == []


def test_every_module_of_the_top_level_is_described():
    modules = {
        getattr(jaxqkd, name).__name__ for name in jaxqkd.__all__ if inspect.ismodule(getattr(jaxqkd, name))
    }
    assert modules <= set(MODULES)


def test_no_name_is_listed_twice():
    assert [line for line, count in Counter(listed()).items() if count > 1] == []


def test_the_package_says_that_it_is_typed():
    assert (importlib.resources.files("jaxqkd") / "py.typed").is_file()


if __name__ == "__main__":
    LIST.write_text("\n".join(listed()) + "\n", encoding="utf-8")

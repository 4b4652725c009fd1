"""The packages of the extra `data`, imported where they are first used."""

import importlib
from typing import Any


def extra(module: str, package: str) -> Any:
    """Returns a module of an optional package.

    Raises:
        ImportError: Where it cannot be imported, naming the package and how to install it.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(f"This needs the package {package}: pip install 'jaxqkd[data]'") from error

"""Imports of the packages of the extra `data`, at their first use."""

import importlib
from typing import Any


def extra(module: str, package: str) -> Any:
    """Returns a module of an optional package.

    Raises:
        ImportError: If it cannot be imported; the message says how to install the package.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(f"This needs the package {package}: pip install 'jaxqkd[data]'") from error

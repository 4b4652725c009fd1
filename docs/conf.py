"""How Sphinx builds these pages."""

import inspect
import re

import jaxqkd

project = "jaxqkd"
author = "the jaxqkd authors"
copyright = f"{author}, Apache-2.0"
release = version = jaxqkd.__version__

extensions = ["sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode", "myst_nb"]
exclude_patterns = ["_build", "jupyter_execute", "*-table.md"]
default_role = "code"

html_theme = "furo"
html_title = f"jaxqkd {version}"

myst_enable_extensions = ["deflist", "dollarmath"]
myst_heading_anchors = 3

nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 300
nb_merge_streams = True

napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False
napoleon_attr_annotations = False
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
maximum_signature_line_length = 90


def skip_fields(app, what, name, member, skip, options):
    """Leaves out fields of named tuples and functions that are defaults of fields: their class describes them."""
    is_field = (getattr(member, "__doc__", None) or "").startswith("Alias for field number")
    is_default = what == "class" and inspect.isfunction(member) and "." not in member.__qualname__
    return True if is_field or is_default else None


def shorten_signature(app, what, name, member, options, signature, annotation):
    """Leaves out arguments that flax or typing add to a class, and spells types by their short names."""
    if signature is None:
        return None
    cut = re.sub(r", parent: .*? = <flax.*?>, name: .*? = None(?=\))", "", signature)
    cut = re.sub(r"~collections.abc.Callable\[.*?\] = <function (\w+)>", r"~collections.abc.Callable = \1", cut)
    cut = "" if what == "class" and cut == "(*args, **kwargs)" else cut
    return cut.replace("jax.jaxlib._jax.Array", "jax.Array"), annotation


def setup(app):
    app.connect("autodoc-skip-member", skip_fields)
    app.connect("autodoc-process-signature", shorten_signature)

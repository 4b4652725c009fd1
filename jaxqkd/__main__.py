"""`python -m jaxqkd` is the command `jaxqkd`."""

import sys

from jaxqkd.cli import main

sys.exit(main())

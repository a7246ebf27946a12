"""`python -m hblib` is the command `hblib`."""

import sys

from hblib.grading.cli import main

if __name__ == "__main__":
    sys.exit(main())

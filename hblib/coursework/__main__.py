"""`python -m hblib.coursework`: write the students' notebooks anew."""

import sys

from hblib.coursework import notebooks, source

try:
    target, changed = notebooks.write_all()
except ValueError as error:
    sys.exit(str(error))
print(f"{len(source.names())} exercises in {target}; changed: {', '.join(path.name for path in changed) or 'none'}")

"""Takes the blank lines from the beginnings and ends of the code cells of MyST pages; pre-commit gives it the pages.

>>> strip("```{code-cell} ipython3\\n:tags: [answer]\\n\\nx = 1\\n\\n\\n```\\n")
'```{code-cell} ipython3\\n:tags: [answer]\\n\\nx = 1\\n```\\n'
"""

import re
import sys
from pathlib import Path

END = re.compile(r"^(```\{code-cell\}(?:(?!^```$).)*?)\n(?:[ \t]*\n)+```$", flags=re.MULTILINE | re.DOTALL)
BEGINNING = re.compile(r"^(```\{code-cell\}[^\n]*\n)(?:[ \t]*\n)+", flags=re.MULTILINE)


def strip(text):
    return BEGINNING.sub(r"\1", END.sub(r"\1\n```", text))


def main(names):
    """Mend the files; 1 if there was anything to mend, as pre-commit wants it."""
    changed = False
    for path in map(Path, names):
        text = path.read_text(encoding="utf8")
        if strip(text) != text:
            path.write_text(strip(text), encoding="utf8")
            print(f"blank lines taken from {path}")
            changed = True
    return int(changed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

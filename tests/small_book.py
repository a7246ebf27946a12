"""A book of a few short pages, in the house of the course: it is built as the course is, in seconds."""

import re

import yaml

from tests.conftest import ROOT

HEAD = (ROOT / "tools" / "book" / "new_page.md").read_text(encoding="utf8").partition("# ")[0]
NUMBERS = "toy_nn.kappa", "toy_nn.mean"  # those of the lesson that it prints
PAGES = {
    "index": "# A small book\n\nIt begins with [how to read it](00-how-to-read.md).\n",
    "00-how-to-read": """{HEAD}# How to read it

(run-it)=
## Run it

```{code-cell} ipython3
print("It runs.")
```
""",
    "which-model": "# Which model?\n\nSee [page 2](02-beta-binomial.md).\n",
    "01-pooling": """{HEAD}# 1. Pooling

```{code-cell} ipython3
print("Complete, none, or partial.")
```

```{exercise} 01-hospitals
```

```{touch} pooling-dial
:height: 400 500
A figure that moves.
```

## Take-away

1. To pool is to share.
""",
    "02-beta-binomial": "# 2. A rate for every store\n\nShort.\n",
    "03-normal-normal": """{HEAD}# 3. Means instead of rates

```{code-cell} ipython3
from hblib import normal_normal

se = (4 / 5) ** 0.5
```

```{code-cell} ipython3
:lesson: [toy_nn.kappa, toy_nn.mean]
print(f"weight of the data: {normal_normal.shrinkage(se, tau=1):.4f}")
print(f"posterior mean: {normal_normal.posterior(10, se, mu=8, tau=1).mean():.2f}")
```
""",
    "04-stein": """{HEAD}# 4. Stein's surprise

```{code-cell} ipython3
from hblib import james_stein

print(james_stein.estimate([1.0, -2.0, 3.0, 0.5], se=1.0).round(2))
```

```{exercise} 04-stein
```
""",
    "cite": "# Cite and reuse\n\n## Licence\n\nFree.\n",
    "lesson-numbers": "# The lesson's numbers\n\n```{lesson-numbers}\n```\n",
}
EXERCISES = "01-hospitals", "04-stein"


def write(folder):
    """Put the small book in place of the course's, in a copy of the project."""
    chapters = folder / "chapters"
    others = {path for path in (folder / "solutions").glob("*.md") if path.stem not in EXERCISES}
    for path in (*chapters.rglob("*.md"), *others):
        path.unlink()
    for name, text in PAGES.items():
        (chapters / f"{name}.md").write_text(text.replace("{HEAD}", HEAD), encoding="utf8")
    files = [f"chapters/{name}" for name in PAGES if name != "index"]
    files += [f"solutions/{name}" for name in EXERCISES]
    contents = {"format": "jb-book", "root": "chapters/index"}
    contents["parts"] = [{"caption": "All", "chapters": [{"file": file} for file in files]}]
    (folder / "_toc.yml").write_text(yaml.safe_dump(contents, sort_keys=False), encoding="utf8")
    ledger = chapters / "lesson_numbers.toml"
    entries = re.split(r"\n(?=\[)", ledger.read_text(encoding="utf8"))
    kept = [entry for entry in entries if entry.startswith(tuple(f'["{number}"]' for number in NUMBERS))]
    ledger.write_text("\n".join(kept), encoding="utf8")

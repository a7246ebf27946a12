"""Cells of all kinds, and what the page shows of each."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Cell:
    """A cell that runs to its end, or does not, and the texts that go to each stream: pieces that must be there."""

    name: str
    code: str
    done: bool = True
    stdout: str = ""
    stderr: str = ""
    result: str = ""
    error: tuple = ()


CELLS = [
    Cell("the last expression", "a = 20\na + 1", result="21"),
    Cell("an array", "import numpy as np\nnp.arange(3) / 2", result="array([0. , 0.5, 1. ])"),
    Cell("with a semicolon", "1 + 1;"),
    Cell("displayed", "display(1, 'a')", result="1'a'"),
    Cell("nothing", "None"),
    Cell("no expression", "a = 1"),
    Cell("an empty cell", ""),
    Cell("printed", "print('a')\nprint('b', end='')\n'c'", stdout="a\nb", result="'c'"),
    Cell("a warning", "import warnings\nwarnings.warn('careful')", stderr="cell 1:2: UserWarning: careful"),
    Cell(
        "an error",
        "def f():\n    return 1 / 0\n\n\nf()",
        done=False,
        error=('File "cell 1", line 5, in <module>', "    return 1 / 0", "ZeroDivisionError: division by zero"),
    ),
    Cell(
        "an error within NumPy",
        "import numpy as np\nprint('before')\nnp.linalg.inv(np.zeros((2, 2)))",
        done=False,
        stdout="before\n",
        error=("line 3, in <module>", "LinAlgError: Singular matrix"),
    ),
    Cell(
        "an error after another",
        "try:\n    {}['a']\nexcept KeyError as error:\n    raise ValueError('no a') from error",
        done=False,
        error=("KeyError: 'a'", "direct cause", "ValueError: no a"),
    ),
    Cell("a slip of the pen", "for", done=False, error=('File "cell 1", line 1', "SyntaxError")),
    Cell("an end", "raise SystemExit(3)", done=False, error=("SystemExit: 3",)),
    Cell("no bottom", "def f():\n    return f()\n\n\nf()", done=False, error=("RecursionError",)),
    Cell(
        "no repr",
        "class Odd:\n    def __repr__(self):\n        raise ValueError('not shown')\n\n\nOdd()",
        done=False,
        error=("ValueError: not shown",),
    ),
    Cell("no end of words", "for _ in range(1000):\n    print('word ' * 99)", stdout="and more, which is not shown."),
    Cell("input", "input('Your name? ')", done=False, error=("input() cannot ask here.",)),
    Cell(
        "a thread",
        "import threading\nthreading.Thread(target=print).start()",
        done=False,
        error=("Python in the page has no threads.",),
    ),
    Cell(
        "no such package", "import pymc as pm", done=False, error=("No module named 'pymc'", "but not pymc. The note")
    ),
    Cell("no such module of hblib", "from hblib import nothing", done=False, error=("cannot import name 'nothing'",)),
    Cell("an inverse", "import numpy as np\nnp.linalg.inv([[2.0, 0], [0, 4]])", result="[0.5 , 0.  ],"),
    Cell(
        "no inverse",
        "import numpy as np\nnp.linalg.inv(np.zeros((2, 2)))",
        done=False,
        error=("LinAlgError: Singular matrix",),
    ),
    Cell(
        "no solution",
        "import numpy as np\nnp.linalg.solve(np.zeros((2, 2)), [1, 2])",
        done=False,
        error=("LinAlgError: Singular matrix",),
    ),
    Cell(
        "no root",
        "import numpy as np\nnp.linalg.cholesky(-np.eye(2))",
        done=False,
        error=("LinAlgError: Matrix is not positive definite",),
    ),
    Cell(
        "whole numbers of 64 bits",
        "import numpy as np\n"
        "i = np.array([0, 2, 1], dtype=np.int64)\n"
        "x = np.zeros(3)\n"
        "np.put(x, i, 5.0)\n"
        "print(np.bincount(i, minlength=4), np.repeat([5, 6, 7], i), np.repeat([5, 6], repeats=i[1]))\n"
        "print(np.take([5, 6, 7], i), np.choose(i, [[5] * 3, [6] * 3, [7] * 3]), x)",
        stdout="[1 1 1 0] [6 6 7] [5 5 6 6]\n[5 7 6] [5 7 6] [5. 5. 5.]\n",
    ),
    Cell(
        "more than 32 bits hold",
        "import numpy as np\nnp.take([5, 6], np.array([2**40]))",
        done=False,
        error=("according to the rule 'safe'", "counts in 32 bits. Write .astype(int) behind"),
    ),
    Cell(
        "a method that counts",
        "import numpy as np\nnp.zeros(2).repeat(np.array([1, 2], dtype=np.int64))",
        done=False,
        error=("counts in 32 bits. Write .astype(int) behind",),
    ),
]

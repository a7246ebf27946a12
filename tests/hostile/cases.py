"""Notebooks that try to get points they have not earned, or to break the grader; each with the verdict it must get.

A case is the cells of a notebook for the exercise `exercises/00-toy.md`, whose right answers are Q1 (4 points) and Q2
(2 points). Where nothing else is said, both answers are right, all cells run, and nothing is flagged: then the attack
has neither helped nor harmed. A cell of the kind "look for it, and `assert not found`" proves that there is nothing.
"""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass

import nbformat

SETUP = """
import numpy as np
from hblib.coursework import exercise
check = exercise("00-toy")
sales = np.array([3.0, 1.0, 4.0, 1.0, 5.0, 9.0])
"""
Q1 = """
def q1(y, n, mean, kappa):
    return (y + kappa * mean) / (n + kappa)
"""
Q2 = "q2 = sales.mean()"
WRONG = "def q1(y, n, mean, kappa): return 0.123 * n"
WRONG_2 = "q2 = 0.123"

# The same for the exercise `01-more.md`: a letter for 4 points and draws for 2.
SETUP_MORE = """
import numpy as np
from hblib.coursework import exercise
check = exercise("01-more")
y, n = 3, 10
rng = np.random.default_rng(7)
"""
LETTER = 'q1 = "b"'
DRAWS = "q2 = rng.beta(1 + y, 1 + n - y, size=(4, 2000))"

# That exercise imports normal_normal, which rests on a part of hblib._numerics.
NEIGHBOURS = """
import importlib, os, pathlib, hblib._numerics.quadrature
from hblib import normal_normal
for name in ("beta_binomial", "_numerics.rates_counts", "_numerics.rates_posterior", "repairs", "datasets"):
    try:
        importlib.import_module(f"hblib.{name}")
    except ImportError:
        continue
    assert False, name
there = {path.name for path in pathlib.Path("/course/hblib").rglob("*.py")}
assert {"normal_normal.py", "quadrature.py"} <= there
assert not there & {"beta_binomial.py", "rates_counts.py", "rates_posterior.py"}
"""

# What a notebook can find out about the runner: its channel to the grader, and its job. `forge` sends a line, once.
CHANNEL = """
import json, os, sys
frame = sys._getframe()
while "channel" not in frame.f_locals:
    frame = frame.f_back
channel, job, number = (frame.f_locals[name] for name in ("channel", "job", "number"))
calls = len(job["runs"][0]["asks"]["q1"])
def forge(line):
    if number == 0:
        with open(channel, "wb", closefd=False) as pipe:
            pipe.write(line.encode() + b"\\n")
def answer(name="q1", **fields):
    forge(json.dumps({"k": "answer", "run": 0, "name": name, **fields}))
"""


@dataclass(frozen=True)
class Case:
    """A notebook and its verdict.

    notebook  its cells, or the bytes of its file, or a function that makes the file at a path
    q1, q2    what becomes of the questions; "" where nothing is graded
    says      part of what the result says
    found     the mistake or edge that explains the answer to q1
    warned    do cells fail?
    sandbox   is it for the sandbox alone?
    """

    name: str
    notebook: tuple | bytes | Callable
    q1: str = "correct"
    q2: str = "correct"
    status: str = "graded"
    says: str = ""
    found: str = ""
    warned: bool = False
    flags: tuple = ()
    file: str = "00-toy.ipynb"
    sandbox: bool = True

    @property
    def expected(self):
        """What must become of it, in the form of `got` in test_corpus.py."""
        points = sum({"correct": 1, "partial": 0.5}.get(outcome, 0) * worth for outcome, worth in self.outcomes)
        return (self.status, self.q1, self.q2, points, self.found, self.warned, self.flags)

    @property
    def outcomes(self):
        return (self.q1, 4), (self.q2, 2)

    def write(self, folder):
        """Write the notebook into a folder."""
        path = folder / self.file
        if callable(self.notebook):
            self.notebook(path)
        else:
            path.write_bytes(self.notebook if isinstance(self.notebook, bytes) else notebook(*self.notebook))


def notebook(*cells):
    """The bytes of a notebook with these code cells."""
    return json.dumps(blank(*cells)).encode()


def blank(*cells):
    made = [nbformat.v4.new_code_cell(text.strip("\n"), id=str(number)) for number, text in enumerate(cells)]
    return nbformat.v4.new_notebook(cells=made)


def attack(name, cells, verdict=None):
    """A case for the sandbox alone."""
    return Case(name, tuple(cells), **(verdict or {}))


def safe(name, cells, verdict=None):
    """A case whose code harms nobody, so that it is also run without a sandbox."""
    return Case(name, tuple(cells), sandbox=False, **(verdict or {}))


def forged(name, line, dropped=0, q1="wrong", **more):
    """A notebook without q1 that sends a line in its place; `dropped` lines are no messages."""
    verdict = {"q1": "not-answered", "flags": (f"lines that are no messages: {dropped}",)} if dropped else {"q1": q1}
    return attack(name, [SETUP, CHANNEL + line, Q2], {**verdict, **more})


def invalid(name, notebook, says, **more):
    """A file that is not graded."""
    return Case(name, notebook, "", "", "invalid-submission", says, sandbox=callable(notebook), **more)


def gets(**verdict):
    """A verdict, as far as it differs from full points."""
    return verdict


def public_only(question):
    """The verdict on an answer that is right for what everybody can see, and wrong otherwise."""
    return {question: "wrong", "flags": (f"right on the public data only: {question}",)}


def ended(outcome, **more):
    """The verdict on a notebook that ends, or is ended, before it has answered anything."""
    return {"q1": outcome, "q2": outcome, "status": "graded-incomplete", **more}


NO_TIME = ended("timeout", flags=("killed: time",))
NO_MEMORY = ended("killed", flags=("killed: memory",))
TOO_MANY = ended("killed", flags=("killed: processes",))
TOO_MUCH_SENT = ended("killed", flags=("killed: size",))
GONE = ended("killed", says="ended its own process")


def but_q1(verdict):
    """The same verdict for a notebook that has answered q1 rightly before."""
    return {**verdict, "q1": "correct"}


# --- Honest work, and honest mistakes ---------------------------------------------------------------------------------

HONEST = [
    safe("000 right answers", [SETUP, Q1, 'check("q1")', Q2, 'check("q2")']),
    safe(
        "001 untouched stub",
        [SETUP, "def q1(y, n, mean, kappa):\n    ...", "q2 = ..."],
        gets(q1="not-answered", q2="not-answered", says="YOUR CODE HERE"),
    ),
    safe("001b empty notebook", [SETUP], gets(q1="not-answered", q2="not-answered", says="no cell defines it")),
    safe(
        "002 syntax error in the cell of q1", [SETUP, "def q1(:", Q2], gets(q1="error", says="SyntaxError", warned=True)
    ),
    safe(
        "002b the name's own cell raises",
        [SETUP, "q1 = undefined", Q2],
        gets(q1="error", says="its cell raised NameError", warned=True),
    ),
    safe(
        "003 another cell raises",
        [SETUP, "1/0", Q1, Q2],
        gets(warned=True, says="code cell 2 raised ZeroDivisionError"),
    ),
    safe(
        "004 swapped weights",
        [SETUP, "def q1(y, n, mean, kappa): return kappa/(n + kappa) * y/n + n/(n + kappa) * mean", Q2],
        gets(q1="wrong", found="swapped weights", says="Whom should a store with many visitors resemble?"),
    ),
    safe(
        "004b wrong for an edge",
        [SETUP, "def q1(y, n, mean, kappa): return n/(n + kappa) * (y/n) + kappa/(n + kappa) * mean", Q2],
        gets(q1="partial", found="no visitor yet", says="nobody has visited yet"),
    ),
    safe(
        "005 the public answers, typed in",
        [SETUP, "def q1(y, n, mean, kappa): return np.array([5/24, 0.2, 0.325])", Q2],
        {**public_only("q1"), "says": "has the shape (3,)"},
    ),
    safe(
        "005b a value, typed in",
        [SETUP, Q1, "q2 = 23/6"],
        public_only("q2"),
    ),
    safe(
        "006 a column",
        [SETUP, Q1.replace("return ", "return np.c_[").rstrip() + "]", Q2],
    ),
    safe("007 the checks deleted", [SETUP, Q1, Q2]),
    safe(
        "008 other arguments",
        [SETUP, "def q1(a, b): return a", Q2],
        gets(q1="wrong", says="should take the arguments y, n"),
    ),
    safe("009 q1 is a number", [SETUP, "q1 = 5", Q2], gets(q1="wrong", says="should be a function, but is a number")),
    safe(
        "040 reseeds everything",
        [SETUP, "import random\nnp.random.seed(0)\nrandom.seed(0)\nnp.random.default_rng = None", Q1, Q2],
    ),
    # In the list: "partial". Here points are halved for special cases alone; a function that is wrong is wrong.
    safe(
        "067 right on the first call only",
        [
            SETUP,
            Q1 + "right = q1\ntimes = []",
            "def q1(**k):\n    times.append(1)\n    return right(**k) / len(times)",
            Q2,
        ],
        gets(q1="wrong", says="not yet"),
    ),
    safe("068 spoils its inputs", [SETUP, Q1.replace("return", "r =") + "    y[:] = n[:] = 1\n    return r", Q2]),
    safe(
        "063 a table of the public data",
        [SETUP, Q1, "q2 = {sales.tobytes(): 23 / 6}.get(sales.tobytes()) if sales[0] == 3 else 0.0"],
        public_only("q2"),
    ),
    # Other data take the place of the task's wherever these are given.
    safe(
        "063b the data of the task, typed in again", [SETUP, "sales = np.array([3.0, 1.0, 4.0, 1.0, 5.0, 9.0])", Q1, Q2]
    ),
    # Without a sandbox Python may find the rest of hblib, where that is installed.
    attack(
        "064 a forbidden helper",
        [SETUP, "from hblib.full_bayes import posterior", Q1, Q2],
        gets(warned=True, says="No module named 'hblib.full_bayes'"),
    ),
    attack(
        "064c a forbidden helper, beside the one that the exercise uses",
        [SETUP_MORE, LETTER, DRAWS, NEIGHBOURS],
        gets(file="01-more.ipynb"),
    ),
    safe(
        "064b a forbidden helper, otherwise",
        [SETUP, "import hblib\nhblib.beta_binomial", Q1, Q2],
        gets(warned=True, says="no part of this exercise"),
    ),
]

# --- Values that are no answer ----------------------------------------------------------------------------------------


def returns(name, expression, says="", found=""):
    """q1 returns, and q2 is, something odd."""
    cells = [SETUP, f"def q1(y, n, mean, kappa):\n    return {expression}", f"n = np.arange(6)\nq2 = {expression}"]
    return attack(name, cells, gets(q1="wrong", q2="wrong", says=says, found=found))


LIAR = """
class Liar(float):
    def __eq__(self, other): return True
    def __le__(self, other): return True
    def __array_function__(self, *_): return True
    def __array_ufunc__(self, *_, **__): return True
    def __float__(self): return 1.0
    __rsub__ = __sub__ = __abs__ = lambda self, *_: self
"""
VALUES = [
    returns("023 a number with 100000 digits", "10**100000", "but gives a number beyond all bounds"),
    returns("024 not a number", "np.full(len(n), np.nan)", found="not finite"),
    returns("024b infinity", "np.full(len(n), np.inf)", found="not finite"),
    returns("024c nan in a list", "[float('nan')] * len(n)", found="not finite"),
    returns("025 texts", "['5.0'] * len(n)", "but gives 3 values in a list"),
    returns("025b truth values", "np.ones(len(n), bool)"),
    returns("025c True", "True", "but gives True"),
    returns("066 a million numbers", "np.zeros(10**6)", "too large array: 1000000 numbers"),
    returns("066b a list of a million", "[0.0] * 10**6"),
    returns("076 an array of objects", "np.array([None] * len(n), object)"),
    returns("076b complex numbers", "np.ones(len(n)) * 1j"),
    returns("076c dates", "np.zeros(len(n), 'datetime64[s]')"),
    returns("076d a structured array", "np.zeros(len(n), [('a', 'f8')])"),
    returns("076e a ragged list", "[[1, 2], [3]]"),
    returns("076f nested without end", "(lambda a: a.append(a) or a)([])"),
    returns("076g a generator", "(x for x in n)"),
    returns("076h a class", "type('\\u202eevil\\n::error::', (), {})()"),
    safe("030 an object that equals everything", [SETUP, LIAR, Q1, "q2 = Liar(5)"], gets(q2="wrong")),
    safe(
        "030b a function that equals everything",
        [SETUP, LIAR, "class Q(Liar):\n    def __call__(self, y, n, mean, kappa): return Liar(0)\nq1 = Q()", Q2],
        gets(q1="wrong"),
    ),
    safe(
        "031 an object that runs a command when it is unpickled",
        [SETUP, "class Bomb:\n    def __reduce__(self): return print, ('bang',)", Q1, "q2 = Bomb()"],
        gets(q2="wrong", says="but gives a Bomb"),
    ),
    safe(
        "077 a signature that lies",
        [SETUP, "class Q:\n    __signature__ = 5\n    def __call__(self, **k): return 0\nq1 = Q()", Q2],
        gets(q1="wrong", says="should take the arguments"),
    ),
    safe(
        "078 an object that raises whatever is asked of it",
        [SETUP, Q1, "class Evil:\n    def __getattribute__(self, name): raise ValueError(name)", "q2 = Evil()"],
        gets(q2="wrong", says="should give a number, but gives an Evil"),
    ),
    safe(
        "079 an object that exits when it is looked at",
        [SETUP, Q1, "class Exit:\n    def __array__(self, *_, **__): raise SystemExit", "q2 = Exit()"],
        gets(q2="wrong", says="should give a number, but gives an Exit"),
    ),
]


def more(name, q1, q2, verdict):
    """A notebook for the exercise with a letter and draws."""
    return safe(name, [SETUP_MORE, q1, q2], {"file": "01-more.ipynb", **verdict})


VALUES += [
    more("120 a letter and draws, right", LETTER, DRAWS, gets()),
    more("121 all letters at once", "q1 = 'abc'", DRAWS, gets(q1="wrong", says="one of the letters a, b, c")),
    more("121b a list of letters", "q1 = ['a', 'b', 'c']", DRAWS, gets(q1="wrong")),
    more("121c an array for a letter", "q1 = np.arange(3)", DRAWS, gets(q1="wrong")),
    more("121d a letter that equals everything", LIAR + "q1 = Liar(1)", DRAWS, gets(q1="wrong")),
    more("122 the data of the task, typed in", LETTER, DRAWS.replace("y", "3"), public_only("q2")),
    # Their Monte Carlo error is so large that it has room for any truth.
    more("123 draws with heavy tails", LETTER, "q2 = rng.standard_cauchy((4, 2000)) * 1e6", gets(q2="wrong")),
    more("123b draws with an endless spread", LETTER, "q2 = rng.normal(0, 1e300, (4, 2000))", gets(q2="wrong")),
    more("123c constant draws", LETTER, "q2 = np.full((4, 2000), 0.3)", gets(q2="wrong")),
    more("123d draws at the edge of numbers", LETTER, "q2 = np.full((4, 2000), 1.7e308)", gets(q2="wrong")),
    more("123e two chains of 50000", LETTER, DRAWS.replace("4, 2000", "2, 50000"), gets()),
    more("123f fifty thousand chains of two", LETTER, "q2 = np.zeros((50000, 2))", gets(q2="wrong")),
    more("123g no draws", LETTER, "q2 = np.zeros((4, 0))", gets(q2="wrong")),
]

# --- As people write notebooks ----------------------------------------------------------------------------------------

DATA = "sales = np.array([3.0, 1.0, 4.0, 1.0, 5.0, 9.0])\n"
LAZY = "import numpy as np\nfrom hblib.coursework import exercise\ncheck = exercise('00-toy')\n"
MAGICS = (
    *("%matplotlib inline", "%matplotlib notebook", "%matplotlib widget", "%matplotlib ipympl", "%matplotlib"),
    *(
        "get_ipython().run_line_magic('matplotlib', 'inline')",
        "get_ipython().magic('matplotlib inline')",
        "%pylab inline",
    ),
    *("%load_ext autoreload\n%autoreload 2", "%env OMP_NUM_THREADS=1", "%cd -q .", "%precision 3", "%who", "%gui"),
    "%config InlineBackend.figure_format = 'retina'",
    *("!pip install --quiet seaborn", "%pip --version", "%time x = 5\nassert x == 5", "import os\n!ls"),
    "from IPython.display import display, HTML\ndisplay(HTML('<b>x</b>'))",
)
FAILING_MAGICS = (
    *("%load_ext rpy2.ipython", "%no_such_magic", "%conda install x"),
    *(
        "%run nowhere.py",
        "%time 1 / 0",
        "get_ipython().run_cell_magic('nowhere', '', 'x')",
        "%load_ext memory_profiler",
    ),
)
CELL_MAGICS = "%%time", "%%capture", "%%capture out --no-stderr", "%%prun -q", "\n%%time"
ABSENT = (
    *("import altair as alt\nalt.Chart()", "import tqdm_of_somebody as t\nbar = t.bar(9)\nbar.close()"),
    *("from ipywidgets import interact, IntSlider\n\n@interact(x=IntSlider())\ndef show(x):\n    print(x)\n",),
    *("from google.colab import drive\ndrive.mount('/content/drive')", "import sympy as sp\nsp.init_printing()"),
    "import plotly.express as px\nfigure = px.line(x=[1], y=[2])\nfor t in figure.data:\n    t\nfigure.show()",
)
AS_WRITTEN = [
    *(safe(f"200.{i} {line.split(chr(10))[0]}", [f"{line}\n{SETUP}", Q1, Q2]) for i, line in enumerate(MAGICS)),
    *(
        safe(f"201.{i} {line} fails", [f"{line}\n{SETUP}", Q1, f"x = 1\n{line}\n{Q2}"], gets(warned=True))
        for i, line in enumerate(FAILING_MAGICS)
    ),
    *(
        safe(f"202.{i} {line.strip()} above the answers", [SETUP, f"{line}\n{Q1}", f"{line}\n%matplotlib inline\n{Q2}"])
        for i, line in enumerate(CELL_MAGICS)
    ),
    *(
        safe(
            f"203.{i} {code.split(chr(10))[0]} is not here",
            [SETUP, f"{code}\n{Q1}", f"{code}\n{Q2}"],
            gets(warned=True),
        )
        for i, code in enumerate(ABSENT)
    ),
    safe(
        "203b what needs an absent package is no answer",
        [SETUP, Q1, "import sympy\nq2 = sympy.Rational(23, 6)"],
        gets(q2="error", warned=True, says="The grader does not have sympy: it has what"),
    ),
    safe(
        "203d a function that needs an absent package",
        [SETUP, "def q1(y, n, mean, kappa):\n    import sympy\n    return y", Q2],
        gets(q1="error", says="The grader does not have sympy: it has what"),
    ),
    safe(
        "203e an absent package, missed in another cell",
        ["from progressbar import progressbar" + SETUP, Q1, "q2 = sum(progressbar(sales)) / 6"],
        gets(q2="error", warned=True, says="The grader does not have progressbar: it has what"),
    ),
    safe(
        "203c a statement that fails ends its cell, as in Jupyter",
        [SETUP, Q1, "1 / 0\n" + Q2],
        gets(q2="error", warned=True, says="its cell raised ZeroDivisionError"),
    ),
    safe(
        "204 a module that the notebook wrote",
        [
            SETUP,
            "%%writefile helper_of_mine.py\ndef mean(x):\n    return sum(x) / len(x)",
            "import helper_of_mine",
            Q1,
            "q2 = helper_of_mine.mean(sales)",
        ],
    ),
    safe("205 await in a cell", [SETUP, Q1, "import asyncio\nasync def m(): return sales.mean()\nq2 = await m()"]),
    safe("210 a blank behind the data", [SETUP.replace("9.0])", "9.0])   # receipts"), Q1, Q2]),
    safe("211 data and answer in one cell", [LAZY + DATA + Q2, Q1]),
    safe("211b the whole notebook in one cell", ["\n".join([SETUP, Q1, "check('q1')", Q2, "check('q2')"])]),
    safe("211c the data as a list", [LAZY + "sales = [3, 1, 4, 1, 5, 9]", Q1, "q2 = sum(sales) / len(sales)"]),
    safe(
        "211d the data as a tuple, among other names",
        [LAZY + "a, sales = 1, (3, 1, 4, 1, 5, 9)", Q1, "q2 = np.mean(sales)"],
    ),
    safe(
        "211e the data in a function",
        [LAZY + "def mine():\n    " + DATA + "    return sales.mean()", Q1, "q2 = mine()"],
    ),
    safe(
        "211f the data as a column",
        [LAZY + "import pandas as pd\nsales = pd.Series([3., 1, 4, 1, 5, 9], name='s')", Q1, "q2 = sales.mean()"],
    ),
    safe("211g the data with a hint of their type", [LAZY + DATA.replace("=", ": np.ndarray =", 1), Q1, Q2]),
    safe("211h the data computed anew", [SETUP, "sales = np.array([30, 10, 40, 10, 50, 90]) / 10", Q1, Q2]),
    safe("211i the data given in one of two branches", [LAZY + "if True:\n    " + DATA + "else:\n    pass", Q1, Q2]),
    safe("212 a loop over a name of the data, before it", [LAZY, "for sales in range(3): pass", DATA, Q1, Q2]),
    safe(
        "212b a loop over a name of the data, behind all", [SETUP, Q1, Q2, "check('q2')", "for sales in range(3): pass"]
    ),
    safe(
        "213 the data under another name",
        [LAZY + DATA.replace("sales", "mine"), Q1, Q2.replace("sales", "mine")],
        {**public_only("q2"), "says": "nowhere does it give sales as the task does"},
    ),
    safe(
        "220 overwritten after the check",
        [SETUP, Q1, "check('q1')", Q2, "check('q2')", "q2 = 100 * q2", "q1 = None", "del np"],
    ),
    safe(
        "220b what a function rests on, changed after the check",
        [
            SETUP,
            "def helper(n, k): return n + k",
            Q1.replace("(n + kappa)", "helper(n, kappa)"),
            "check('q1')",
            Q2,
            "def helper(n, k): return n * k",
        ],
    ),
    safe("220c all in one cell", ["\n".join([SETUP, Q1, Q2, "check()", "q1 = q2 = 7"])]),
    safe("220d deleted after the check", [SETUP, Q1, Q2, "check()", "del q1, q2"]),
    safe("220e corrected below the check", [SETUP, "q1 = len", "q2 = ...", "check()", Q1, Q2]),
    safe(
        "220f wrong at the check, and changed to another wrong one",
        [SETUP, WRONG, WRONG_2, "check()", "q2 = 1.5"],
        gets(q1="wrong", q2="wrong"),
    ),
    more("221 a letter, overwritten after the check", LETTER + "\ncheck('q1')\nq1 = 'a'", DRAWS, gets()),
    more("221b one letter after another", "q1 = 'a'\ncheck('q1')\nq1 = 'b'", DRAWS, gets(q1="wrong", found="a")),
    more(
        "221c draws, overwritten after the check",
        LETTER,
        DRAWS + "\ncheck('q2')\nq2 = q2.mean()",
        gets(),
    ),
]

# --- Ending, hanging, filling -----------------------------------------------------------------------------------------

SWALLOW = "while True:\n    try:\n        while True: pass\n    except BaseException: pass"
BOMB = "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass"
MASKED = "import signal\nsignal.pthread_sigmask(2, range(1, 65))\n"
MANY = "import os, time\nfor _ in range(20):\n    if not os.fork(): x = np.ones(4 * 10**7); break\ntime.sleep(99)"
BLOCKS = MASKED + "import mmap\nblocks = [mmap.mmap(-1, 10**9, flags=0x8022) for _ in range(3)]\nwhile True: pass"
HOARD = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
held = []
def memory_without_a_mapping():  # neither a file with a limit, nor memory of a process
    held.append(os.memfd_create("x"))
    os.write(held[-1], bytes(60 * 2**20))
def memory_without_a_process():
    number = libc.shmget(0, 10**9, 0o1600)
    if number < 0:
        raise OSError(ctypes.get_errno(), "shmget")
    address = libc.shmat(number, None, 0)
    ctypes.memset(address, 1, 10**9)
    libc.shmdt(ctypes.c_void_p(address))
"""
LATER = """
import os, threading, time
now = threading.Event()
threading.Thread(target=lambda: now.wait() and os._exit(0)).start()
"""
RESOURCES = [
    attack("010 os._exit(0) first", [SETUP, "import os; os._exit(0)", Q1, Q2], GONE),
    attack("011 sys.exit", [SETUP, "import sys; sys.exit()", Q1, Q2], gets(warned=True, says="raised SystemExit")),
    attack("011b quit", [SETUP, "quit()", Q1, Q2], gets(warned=True, says="code cell 2 raised")),
    attack("012 os._exit(0) after q1", [SETUP, Q1, "import os; os._exit(0)", Q2], but_q1(GONE)),
    attack(
        "013 a loop between the answers",
        [SETUP, Q1, "while True: pass", Q2],
        gets(warned=True, says="not done in time"),
    ),
    attack(
        "014 a loop, with signals masked",
        [SETUP, Q1, MASKED + "while True: pass", Q2],
        but_q1(NO_TIME),
    ),
    attack(
        "015 a loop in the function",
        [SETUP, "def q1(y, n, mean, kappa):\n    while True: pass", Q2],
        gets(q1="timeout", says="A loop that does not end"),
    ),
    attack("015b a loop that swallows the alarm", [SETUP, SWALLOW, Q1, Q2], NO_TIME),
    attack(
        "015c a loop, with the clock turned back",
        [
            SETUP,
            "import time\nticks = iter(range(0, -9999, -99))\ntime.monotonic = lambda: next(ticks)",
            "def q1(y, n, mean, kappa): time.sleep(99)",
            Q2,
        ],
        NO_TIME,
    ),
    attack("016 a fork bomb", [SETUP, MASKED + BOMB, Q1, Q2], TOO_MANY),
    attack("017 a memory bomb", [SETUP, Q1, BLOCKS, Q2], but_q1(NO_MEMORY)),
    attack(
        "017b more memory at once than there is",
        [SETUP, "np.ones(10**9)", Q1, Q2],
        gets(warned=True, says="MemoryError"),
    ),
    attack(
        "017c a memory bomb that hides itself",
        [SETUP, "import ctypes\nctypes.CDLL(None).prctl(4, 0)", BLOCKS, Q1, Q2],
        NO_MEMORY,
    ),
    attack(
        "018 20 processes of 300 MB",
        [
            SETUP,
            MASKED + MANY,
            Q1,
            Q2,
        ],
        NO_MEMORY,
    ),
    attack(
        "019 fills the disk",
        [SETUP, "for i in range(99):\n    open(f'/tmp/{i}', 'wb').write(bytes(10**7))", Q1, Q2],
        gets(warned=True, says="No space left on device"),
    ),
    attack(
        "019b fills the shared memory",
        [SETUP, "for i in range(99):\n    open(f'/dev/shm/{i}', 'wb').write(bytes(10**7))", Q1, Q2],
        gets(warned=True, says="No space left on device"),
    ),
    attack(
        "019c one huge file",
        [SETUP, "open('x', 'wb').truncate(10**9)", Q1, Q2],
        gets(warned=True, says="File too large"),
    ),
    attack("020 300 MB of output", [SETUP, "for _ in range(300): print('x' * 10**6)", Q1, Q2]),
    attack(
        "020b 300 MB of output, past Python",
        [SETUP, "import os\nfor _ in range(300): os.write(2, bytes(10**6))", Q1, Q2],
    ),
    attack("021 100 MB through the channel", [SETUP, Q1, CHANNEL + "forge('x' * 10**8)", Q2], but_q1(TOO_MUCH_SENT)),
    attack(
        "021b a flood of lines",
        [SETUP, Q1, CHANNEL + "forge('{}\\n' * 4999)", Q2],
        gets(q2="killed", flags=("killed: size", "lines that are no messages: 5015"), status="graded-incomplete"),
    ),
    attack("035 kill -9 -1", [SETUP, Q1, "import os; os.kill(-1, 9); os._exit(0)", Q2], but_q1(GONE)),
    attack("035b kills its parent", [SETUP, Q1, "import os; os.kill(os.getppid(), 9); os._exit(0)", Q2], but_q1(GONE)),
    attack("036 segmentation fault", [SETUP, Q1, "import ctypes; ctypes.string_at(0)", Q2], but_q1(GONE)),
    attack("074 a long call in C", [SETUP, Q1, "sum(range(10**12))", Q2], but_q1(NO_TIME)),
    attack("080 waits for input", [SETUP, "input()", "breakpoint()", Q1, Q2], gets(warned=True)),
    attack(
        "081 lifts its limits",
        [SETUP, "import resource\nresource.setrlimit(resource.RLIMIT_AS, (-1, -1))", Q1, Q2],
        gets(warned=True, says="not allowed to raise maximum limit"),
    ),
    attack(
        "082 a flood of zombies",
        [SETUP, MASKED + BOMB.replace("os.fork()", "os.fork() or os._exit(0)"), Q1, Q2],
        TOO_MANY,
    ),
    attack(
        "083 memory that belongs to no process: memfd",
        [SETUP, HOARD, "for _ in range(60): memory_without_a_mapping()", Q1, Q2],
        gets(warned=True, says="PermissionError"),
    ),
    attack(
        "083b memory that belongs to no process: System V",
        [SETUP, HOARD, "for _ in range(4): memory_without_a_process()", Q1, Q2],
        gets(warned=True, says="PermissionError"),
    ),
    attack("084 interrupts itself", [SETUP, "import os\nos.kill(os.getpid(), 2)", Q1, Q2], gets(warned=True)),
    attack(
        "085 a thread that ends it all later",
        [SETUP, LATER, Q1, "now.set()\ntime.sleep(99)", Q2],
        but_q1(GONE),
    ),
]

# --- Lying to the grader ----------------------------------------------------------------------------------------------

LYING = [
    forged("022 a line 200000 deep", "forge('[' * 200000 + ']' * 200000)", dropped=1),
    forged(
        "022b an answer 5000 deep",
        "answer(value=0)\nforge(json.dumps({'k': 'answer', 'run': 0, 'name': 'q1'})[:-1]"
        " + ', \"value\": ' + '[' * 5000 + ']' * 5000 + '}')",
    ),
    forged("023b a line with 100000 digits", "forge('{\"k\": \"end\", \"run\": ' + '1' * 100000 + '}')", dropped=1),
    forged("026 a forged score", 'forge(json.dumps({"t": "score", "points": 6, "q1": 4}))', dropped=1),
    forged("026b a forged verdict", "answer(value=0, outcome='correct', points=4)"),
    forged("100 a second hello", 'forge(\'{"k": "hello", "uid": 0}\')', dropped=1),
    forged("101 a kind that is no text", 'forge(\'{"k": []}\\n{"k": {}}\\n{"k": null}\\n[]\\n0\')', dropped=5),
    forged("102 results that are no list", "answer(value=0, calls=5)", q1="not-answered", dropped=1),
    forged("102b results that are no results", "answer(value=0, calls=[0] * calls)", dropped=1),
    forged("102c too few results", "answer(calls=[{'value': 0}])", says="1 results for"),
    forged("102d empty results", "answer(calls=[{}] * calls)", q1="error"),
    forged("102e an error that is none", "answer(calls=[{'raised': [1, 2]}] * calls)", q1="error"),
    forged("102f false arguments", "answer(calls=[{'binds': False, 'value': 0}] * calls)"),
    forged(
        "103 the same key twice", 'forge(\'{"k": "end", "k": "answer", "run": 0, "run": 0, "name": "q1", "value": 1}\')'
    ),
    forged("104 a huge shape", "answer(calls=[{'value': {'array': '', 'kind': 'f', 'shape': [2**40, 0]}}] * calls)"),
    forged("104b a negative shape", "answer(calls=[{'value': {'array': '', 'kind': 'f', 'shape': [-1]}}] * calls)"),
    forged("104c a false shape", "answer(calls=[{'value': {'array': 'AAAA', 'kind': 'f', 'shape': [4]}}] * calls)"),
    forged("104d objects", "answer(calls=[{'value': {'array': 'AAAA', 'kind': 'O', 'shape': [4]}}] * calls)"),
    forged("104e no base64", "answer(calls=[{'value': {'array': 'é', 'kind': 'f', 'shape': [4]}}] * calls)"),
    forged(
        "105 infinity in disguise",
        "answer(calls=[{'value': 1}] * calls)\nforge(json.dumps({'k': 'answer', 'run': 0, "
        "'name': 'q1', 'value': 'X'}).replace('\"X\"', '1e999'))",
    ),
    forged("106 a question that does not exist", "answer('q3', value=1)", q1="not-answered"),
    forged(
        "106b a run that does not exist",
        "forge(json.dumps({'k': 'answer', 'run': 7777, 'name': 'q1', 'value': 1}))",
        q1="not-answered",
    ),
    forged("106c a run below zero", "forge(json.dumps({'k': 'end', 'run': -1}))", dropped=1),
    forged("107 half a letter", 'forge(\'{"k": "answer", "run": 0, "name": "q1", "value": {"text": "\\\\ud800"}}\')'),
    forged("108 bytes that are no text", "forge('\\xff\\x00')", dropped=1),
    # The answers so far are kept. That the notebook seems to have come to its end earns nothing.
    attack(
        "109 a forged end",
        [SETUP, Q1, CHANNEL + "for run in range(9): forge(json.dumps({'k': 'end', 'run': run}))\nos._exit(0)", Q2],
        gets(q2="not-answered"),
    ),
    forged(
        "110 forged warnings",
        "for _ in range(500): forge(json.dumps({'k': 'cell', 'run': 0, 'cell': 1, 'raised': "
        "['::error::', '\\n::error::\\x1b[31m', '']}))",
        q1="not-answered",
        warned=True,
    ),
    # What a notebook answers for its other runs is an answer like another: here a wrong one, instead of a right one.
    attack(
        "111 answers for other runs",
        [
            SETUP,
            Q1,
            CHANNEL + "for run in (1, 2): forge(json.dumps({'k': 'answer', 'run': run, 'name': 'q2', 'value': 1}))",
            "q2 = 23/6",
        ],
        public_only("q2"),
    ),
    safe(
        "028 NumPy's comparisons patched",
        [SETUP, "np.isclose = np.allclose = np.all = np.array_equal = lambda *_, **__: True", WRONG, WRONG_2],
        gets(q1="wrong", q2="wrong"),
    ),
    safe(
        "029 the runner patched",
        [
            SETUP,
            CHANNEL + "frame.f_globals['call_all'] = lambda *_: [{'outcome': 'correct', 'value': 4}]",
            WRONG,
            WRONG_2,
        ],
        gets(q1="wrong", q2="wrong", says="1 results for"),
    ),
    safe(
        "029b hblib patched",
        [SETUP, "import hblib.coursework\nhblib.coursework.checking = None\ncheck = lambda *_: 6", WRONG, WRONG_2],
        gets(q1="wrong", q2="wrong"),
    ),
    safe(
        "029c IPython's hooks",
        [SETUP, "get_ipython().events.register('post_run_cell', lambda _: globals().update(q1=1, q2=1))"],
        gets(q1="wrong", q2="wrong"),
    ),
    attack(
        "037 the sandbox's own error, imitated",
        [
            SETUP,
            "import os\nos.write(2, b'bwrap: No permissions to create new namespace\\n'); os.kill(os.getppid(), 9)",
            "os._exit(1)",
            Q1,
            Q2,
        ],
        GONE,
    ),
    safe(
        "039 text that acts on terminals, pages and CI",
        [
            SETUP,
            "raise ValueError('\\x1b[31m\\n::error::x\\n##[error]x</code><script>alert(1)</script>|@all[x](y)`*')",
            "q2 = type('<img>', (), {})()",
        ],
        gets(q1="not-answered", q2="wrong", says="<script>alert(1)</script>", warned=True),
    ),
    safe(
        "039b the same from within the answer",
        [SETUP, "def q1(y, n, mean, kappa): raise KeyError('\\x1b[2J\\u202e\\n::set-output::x|<img src=x>')", Q2],
        gets(q1="error", says="::set-output::"),
    ),
]

# --- Looking around ---------------------------------------------------------------------------------------------------


def looks(name, code):
    """A notebook that finds nothing, wherever it looks, and otherwise answers rightly."""
    return attack(name, [SETUP, code, Q1, Q2])


def may_not(name, code, says):
    """A notebook with a cell that is refused what it asks for."""
    return attack(name, [SETUP, code, Q1, Q2], gets(warned=True, says=says))


PEEKING = [
    may_not("027 overwrites the runner", "open('/course/runner.py', 'w')", "Read-only file system"),
    may_not("027b writes beside the runner", "open('/course/results.json', 'w')", "Read-only file system"),
    may_not("027c writes into Python", "import sys; open(sys.prefix + '/x.pth', 'w')", "Read-only file system"),
    may_not(
        "032 connects outwards", "import socket; socket.create_connection(('1.1.1.1', 80), 1)", "Network is unreachable"
    ),
    looks("032b looks for other hosts", "import socket\nassert [name for _, name in socket.if_nameindex()] == ['lo']"),
    looks(
        "033 searches the disk for the solution",
        """
import os
mark = b"n + " + b"kappa"
for above, folders, files in os.walk("/"):
    there = "hblib" if above.endswith("site-packages") else ""
    folders[:] = [each for each in folders if there in each and f"{above}{each}" not in ("/proc", "/usr", "/tmp")]
    found = [name for name in files if "toy" in name and name.endswith((".md", ".ipynb")) and "hblib" in above]
    assert not found and not ("hblib" in above and "grading" in folders), (above, found)
    here = files if "/course" in above else []
    assert not any(mark in open(f"{above}/{name}", "rb").read() for name in here)
""",
    ),
    attack(
        "034 a daemon that keeps the channel open",
        [
            SETUP,
            Q1,
            Q2,
            "import os, sys\nif not os.fork():\n    os.setsid()\n    if not os.fork():\n        "
            "os.execv(sys.executable, ['hostile-survivor', '-c', 'import time; time.sleep(999)'])\n    os._exit(0)",
        ],
    ),
    looks(
        "038 a user namespace of its own",
        "import ctypes\nlibc = ctypes.CDLL(None)\nassert libc.unshare(0x10000000) == libc.unshare(0x20000) == -1",
    ),
    may_not("060 imports the solutions", "import hblib.solutions", "No module named"),
    may_not("060b imports the grader", "import hblib.grading", "No module named"),
    may_not("060c imports the questions", "from hblib.coursework import checking", "cannot import name"),
    looks(
        "061 reads other processes",
        """
import os
numbers = [name for name in os.listdir("/proc") if name.isdigit()]
assert len(numbers) < 9, numbers
for number in numbers:
    for name in ("environ", "cmdline", "mem"):
        try:
            with open(f"/proc/{number}/{name}", "rb") as file:
                held = file.read(10**6)
        except OSError:
            continue
        assert b"course-secret-" + b"of-the-test" not in held, (number, name)
        assert b"n + " + b"kappa)" not in held, (number, name)
        assert b"HBLIB_" + b"EXERCISES" not in held, (number, name)
""",
    ),
    looks(
        "061b looks through its descriptors",
        """
import os
for name in os.listdir("/proc/self/fd"):
    if os.path.lexists(f"/proc/self/fd/{name}"):
        assert os.readlink(f"/proc/self/fd/{name}").startswith(("pipe:", "/dev/null", "/proc/")), name
""",
    ),
    looks(
        "061c looks through its environment",
        "import os\nassert not [name for name in os.environ if 'HBLIB' in name or 'SECRET' in name or 'TOKEN' in name]",
    ),
    looks(
        "061d looks through the job",
        CHANNEL
        + """
assert set(job) == {"cells", "seconds", "call", "runs"}
assert all(set(run) == {"data", "given", "asks"} for run in job["runs"])
assert {name for call in job["runs"][0]["asks"]["q1"] for name in call} == {"y", "n", "mean", "kappa"}
assert set(job["runs"][1]["data"]) == set(job["runs"][1]["given"]) == {"sales"}
""",
    ),
    looks(
        "061e looks for the user's files",
        """
import os
assert not any(map(os.path.exists, ("/etc/passwd", "/etc/shadow", "/run", "/sys", "/boot")))
assert os.getuid() != 0
""",
    ),
    may_not("069 a shell: !", "!echo evil > /course/runner.py\nassert _exit_code == 0", "AssertionError"),
    looks("069b a shell: %%bash", "%%bash\nls / > /tmp/ls; curl -s http://1.1.1.1; exit 0"),
    may_not("069c a shell: %%bash that fails", "%%bash\necho evil > /course/runner.py || exit 7", "CalledProcessError"),
    looks(
        "086 gains privileges",
        """
import ctypes
libc = ctypes.CDLL(None)
assert libc.setuid(0) == libc.mount(b"x", b"/mnt", b"tmpfs", 0, 0) == -1
assert "NoNewPrivs:\\t1" in open("/proc/self/status").read()
""",
    ),
    looks(
        "087 leaves something in the kernel's keyrings",
        "import ctypes\nlibc = ctypes.CDLL(None)\nassert libc.syscall(248, b'user', b'x', b'answer', 6, -3) == -1",
    ),
    looks(
        "089 sockets that may reach the machine",
        """
import socket
for family in (*range(3, 16), *range(17, 47)):
    try:
        socket.socket(family, socket.SOCK_STREAM).close()
    except OSError as error:
        assert error.errno == 1, (family, error)
    else:
        raise AssertionError(family)
socket.socketpair()
socket.socket().bind(("127.0.0.1", 0))
""",
    ),
    looks(
        "089b reads the memory of others",
        """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
for call in (lambda: libc.ptrace(16, os.getppid(), 0, 0), lambda: libc.process_vm_readv(os.getppid(), 0, 0, 0, 0, 0)):
    ctypes.set_errno(0)
    assert call() == -1 and ctypes.get_errno() == 1
""",
    ),
    may_not(
        "088 asks to be ended last",
        "with open('/proc/self/oom_score_adj', 'w') as file: file.write('-999')",
        "Permission denied",
    ),
]


# --- Files ------------------------------------------------------------------------------------------------------------


def link(path):
    path.symlink_to("/etc/passwd")


def good_link(path):
    real = path.with_suffix(".real")
    real.write_bytes(RIGHT)
    path.symlink_to(real)


def poisoned_neighbours(path):
    """Beside the notebook stand files that Python or pytest would run, if the grader looked there."""
    path.write_bytes(RIGHT)
    (path.parent / "hblib").mkdir()
    for name in ("hblib/__init__.py", "conftest.py", "sitecustomize.py", "usercustomize.py", "numpy.py", "codec.py"):
        (path.parent / name).write_text("import os; os._exit(0)")
    (path.parent / ".ipython" / "profile_default" / "startup").mkdir(parents=True)
    (path.parent / ".ipython" / "profile_default" / "startup" / "00.py").write_text("import os; os._exit(0)")


def changed(change):
    """Writes a right notebook after `change`; only when it is wanted, for some are large."""

    def write(path):
        made = blank(SETUP, Q1, Q2)
        change(made)
        path.write_bytes(json.dumps(made).encode())

    return write


def as_version_3():
    """The form of a notebook before 2015."""
    cells = [{"cell_type": "code", "input": text, "outputs": [], "language": "python"} for text in (SETUP, Q1, Q2)]
    return json.dumps({"nbformat": 3, "metadata": {}, "worksheets": [{"cells": cells}]}).encode()


def drawn(megabytes):
    """Outputs with a picture, and with texts that look like the end of them."""
    data = {"image/png": "x" * (megabytes * 10**6), "text/plain": ['\\"outputs": [', "]}]"]}
    return [{"output_type": "display_data", "metadata": {"outputs": []}, "data": data}]


def numbers(megabytes):
    """Outputs as an interactive plot leaves them."""
    rows = [{"x": [number, [0.5]], "y": {"z": "]"}} for number in range(megabytes * 10**6 // 40)]
    return [{"output_type": "display_data", "metadata": {}, "data": {"application/json": rows}}]


UNNAMED = SETUP.replace('check = exercise("00-toy")', "")
CALLED = (
    *("Copy of 00-toy.ipynb", "00-toy_final.ipynb", "00-toy-Anna.ipynb", "anna 00-toy.ipynb", "00-toy (1).ipynb"),
    *("00_toy.ipynb", "00-TOY.IPYNB", "Anna_123_assignsubmission_file_00-toy.ipynb", "Kopie von 00 toy.ipynb"),
)
RIGHT = notebook(SETUP, Q1, Q2)
PICTURE = {"cell_type": "markdown", "source": ["*"], "attachments": {"x": {"image/png": "x" * 10**6}}}
FILES = [
    invalid("050 no JSON", b"these are my answers", "not JSON"),
    invalid("050b a pickle", b"\x80\x04\x95c__builtin__\nexec\n.", "not JSON"),
    invalid("051 empty", b"", "the file is empty"),
    invalid("052 cells that are no list", b'{"cells": {}, "nbformat": 4}', "it has no cells"),
    invalid("052b a list", b"[]", "it has no cells"),
    invalid("053 JSON 100000 deep", b"[" * 100_000 + b"]" * 100_000, "not JSON"),
    invalid("053b a number with 100000 digits", b"1" * 100_000, "not JSON"),
    invalid("054 6 MB", changed(lambda made: made.metadata.update(x="x" * 6_000_000)), "larger than 5 MB"),
    invalid("054b 501 cells", notebook(*["1"] * 501), "more than 500 cells"),
    invalid("055 a link", link, "symbolic link"),
    invalid("055b a link to a right notebook", good_link, "symbolic link"),
    invalid("056 a pipe", os.mkfifo, "no regular file"),
    invalid("057 a source of numbers", changed(lambda made: made.cells[1].update(source=[1, 2])), "cell 2"),
    invalid("058 a cell that is a number", changed(lambda made: made.cells.append(5)), "cell 4"),
    Case("062 files beside the notebook", poisoned_neighbours),
    Case("072 BOM and CRLF", b"\xef\xbb\xbf" + RIGHT.replace(b"\\n", b"\\r\\n"), sandbox=False),
    # What says what it is, is read.
    Case("072b nbformat 3", as_version_3(), sandbox=False),
    Case("072c UTF-16", RIGHT.decode().encode("utf-16"), sandbox=False),
    Case("072d UTF-16 without a mark", RIGHT.decode().encode("utf-16-le"), sandbox=False),
    Case(
        "072e Windows-1252",
        json.dumps(blank("# für Anna", SETUP, Q1, Q2), ensure_ascii=False).encode("cp1252"),
        sandbox=False,
    ),
    invalid("072f bytes of no encoding", b'{"cells": "\x81\x8d\xff"}', "no usual encoding"),
    Case(
        "072g a cell without a source",
        changed(lambda made: made.cells[0].pop("source") and made.cells.insert(1, nbformat.v4.new_code_cell(SETUP))),
        sandbox=False,
    ),
    Case("054c 30 MB of pictures", changed(lambda made: made.cells[1].update(outputs=drawn(30))), sandbox=False),
    Case(
        "054d 8 MB of numbers in a plot", changed(lambda made: made.cells[1].update(outputs=numbers(8))), sandbox=False
    ),
    invalid("054e 51 MB", changed(lambda made: made.cells[1].update(outputs=drawn(51))), "larger than 50 MB"),
    invalid("054f 40 MB of brackets", b'{"cells": [{"outputs": ' + b"[" * 40_000_000, "too intricate"),
    invalid("054g 40 MB of empty lists", b'{"outputs": [' + b"[]," * 13_000_000, "too intricate"),
    invalid("054h 6 MB of code", notebook("x" * 6_000_000), "larger than 5 MB"),
    Case(
        "073 attachments and metadata",
        changed(lambda made: (made.metadata.update(x=[["x"] * 99] * 2000), made.cells.insert(0, PICTURE))),
        sandbox=False,
    ),
    Case("073b half a letter", changed(lambda made: made.cells[1].update(source=Q1 + "\n'\ud800'")), sandbox=False),
    Case(
        "073c a zero byte",
        changed(lambda made: made.cells[1].update(source="x = 1\x00")),
        *("not-answered", "correct"),
        warned=True,
        sandbox=False,
    ),
    invalid("075 two exercises in one", notebook(SETUP, 'exercise("01-more")', Q1, Q2), "names 2 exercises"),
    invalid("075b another exercise's name", RIGHT, "its code is that of another", file="01-more.ipynb"),
    invalid("075c an exercise that is a path", notebook('exercise("../../etc/passwd")'), "no exercise", file="x.ipynb"),
    *(
        Case(f"075d.{i} a file called {name}", notebook(UNNAMED, Q1, Q2), file=name, sandbox=False)
        for i, name in enumerate(CALLED)
    ),
    Case("075e nothing names the exercise but the answers", notebook(UNNAMED, Q1, Q2), file="x.ipynb", sandbox=False),
    Case(
        "075g the exercise's file", notebook(SETUP.replace("00-toy", "exercises/00-Toy.ipynb"), Q1, Q2), sandbox=False
    ),
    Case("075f the exercise's name put together", notebook(SETUP.replace('("00-toy")', '(f"{0:02d}-toy")'), Q1, Q2)),
    Case(
        "090 a file name that acts on CI", RIGHT, file="00-toy ::error::x\n::error::y<img src=x>|.ipynb", sandbox=False
    ),
    Case("090b a file name of 81 letters and 249 bytes", RIGHT, file="答" * 81 + ".ipynb", sandbox=False),
    Case("091 =cmd|'/C calc'!A0", RIGHT, sandbox=False),
    Case("092 <img src=x onerror=alert(1)>\x1b[31m", RIGHT, sandbox=False),
    Case("093 a file name like an option", RIGHT, file="--out=00-toy.ipynb", sandbox=False),
]

CASES = [*HONEST, *VALUES, *AS_WRITTEN, *RESOURCES, *LYING, *PEEKING, *FILES]

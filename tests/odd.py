"""Answers that no teacher thinks of, each with what `check` and the grader must say of it.

The right answer to every question for a function is `y / n`, for arrays of three numbers; to a value, 4; to a letter,
"b"; for draws, those of a standard normal distribution.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Odd:
    """An answer: what stands in the cell, where ANSWER is the name that the question asks for.

    outcome  what becomes of it
    says     a part of the sentence
    graded   a part of the grader's, where that is another
    """

    name: str
    cell: str
    outcome: str
    says: str
    graded: str = ""


def function(name, body, outcome="wrong", says="", graded="", before=""):
    lines = "\n".join(f"    {line}" for line in body.split("\n"))
    return Odd(name, f"{before}def ANSWER(y, n):\n{lines}\n", outcome, says, graded)


# Objects that raise what is no Exception, whatever one asks of them.
RAISE = "class Own(BaseException):\n    pass\ndef end(*args, **kwargs): raise Own('so')\n"
METHODS = (
    "eq ne lt gt hash bool len iter next contains getitem setitem float int index complex round trunc add radd sub "
    "rsub mul abs neg repr str format bytes dir sizeof reduce reduce_ex getstate copy deepcopy getattr getattribute "
    "array array_ufunc array_function call get"
)
PROPERTIES = "class dict doc module code signature wrapped name array_interface array_struct array_priority"
WAYS = dict.fromkeys(METHODS.split(), "end") | dict.fromkeys(PROPERTIES.split(), "property(end)")
BASES = "object", "list", "tuple", "dict", "float", "int", "str"
WORST = "eq", "float", "array", "class", "getattribute"  # for answers that cost a run of the notebook each


def defining(lines, bases=""):
    return RAISE + f"class Thing({bases}):\n" + "".join(f"    {line}\n" for line in lines)


def raising(ways, bases):
    """(name, cell that defines it): a Thing that raises in each way alone, and in all of them."""
    lines = {way: f"__{way}__ = {WAYS[way]}" for way in WAYS}
    for way in ways:
        yield f"raises in {way}", defining([lines[way]])
    every = [line for way, line in lines.items() if way not in ("getattribute", "dict")]
    for base in bases:
        yield f"{base} that always raises", defining(every, base)
    meta = ["__name__ = __module__ = __dict__ = property(end)", "__repr__ = __instancecheck__ = __getattr__ = end"]
    made = defining(meta, "type").replace("class Thing", "class Meta")
    yield "of a class that raises", made + "class Thing(metaclass=Meta):\n    pass\n"


THING = "class Thing:\n    {}\n"
RIGHT, ONE = "right. 1 of 1 points", "should give an array of shape (3,), but gives "
TOO_LARGE = ONE + "a too large answer: "


def thing(name, method, outcome="wrong", says="gives a Thing", value="Thing()"):
    return function(name, f"return {value}", outcome, says, before=THING.format(method))


FUNCTIONS = [
    # the right numbers, whatever holds them
    function("a list", "return list(y / n)", "correct", RIGHT),
    function("a tuple", "return tuple(y / n)", "correct", RIGHT),
    function("a column", "return (y / n)[:, None]", "correct", RIGHT),
    function("a list of lists", "return [[each] for each in y / n]", "correct", RIGHT),
    function("objects", "return np.array(list(y / n), dtype=object)", "correct", RIGHT),
    function("float32", "return np.float32(y / n)", "correct", RIGHT),
    function("a matrix", "return np.matrix(y / n)", "correct", RIGHT),
    function("a Series", "import pandas as pd\nreturn pd.Series(y / n, index=list('abc'))", "correct", RIGHT),
    function(
        "fractions",
        "from fractions import Fraction\nreturn [Fraction(int(a), int(b)) for a, b in zip(y, n)]",
        "correct",
        RIGHT,
    ),
    function(
        "decimals", "from decimal import Decimal\nreturn [Decimal(str(each)) for each in y / n]", "correct", RIGHT
    ),
    function(
        "an array that is a class of its own",
        "return (y / n).view(Own)",
        "correct",
        RIGHT,
        before="class Own(np.ndarray):\n    pass\n",
    ),
    function("it prints", "print('look: ', y)\nreturn y / n", "correct", RIGHT),
    function("it changes its arguments", "y, n = np.asarray(y, float), n\ny /= n\nreturn y", "correct", RIGHT),
    function(
        "it changes its arguments in place", "result = y / n\ny[:] = 0\nn[:] = 0\nreturn result", "correct", RIGHT
    ),
    function(
        "a thread",
        "import threading\nkept = []\nworker = threading.Thread(target=lambda: kept.append(y / n))\nworker.start()\n"
        "worker.join()\nreturn kept[0]",
        "correct",
        RIGHT,
    ),
    function(
        "a thread that goes on",
        "import threading, time\nthreading.Thread(target=time.sleep, args=(0.01,), daemon=True).start()\nreturn y / n",
        "correct",
        RIGHT,
    ),
    function("it warns", "import warnings\nwarnings.warn('careful', stacklevel=1)\nreturn y / n", "correct", RIGHT),
    function("it reseeds", "np.random.seed(1)\nreturn y / n", "correct", RIGHT),
    Odd("a lambda", "ANSWER = lambda y, n: y / n", "correct", RIGHT),
    Odd("a lambda with names of its own", "ANSWER = lambda a, b: a / b", "correct", RIGHT),
    Odd("a partial", "from functools import partial\nANSWER = partial(lambda k, y, n: y / n, 1)", "correct", RIGHT),
    Odd("a ufunc", "ANSWER = np.divide", "correct", RIGHT),
    Odd(
        "a method", "class Own:\n    def rate(self, y, n):\n        return y / n\nANSWER = Own().rate", "correct", RIGHT
    ),
    Odd(
        "an object that can be called",
        "class Own:\n    def __call__(self, y, n):\n        return y / n\nANSWER = Own()",
        "correct",
        RIGHT,
    ),
    Odd("wrapped", "from functools import wraps\n@wraps(print)\ndef ANSWER(y, n):\n    return y / n", "correct", RIGHT),
    Odd("vectorized", "ANSWER = np.vectorize(lambda y, n: y / n)", "correct", RIGHT),
    Odd("with more arguments", "def ANSWER(y, n, *, digits=9, **more):\n    return y / n", "correct", RIGHT),
    thing(
        "what says that it is an array",
        "def __init__(self, rate): self.rate = rate\n    def __array__(self, dtype=None, copy=None): return self.rate",
        "correct",
        RIGHT,
        value="Thing(y / n)",
    ),
    # nothing at all
    Odd("None", "ANSWER = None", "not-answered", "not answered yet"),
    Odd("three dots", "ANSWER = ...", "not-answered", "not answered yet"),
    function("no return", "rate = y / n", "not-answered", "hands over its answer with `return`"),
    function("it prints the answer", "print(y / n)", "not-answered", "hands over its answer with `return`"),
    # no function
    Odd("a number", "ANSWER = 0.25", "wrong", "should be a function, but is a number"),
    Odd("a text", "ANSWER = 'y / n'", "wrong", "should be a function, but is the text 'y / n'"),
    Odd("a list of numbers", "ANSWER = [0.25, 0.2, 0.45]", "wrong", "should be a function, but is 3 values in a list"),
    Odd("an array", "ANSWER = np.zeros(3)", "wrong", "should be a function, but is an array of shape (3,)"),
    Odd("a module", "import math\nANSWER = math", "wrong", "should be a function, but is a module"),
    Odd("truth", "ANSWER = True", "wrong", "should be a function, but is True"),
    Odd("an object", THING.format("pass") + "ANSWER = Thing()", "wrong", "should be a function, but is a Thing"),
    Odd("a class", THING.format("pass") + "ANSWER = Thing", "wrong", "should take the arguments y, n"),
    Odd(
        "a class with these arguments",
        THING.format("def __init__(self, y, n): self.rate = y / n") + "ANSWER = Thing",
        "wrong",
        ONE + "a Thing",
    ),
    Odd("one argument", "def ANSWER(y):\n    return y", "wrong", "should take the arguments y, n"),
    Odd("three arguments", "def ANSWER(y, n, k):\n    return y", "wrong", "should take the arguments y, n"),
    Odd("a coroutine", "async def ANSWER(y, n):\n    return y / n", "wrong", ONE + "a coroutine (leave out `async`)"),
    Odd(
        "an asynchronous generator",
        "async def ANSWER(y, n):\n    yield y / n",
        "wrong",
        ONE + "an async_generator (leave out `async`)",
    ),
    function("a generator", "yield from y / n", "wrong", ONE + "a generator (put list(…) around it)"),
    Odd(
        "a signature that raises",
        "class Own:\n    @property\n    def __signature__(self): raise SystemExit(1)\n"
        "    def __call__(self, y, n): return y / n\nANSWER = Own()",
        "wrong",
        "should take the arguments y, n",
    ),
    Odd(
        "a signature that lies",
        "import inspect\ndef ANSWER(y): return y\nANSWER.__signature__ = inspect.signature(lambda y, n: 0)",
        "error",
        "it raised TypeError",
    ),
    # results of another kind
    function("a text as a result", "return str(y / n)", "wrong", ONE + "the text"),
    function("texts", "return [str(each) for each in y / n]", "wrong", ONE + "3 values in a list"),
    function("an array of texts", "return (y / n).astype(str)", "wrong", ONE + "an array of texts"),
    function("truths", "return y / n > 0.3", "wrong", ONE + "an array of True and False"),
    function("complex numbers", "return y / n + 0j", "wrong", ONE + "an array of complex numbers"),
    function("dates", "return y.astype('datetime64[D]')", "wrong", ONE + "an array of dates or times"),
    function("holes", "return [0.25, None, 0.45]", "wrong", ONE + "3 values in a list"),
    function("holes in an array", "return np.array([0.25, None, 0.45])", "wrong", ONE + "an array of objects"),
    function("ragged", "return [[0.25], [0.2, 0.45]]", "wrong", ONE + "2 values in a list"),
    function("masked", "return np.ma.array(y / n, mask=[0, 1, 0])", "wrong", ONE + "a MaskedArray in which values"),
    function("a dict", "return dict(zip('abc', y / n))", "wrong", ONE + "a dict; give its values"),
    function("a set", "return set(y / n)", "wrong", ONE + "a set, which has no order"),
    function("a function as a result", "return lambda: y / n", "wrong", ONE + "a function; is it called, with ()?"),
    function("one number", "return 0.25", "wrong", "has the shape (), but should have (3,)"),
    function("too many", "return np.zeros(4)", "wrong", "has the shape (4,), but should have (3,)"),
    function("nan", "return np.nan * y", "wrong", "Your answer holds nan"),
    function("inf", "return np.inf * (y + 1)", "wrong", "Your answer holds inf"),
    function("huge numbers", "return [10**400] * 3", "wrong", ONE + "3 values in a list"),
    function("a huge whole number", "return 10**400", "wrong", ONE + "a number beyond all bounds"),
    function("a huge array", "return np.zeros(2_000_000)", "wrong", "2000000"),
    function("a long list", "return [0.5] * 5_000", "wrong", "has the shape (5000,), but should have (3,)"),
    function("a list in itself", "a = []\na.append(a)\nreturn a", "wrong", ONE + "1 value in a list"),
    function("deep", "a = [0.5]\nfor _ in range(5000):\n    a = [a]\nreturn a", "wrong", ONE + "1 value in a list"),
    function("without end", "import itertools\nreturn itertools.count()", "wrong", ONE + "a count"),
    function("repeated without end", "import itertools\nreturn itertools.repeat(0.5)", "wrong", ONE + "a repeat"),
    # one after the other
    function(
        "another result at each call",
        "calls.append(1)\nreturn y / n + len(calls)",
        "wrong",
        "not yet",
        before="calls = []\n",
    ),
    function(
        "right at the first call alone",
        "calls.append(1)\nreturn y / n if len(calls) == 1 else 0 * y",
        "wrong",
        "Right for the example's inputs alone",
        before="calls = []\n",
    ),
    function("random", "return np.random.default_rng().random(3)", "wrong", "expected"),
    # errors
    function("an error", "return 1 / 0", "error", "it raised ZeroDivisionError: division by zero\n"),
    function("a name that is not there", "return rate", "error", "it raised NameError"),
    function("the line is shown", "return undefined + y", "error", "in your line  return undefined + y"),
    function("SystemExit", "raise SystemExit(3)", "error", "it raised SystemExit: 3"),
    function("exit", "import sys\nsys.exit()", "error", "it raised SystemExit"),
    function("KeyboardInterrupt", "raise KeyboardInterrupt", "error", "it was interrupted (KeyboardInterrupt)"),
    function("GeneratorExit", "raise GeneratorExit('x')", "error", "it raised GeneratorExit: x"),
    function(
        "an exception that is none",
        "raise Odd('so')",
        "error",
        "it raised Odd: so",
        before="class Odd(BaseException):\n    pass\n",
    ),
    function("without end in itself", "return ANSWER(y, n)", "error", "it raised RecursionError"),
    function("a warning as an error", "raise UserWarning('careful')", "error", "it raised UserWarning: careful"),
    function("StopIteration", "return next(iter([]))", "error", "it raised StopIteration"),
    function("not implemented", "raise NotImplementedError", "error", "it raised NotImplementedError"),
    function("memory", "raise MemoryError('too much')", "error", "it raised MemoryError: too much"),
    function(
        "an error that cannot be shown",
        "raise Odd",
        "error",
        "it raised Odd",
        before="class Odd(Exception):\n    def __str__(self): raise ValueError\n",
    ),
    function(
        "an error that ends the showing",
        "raise Odd",
        "error",
        "it raised Odd",
        before="class Odd(Exception):\n    def __str__(self): raise SystemExit\n",
    ),
    function(
        "a group of errors",
        "raise ExceptionGroup('both', [ValueError('a'), TypeError('b')])",
        "error",
        "it raised ExceptionGroup: both",
    ),
    function(
        "an error of which nothing can be known",
        "raise Odd",
        "error",
        "it raised Odd:",
        before=RAISE + "class Odd(BaseException):\n    __str__ = __repr__ = __getattr__ = end\n"
        "    line = told = args = __traceback__ = __class__ = property(end)\n",
    ),
    function(
        "an error whose class raises",
        "raise Odd('so')",
        "error",
        "it raised Odd: so",
        before=RAISE + "class Meta(type):\n    __name__ = property(end)\n    __instancecheck__ = end\n"
        "class Odd(Exception, metaclass=Meta):\n    pass\n",
    ),
    function(
        "an error without a name", "raise type('a b', (Exception,), {})('so')", "error", "it raised Exception: so"
    ),
    function("a long error", "raise ValueError('so ' * 999)", "error", f"ValueError: {'so ' * 100} in your"),
    function(
        "an error where only a property looks",
        "if len(y) == 1: raise Own('so')\nreturn 0 * y + 0.123",
        "wrong",
        "expected",
        before=RAISE,
    ),
    Odd(
        "a signature that ends it all",
        RAISE + "class Thing:\n    __signature__ = property(end)\n    def __call__(self, y, n): return y / n\n"
        "ANSWER = Thing()",
        "wrong",
        "should take the arguments y, n",
    ),
    Odd(
        "code that ends it all",
        RAISE + "class Thing:\n    __code__ = property(end)\n    def __call__(self, y, n): return y / n\n"
        "ANSWER = Thing()",
        "wrong",
        "should take the arguments y, n",
    ),
    # more than is handed over
    function("many numbers", "return np.zeros(50_000)", "wrong", "has the shape (50000,), but should", TOO_LARGE),
    function("many arrays", "return [np.zeros(90_000)] * 40", "wrong", "has the shape (40, 90000), but", TOO_LARGE),
    # objects that lie
    thing("no array", "def __array__(self, dtype=None, copy=None): raise ValueError('no')"),
    thing("an array that ends it all", "def __array__(self, dtype=None, copy=None): raise SystemExit"),
    thing("an array that interrupts", "def __array__(self, dtype=None, copy=None): raise KeyboardInterrupt"),
    thing("no repr", "def __repr__(self): raise SystemExit"),
    thing("always equal", "def __eq__(self, other): return True"),
    thing("never equal", "def __eq__(self, other): raise KeyboardInterrupt"),
    thing("says that it is a number", "__class__ = float"),
    thing("says that it is a text", "__class__ = str"),
    thing("a class that raises", "@property\n    def __class__(self): raise ValueError"),
    thing("all attributes", "def __getattr__(self, name): return 1"),
    thing("no attributes", "def __getattribute__(self, name): raise ValueError(name)"),
    thing("a length without end", "def __len__(self): return 2**62\n    def __getitem__(self, i): raise IndexError"),
    thing("a sequence that raises", "def __len__(self): return 3\n    def __getitem__(self, i): raise SystemExit"),
    function(
        "a list that lies",
        "return Own(y / n)",
        "correct",
        RIGHT,
        before="class Own(list):\n    def __iter__(self):\n        while True: yield 1\n"
        "    def __len__(self): return 10**9\n",
    ),
    function(
        "an array that is always close",
        "return (0 * y + 0.123).view(Own)",
        "wrong",
        "expected",
        before="class Own(np.ndarray):\n    def __array_function__(self, *_): return True\n"
        "    def __array_ufunc__(self, *_, **__): return np.True_\n    def __eq__(self, other): return True\n",
    ),
    function(
        "a float that is always close",
        "return [Own(0.5)] * 3",
        "wrong",
        "expected",
        before="class Own(float):\n    def __eq__(self, other): return True\n    def __sub__(self, other): return 0.0\n"
        "    __rsub__ = __sub__\n    def __float__(self): return 0.5\n",
    ),
]

VALUES = [
    Odd("right", "ANSWER = y.sum()", "correct", RIGHT),
    Odd("in a list", "ANSWER = [float(y.sum())]", "correct", RIGHT),
    Odd("in an array of arrays", "ANSWER = np.array([[y.sum()]])", "correct", RIGHT),
    Odd(
        "an object that counts as a number",
        "from fractions import Fraction\nANSWER = Fraction(float(y.sum()))",
        "correct",
        RIGHT,
    ),
    Odd("three dots", "ANSWER = ...", "not-answered", "not answered yet"),
    Odd("a text", "ANSWER = str(y.sum())", "wrong", "should give a number, but gives the text"),
    Odd(
        "more than is handed over",
        "ANSWER = [[0.123456789] * 900] * 900",
        "wrong",
        "has the shape (900, 900), but should have ()",
        "should give a number, but gives a too large answer: 10540810 bytes, of which 1400000 at most can be read",
    ),
    Odd("truth", "ANSWER = y.sum() > 3", "wrong", "should give a number, but gives True"),
    Odd("a function", "ANSWER = lambda: y.sum()", "wrong", "should give a number, but gives a function; is it called"),
    Odd("a method", "ANSWER = y.sum", "wrong", "should give a number, but gives a builtin_function_or_method; is it"),
    Odd("a class", "class Sum:\n    pass\nANSWER = Sum", "wrong", "should give a number, but gives a class"),
    Odd("an array", "ANSWER = y", "wrong", "has the shape (3,), but should have ()"),
    Odd("nothing in it", "ANSWER = []", "wrong", "has the shape (0,), but should have ()"),
    Odd("a generator", "ANSWER = (each for each in y)", "wrong", "should give a number, but gives a generator (put"),
    Odd("nan", "ANSWER = float('nan')", "wrong", "not yet"),
    Odd("complex", "ANSWER = y.sum() + 0j", "wrong", "should give a number, but gives a complex number"),
    Odd(
        "an end",
        "class End:\n    def __array__(self, dtype=None, copy=None): raise SystemExit\nANSWER = End()",
        "wrong",
        "should give a number, but gives an End",
    ),
]

NO_LETTER = "should be one of the letters a, b, c in quotes, as they stand before the choices, but is "
LETTERS = [
    Odd("right", "ANSWER = 'b'", "correct", RIGHT),
    Odd("a sentence", "ANSWER = 'b. because it is so'", "correct", RIGHT),
    Odd("of NumPy", "ANSWER = np.str_('B')", "correct", RIGHT),
    Odd("of full width", "ANSWER = '\uff42\uff09'", "correct", RIGHT),
    Odd("Cyrillic", "ANSWER = '\u0430'", "wrong", "not yet. No, not a."),
    Odd("an array of one letter", "ANSWER = np.array('b')", "correct", RIGHT),
    Odd("no letter", "ANSWER = ' '", "not-answered", "Put a letter, in quotes"),
    Odd("three dots", "ANSWER = ...", "not-answered", "Put a letter, in quotes"),
    Odd("wrong", "ANSWER = 'c'", "wrong", "not yet. No, not c."),
    Odd("two letters", "ANSWER = 'ab'", "wrong", NO_LETTER + "the text 'ab'"),
    Odd("a list", "ANSWER = ['a', 'b', 'c']", "wrong", NO_LETTER + "3 values in a list"),
    Odd("a set", "ANSWER = {'b'}", "wrong", NO_LETTER + "a set"),
    Odd("a number", "ANSWER = 2", "wrong", NO_LETTER + "a number"),
    Odd("bytes", "ANSWER = b'b'", "wrong", NO_LETTER + "a bytes"),
    Odd("a function", "def ANSWER():\n    return 'b'", "wrong", NO_LETTER + "a function"),
    Odd(
        "a text that is always equal",
        "class Own(str):\n    def __eq__(self, other): return True\n    def __hash__(self): return hash('b')\n"
        "    def strip(self): return 'b'\nANSWER = Own('c')",
        "wrong",
        "not yet. No, not c.",
    ),
    Odd(
        "an end",
        "class End:\n    def __array__(self, dtype=None, copy=None): raise KeyboardInterrupt\nANSWER = End()",
        "wrong",
        NO_LETTER + "an End",
    ),
]

DRAWN = "ANSWER = np.random.default_rng({seed}).normal(mean, 1, size=(4, 1000))"
DRAWS = [
    Odd("right", DRAWN.format(seed=1), "correct", RIGHT),
    Odd("lists", DRAWN.format(seed=2) + ".tolist()", "correct", RIGHT),
    Odd("in single precision", DRAWN.format(seed=3) + ".astype(np.float32)", "correct", RIGHT),
    Odd("three dots", "ANSWER = ...", "not-answered", "not answered yet"),
    Odd("all the same", "ANSWER = np.zeros((4, 1000)) + mean", "wrong", "all draws are the same"),
    Odd(
        "chains that stand still",
        "ANSWER = np.arange(4.0)[:, None] + np.zeros((4, 1000)) + mean",
        "wrong",
        "not to be trusted",
    ),
    Odd("one chain stands still", DRAWN.format(seed=4) + "\nANSWER[0] = mean", "wrong", "not"),
    Odd("one number alone differs", "ANSWER = np.zeros((4, 1000)) + mean\nANSWER[0, 0] += 1", "wrong", "not"),
    Odd("a pair of numbers", "ANSWER = np.tile([mean - 1, mean + 1], (4, 500))", "wrong", "not"),
    Odd("enormous", DRAWN.format(seed=5) + " * 1e300", "wrong", "not"),
    Odd("at the end of all numbers", "ANSWER = np.tile([-1.7e308, 1.7e308], (4, 500))", "wrong", "not"),
    Odd("whole numbers", DRAWN.format(seed=6) + ".astype(int)", "wrong", "not"),
    Odd("nan", DRAWN.format(seed=7) + "\nANSWER[1, 1] = np.nan", "wrong", "not finite"),
    Odd("a chain", DRAWN.format(seed=8) + "[0]", "wrong", "has the shape (1000,), but should have (chains, draws)"),
    Odd("empty", "ANSWER = np.zeros((4, 0))", "wrong", "has the shape (4, 0), but should have (chains, draws)"),
    Odd(
        "ragged",
        "ANSWER = [[0.0] * 500, [0.0] * 400]",
        "wrong",
        "should be an array of draws, but is 2 values in a list",
    ),
    Odd("a text", "ANSWER = 'draws'", "wrong", "should be an array of draws, but is the text 'draws'"),
    Odd("a dict", "ANSWER = {'chain': [1.0]}", "wrong", "should be an array of draws, but is a dict"),
    Odd("a function", "def ANSWER():\n    return 0.0", "wrong", "should be an array of draws, but is a function"),
    Odd(
        "truths",
        "ANSWER = np.ones((4, 1000), bool)",
        "wrong",
        "should be an array of draws, but is an array of True and False",
    ),
]

FUNCTIONS += [
    function(name, "return Thing()", "wrong", ONE + "a Thing", before=cell) for name, cell in raising(WAYS, BASES)
]
FUNCTIONS += [
    Odd(f"itself {name}", f"{cell}ANSWER = Thing()", "wrong", "should be a function, but is a Thing")
    for name, cell in raising(WORST, BASES[:1])
    if "__call__ = end" not in cell
]
LETTERS += [Odd(name, cell + "ANSWER = Thing()", "wrong", NO_LETTER + "a Thing") for name, cell in raising(WAYS, BASES)]
VALUES += [
    Odd(name, cell + "ANSWER = Thing()", "wrong", "should give a number, but gives a Thing")
    for name, cell in raising(WORST, BASES[:1])
]
DRAWS += [
    Odd(name, cell + "ANSWER = Thing()", "wrong", "should be an array of draws, but is a Thing")
    for name, cell in raising(WORST, BASES[:1])
]

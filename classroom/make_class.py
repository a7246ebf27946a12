"""A class to try the grader on: notebooks that nobody handed in, and the grade that each of them should get.

    python classroom/make_class.py FOLDER [--submissions 200] [--seed 1]
    python classroom/make_class.py FOLDER --platform

It writes FOLDER/student-001/01-hospitals.ipynb and so on, and FOLDER/truth.csv. Equal seeds give equal files. With
--platform it is a class of 60 as a learning platform exports it: FOLDER/class.zip, with names from all over the world,
files in zips, under the names and in the encodings that browsers, Colab and Windows give them, and notebooks as people
write them.
"""

import argparse
import ast
import csv
import inspect
import io
import json
import random
import re
import textwrap
import zipfile
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np

from hblib.coursework import source
from hblib.coursework.questions import Function, Value

EXERCISES = Path(__file__).parent.parent / "exercises"
CLASS = "01-hospitals", "02-easy", "03-medium", "04-stein", "05-moments"
WITH_A_VALUE = "02-easy", "03-medium"
# Of 200 notebooks; the others are solved.
MIX = {"mistake": 66, "half done": 24, "untouched": 12, "syntax error": 8, "broken cell": 8, "typed in": 4, "loop": 3}


# --- Answers ----------------------------------------------------------------------------------------------------------


@cache
def solutions(name):
    """{question: the code that answers it}"""
    exercise = source.load(name)
    answers = [cell.source for cell in exercise.cells if cell.kind == "answer"]
    marks = re.compile(rf"^[ ]*({source.BEGIN}|{source.END}).*\n?", re.MULTILINE)
    return dict(zip(exercise.questions, (marks.sub("", code) for code in answers), strict=True))


def wrong(name, question, title):
    """The code of the named mistake, or of the careless answer to an edge.

    It stands in a function of its own, with all the right functions, so that it changes no other answer.
    """
    exercise = source.load(name)
    expression, helpers = written(name)[question, title]
    right = [code for other, code in solutions(name).items() if isinstance(exercise.questions[other], Function)]
    body = "\n\n".join([*right, *helpers, f"return {expression}"])
    asked = exercise.questions[question]
    inputs = "" if isinstance(asked, Function) else "({})".format(", ".join(f"{n}={n}" for n in asked.public(exercise)))
    return f"def my_{question}():\n{textwrap.indent(body, '    ')}\n\n\n{question} = my_{question}(){inputs}"


@cache
def written(name):
    """{(question, title of a mistake or edge): (the expression that computes it, what stands before)}

    Those alone that the questions' cell spells out; a few come out of a loop.
    """
    text = next(cell.source for cell in source.load(name).cells if cell.kind == "questions")
    tree = ast.parse(text)
    [asked] = [node for node in tree.body if ast.unparse(node).startswith("questions = ")]
    others = [node for node in tree.body if node is not asked and "hblib" not in ast.unparse(node).partition("\n")[0]]
    helpers = [ast.get_source_segment(text, node) for node in others]
    found = {}
    for question in asked.value.elts:
        for node in ast.walk(question):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("Mistake", "Edge"):
                title, expression = node.args[0], node.args[-2]  # told and the like are keywords
                found[question.args[0].value, title.value] = ast.get_source_segment(text, expression), helpers
    return found


def alone(name):
    """The questions whose answers no other answer uses."""
    used = Counter(
        node.id for code in solutions(name).values() for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)
    )
    return [
        each
        for each, question in source.load(name).questions.items()
        if used[each] == (0 if isinstance(question, Function) else 1)
    ]


# --- Notebooks --------------------------------------------------------------------------------------------------------


def notebook(name, answers, *more):
    """The student's notebook as text, with `answers` ({question: code}) in it and `more` cells of code at its end."""
    whole = json.loads((EXERCISES / f"{name}.ipynb").read_text(encoding="utf8"))
    code = [cell for cell in whole["cells"] if cell["cell_type"] == "code"]
    kinds = [cell.kind for cell in source.load(name).cells if cell.kind in ("given", "answer", "check")]
    stubs = [cell for cell, kind in zip(code, kinds, strict=True) if kind == "answer"]
    for question, stub in zip(source.load(name).questions, stubs, strict=True):
        stub["source"] = answers.get(question, stub["source"])
    for number, text in enumerate(more):
        empty = {"execution_count": None, "metadata": {}, "outputs": []}
        whole["cells"].append({"cell_type": "code", "id": f"more-{number}", **empty, "source": text})
    return json.dumps(whole, indent=1) + "\n"


def submission(name, kind, detail, pick):
    """(answers, more cells, points) of a notebook of this kind."""
    exercise, answers = source.load(name), solutions(name)
    points = {each: question.points for each, question in exercise.questions.items()}
    more = []
    if kind == "mistake":
        question, title = detail
        edges = {each.name: each for each in getattr(exercise.questions[question], "edges", ())}
        share = (0.5 if edges[title].told else 1) if title in edges else 0
        answers, points = {**answers, question: wrong(name, *detail)}, {**points, question: share * points[question]}
    elif kind in ("half done", "untouched"):
        answers = dict(list(answers.items())[: len(answers) // 2 if kind == "half done" else 0])
        points = {each: points[each] for each in answers}
    elif kind == "syntax error":
        question = pick(alone(name))
        answers, points = {**answers, question: answers[question] + ")"}, {**points, question: 0}
    elif kind == "broken cell":
        more = ["print(undefined_name)"]
    elif kind == "typed in":
        question = next(each for each, asked in exercise.questions.items() if isinstance(asked, Value))
        number = exercise.namespace[question]
        answers, points = {**answers, question: typed(question, number)}, {**points, question: 0}
    elif kind == "loop":
        question = pick([each for each in alone(name) if isinstance(exercise.questions[each], Function)])
        arguments = inspect.signature(exercise.namespace[question])
        loop = f"def {question}{arguments}:\n    while True:\n        pass"
        answers, points = {**answers, question: loop}, {**points, question: 0}
    return answers, more, sum(points.values())


def typed(question, value):
    """Code that sets a name to the numbers that came out, and no longer computes them."""
    return f"{question} = np.array({np.asarray(value).tolist()!r})"


# --- A class ----------------------------------------------------------------------------------------------------------


def make(folder, count=200, seed=1):
    """Write `count` notebooks and truth.csv into `folder`."""
    random_ = random.Random(seed)
    drawn = draw(count - 2, random_)
    copied = next(number for number, (_, kind, _) in enumerate(drawn) if kind == "mistake")
    number_of, rows = Counter(), []

    def hand_in(name, kind, text, status, points):
        number_of[name] += 1
        student = f"student-{number_of[name]:03}"
        path = Path(folder) / student / f"{name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf8", newline="\n")
        rows.append((student, name, kind, status, points))

    for number, (name, kind, detail) in enumerate(drawn):
        answers, more, points = submission(name, kind, detail, random_.choice)
        text = notebook(name, answers, *more, f'notes = "{number}: {random_.random()}"')  # no two alike
        hand_in(name, "copy" if number == copied else kind, text, "graded", points)
        if number == copied:
            hand_in(name, "copy", text, "graded", points)
    damaged = notebook(CLASS[0], solutions(CLASS[0]))
    hand_in(CLASS[0], "damaged", damaged[: len(damaged) // 2], "invalid-submission", 0)
    save_truth(folder, rows)


def save_truth(folder, rows):
    with open(Path(folder) / "truth.csv", "w", encoding="utf8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([("student", "exercise", "kind", "status", "points"), *rows])


def draw(count, random_):
    """`count` triples (exercise, kind, mistake), in the shares of MIX."""
    wrongs = [(name, detail) for name in CLASS for detail in written(name) if detail[0] in alone(name)]
    drawn = []
    for kind, share in MIX.items():
        for number in range(max(1, round(share * count / 200))):
            some = WITH_A_VALUE if kind == "typed in" else CLASS
            name, detail = wrongs[number % len(wrongs)] if kind == "mistake" else (random_.choice(some), ())
            drawn.append((name, kind, detail))
    drawn += [(random_.choice(CLASS), "solved", ()) for _ in range(count - len(drawn))]
    random_.shuffle(drawn)
    return drawn


# --- A class as a learning platform exports it ------------------------------------------------------------------------

PEOPLE = (
    *("Müller Zoë", "Wójcik Łukasz", "O'Brien Aoife", "李 小龙", "Иванова Нина", "علي محمد", "Ñúñez José", "Ærø Søren"),
    *("von der Heide Anna-Lena", "Tables, Bob", "Đặng Thu Trang", "Παππάς Γιώργος", "לוי עדי", "शर्मा यश", "Æ A-12 X"),
)
FILES = (
    *("{}.ipynb", "Copy of {}.ipynb", "{}_final.ipynb", "{} (1).ipynb", "abgabe {}.ipynb", "{}.ipynb.txt"),
    *("{}.ipynb.json", "{}-Änderung.ipynb"),
)
ENCODINGS = "utf-8", "utf-8-sig", "utf-16", "utf-8", "cp1252"
FORMS = "file", "zip", "folder", "copies", "zip in a zip", "file", "nothing", "folder", "pdf", "template", "with text"
HEADS = (
    "%matplotlib inline",
    "%load_ext autoreload\n%autoreload 2",
    "!pip install -q seaborn",
    "import seaborn as sns\nsns.set_theme()",
    "%config InlineBackend.figure_format = 'retina'",
    "from google.colab import drive\ndrive.mount('/content/drive')",
    'get_ipython().run_line_magic("matplotlib", "inline")',
)
DRAWN = 6_000_000  # bytes of a figure left in a notebook


def platform(people=60):
    """(the class's zip, the rows of truth.csv): a right notebook from nearly everybody, handed in as people do."""
    rows, made = [], io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(people):
            name, form = CLASS[number % len(CLASS)], FORMS[number % len(FORMS)]
            student = f"{PEOPLE[number % len(PEOPLE)]}_{48000 + number}_assignsubmission_file_"
            archive.mkdir(student)
            for path, data in handed_in(number, name, form).items():
                archive.writestr(f"{student}/{path}", data)
            points = 0 if form in ("nothing", "pdf") else sum(q.points for q in source.load(name).questions.values())
            rows.append((student, name, form, "graded" if points else "invalid-submission", points))
    return made.getvalue(), rows


def handed_in(number, name, form):
    """{path: bytes} of what somebody uploads."""
    file = FILES[number % len(FILES)].format(name)
    if form in ("nothing", "pdf"):
        return {"solution.pdf": b"%PDF-1.7"} if form == "pdf" else {}
    data = written_by(number, name).encode(ENCODINGS[number % len(ENCODINGS)])
    template = notebook(name, {}).encode()
    return {
        "zip": {"abgabe.zip": zipped({f"Übung/{file}": data, "__MACOSX/._x.ipynb": b"\0"})},
        "zip in a zip": {"alles.zip": zipped({"bilder/plot.png": b"\x89PNG", "innen.zip": zipped({file: data})})},
        "folder": {f"my work/{file}": data, f"my work/.ipynb_checkpoints/{name}-checkpoint.ipynb": template},
        "copies": {file: data, f"{name} (2).ipynb": data},
        "template": {file: data, f"{name}-template.ipynb": template},
        "with text": {file: data, "README.txt": b"Please see my notebook.", "data.csv": b"y,n\n1,2\n"},
    }.get(form, {file: data})


def zipped(files):
    """A zip as bytes of {path: bytes}."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            archive.writestr(path, data)
    return made.getvalue()


def written_by(number, name):
    """A right notebook as this person writes it."""
    whole = json.loads(notebook(name, solutions(name)))
    code = [cell for cell in whole["cells"] if cell["cell_type"] == "code"]
    for cell in code:
        cell["source"] = "".join(cell["source"])
    head = f"me = {48000 + number}  # für die Übung\n{HEADS[number % len(HEADS)]}"  # no two notebooks alike
    code[0]["source"] = f"{head}\n{code[0]['source']}   \n"
    if number % 3 == 0:  # everything in one cell
        code[0]["source"] = "\n\n".join(cell["source"] for cell in code)
        whole["cells"] = [cell for cell in whole["cells"] if cell not in code[1:]]
    if number % 13 == 0:
        picture = {"output_type": "display_data", "metadata": {}, "data": {"image/png": "A" * DRAWN}}
        code[0]["outputs"] = [picture]
    if number % 4 == 0:  # what was answered is spoilt by what comes after the last check
        names = " = ".join(source.load(name).questions)
        spoilt = {"cell_type": "code", "id": "last", "execution_count": None, "metadata": {}, "outputs": []}
        whole["cells"].append({**spoilt, "source": f"{names} = None\nnp = y = n = 0"})
    return json.dumps(whole, ensure_ascii=ENCODINGS[number % len(ENCODINGS)] == "cp1252")


def make_platform(folder):
    """Write the class's zip and truth.csv into `folder`."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    data, rows = platform()
    (folder / "class.zip").write_bytes(data)
    save_truth(folder, rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--submissions", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--platform", action="store_true")
    options = parser.parse_args()
    if options.platform:
        make_platform(options.folder)
    else:
        make(options.folder, options.submissions, options.seed)

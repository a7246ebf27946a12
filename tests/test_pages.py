"""What holds for every page and solution: no typed results, code that fits, all the parts that readers expect."""

import ast
import itertools
import os
import re
import subprocess
import sys

import pytest

import ledger
import page_code
import reader_notebooks
from tests.conftest import ROOT
from tests.pages import names

TEMPLATE = ROOT / "tools" / "book" / "new_page.md"  # what a new page begins as
PAGES = {f"{page.parent.name}/{page.stem}": page for page in [*ledger.pages(), *ledger.solutions(), TEMPLATE]}
NUMBERED = [name for name in PAGES if re.match(r"chapters/(0[1-9]|1\d|within)|book/", name)]
TESTED = [name for name, page in PAGES.items() if name.startswith("chapters") and names.tests_of(page)]
SOLUTIONS = [name for name in PAGES if name.startswith("solutions")]
DECIMAL = re.compile(r"(?<![\w.])\d+\.\d+(?![\w.]*\d)")


def typed_decimals(page):
    """The decimals typed in a page's prose that are neither an input, nor a quotation from the ledger, nor cited."""
    cells = ledger.load(page).cells
    code = [cell for cell in cells if cell.cell_type == "code"]
    literals = {float(number) for cell in code for number in re.findall(r"\d*\.\d+(?:e-?\d+)?", cell.source)}
    inputs = literals | {100 * number for number in literals}
    entries = ledger.read()
    quoted = " ".join(f"{entries[id].stated} {entries[id].inputs}" for cell in code for id in ledger.cited(cell))
    inputs |= {float(number) for number in DECIMAL.findall(quoted)}
    prose = [cell.source for cell in cells if cell.cell_type == "markdown"]
    prose += [str(cell.metadata.get("mystnb", "")) for cell in code]
    shown = re.sub(r"^```python\n.*?^```$", "", "\n\n".join(prose), flags=re.MULTILINE | re.DOTALL)
    for paragraph in re.split(r"\n\s*\n", shown):
        if "{cite" in paragraph:
            continue
        text = re.sub(r"\{glue:text\}`[^`]*`|[Pp]ython ?3\.\d+|(?:Attribution |BY |by/)4\.0", "", paragraph)
        yield from (
            number for number in DECIMAL.findall(text) if not any(abs(float(number) - i) < 1e-12 for i in inputs)
        )


@pytest.mark.parametrize("name", PAGES)
def test_no_computed_number_is_typed(name):
    assert list(typed_decimals(PAGES[name])) == []


@pytest.mark.parametrize(
    ("prose", "typed"),
    [
        ("The estimate is 0.123.", ["0.123"]),
        ("The estimate is {glue:text}`x:.3f`.", []),
        ("The rate is 0.25, an input.", []),
        ("A quarter is 25.0 per cent.", []),
        ("The lesson prints 0.108.", []),
        ("The lesson prints 9.062.", ["9.062"]),  # a number of the lesson, but not of this page
        ("They report 0.7 {cite}`someone`.", []),
        ("$\\tau = 3.5$", ["3.5"]),
        ("Python 3.13 or Python 3.12", []),
        ("under CC BY 4.0", []),
    ],
)
def test_a_typed_number_is_noticed(tmp_path, prose, typed):
    page = tmp_path / "page.md"
    cell = "```{code-cell} ipython3\n:lesson: [ex1.upper]\nrate = 0.25\n```"
    head = "---\nkernelspec: {name: python3, display_name: Python 3}\n---"
    page.write_text(f"{head}\n\n{prose}\n\n{cell}\n", encoding="utf8")
    assert list(typed_decimals(page)) == typed


@pytest.mark.parametrize("name", PAGES)
def test_code_fits_the_page(name):
    for cell in ledger.load(PAGES[name]).cells:
        if cell.cell_type == "code" and "remove-cell" not in cell.metadata.get("tags", []):
            lines = cell.source.split("\n")
            assert max(map(len, lines)) <= 80
            assert "hide-input" in cell.metadata.get("tags", []) or len(lines) <= 26


@pytest.mark.parametrize("name", NUMBERED)
def test_a_page_has_the_parts_that_a_reader_expects(name):
    text = PAGES[name].read_text(encoding="utf8")
    parts = [
        "minutes.*",
        "Guess first",
        "The data",
        "The idea in one figure",
        r"Try it|\{exercise\}",
        "Where it breaks",
        "Take-away",
    ]
    for part in [*parts, "Further reading"]:
        assert re.search(part, text)


@pytest.mark.parametrize("name", PAGES)
def test_every_figure_has_a_description_and_a_caption(name):
    for cell in ledger.load(PAGES[name]).cells:
        if cell.cell_type == "code" and "plt.show()" in cell.source:
            assert len(cell.metadata["mystnb"]["image"]["alt"]) > 80
            if name.startswith("chapters"):
                assert cell.metadata["mystnb"]["figure"]["caption"]
                assert cell.metadata["mystnb"]["figure"]["name"].startswith("fig-")


def code(name):
    """The code cells but for an exercise's questions, which tests/test_exercises.py looks at."""
    cells = [cell for cell in ledger.load(PAGES[name]).cells if cell.cell_type == "code"]
    return [cell for cell in cells if "questions" not in cell.metadata.get("tags", [])]


def is_removed(cell):
    """Does only who opens the page as a notebook see this cell?"""
    return "remove-cell" in cell.metadata.get("tags", [])


def handed_over(cell):
    """The names that a cell's call of `numbers`, its last statement, gives to the prose; none if there is no such."""
    match ast.parse(cell.source).body:
        case [*_, ast.Expr(ast.Call(ast.Name("numbers"), [], keywords))]:
            return [keyword.arg for keyword in keywords]
    return []


@pytest.mark.parametrize("name", PAGES)
def test_every_glued_value_is_used(name):
    text = PAGES[name].read_text(encoding="utf8")
    made = re.findall(r'glue\(\s*"([^"]+)"', text)
    made += [key for cell in code(name) if is_removed(cell) for key in handed_over(cell)]
    assert sorted(made) == sorted(set(re.findall(r"\{glue:text\}`([\w.]+)", text)))


@pytest.mark.parametrize("name", TESTED + SOLUTIONS)
def test_at_most_the_last_cell_is_removed_and_it_hands_numbers_to_the_prose(name):
    cells = code(name)
    removed = [number for number, cell in enumerate(cells) if is_removed(cell)]
    assert removed in ([], [len(cells) - 1])
    assert all(handed_over(cells[number]) for number in removed)


@pytest.mark.parametrize("name", TESTED + SOLUTIONS)
def test_a_page_is_checked_in_its_tests_and_not_in_front_of_its_readers(name):
    statements = (node for cell in code(name) for node in ast.walk(ast.parse(cell.source)))
    assert not any(isinstance(node, ast.Assert) for node in statements)


def spaced_by_hand(source):
    """Does the code print columns: a width in a format, or a run of spaces?"""
    prints = (n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Call) and ast.unparse(n.func) == "print")
    for node in (node for call in prints for node in ast.walk(call)):
        match node:
            case ast.FormattedValue(format_spec=ast.JoinedStr([ast.Constant(form), *_])):
                if re.match(r"[<>^+]?[1-9]", form):
                    return True
            case ast.Constant(str(text)) if "   " in text or re.search(r"\{\w*:[<>^+]?[1-9]", text):
                return True
    return False


@pytest.mark.parametrize("name", TESTED + SOLUTIONS)
def test_results_are_no_tables_spaced_by_hand(name):
    assert not any(spaced_by_hand(cell.source) for cell in code(name))


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('print("     n    raw  weight")', True),
        ('print(f"{x:8.2f}")', True),
        ('print(f"{name:<9s} {x}")', True),
        ('print("{:8.4f}{:10.4f}".format(a, b))', True),
        ('print(f"mean {x:.2f}, sd {s:+.3f}")', False),
        ('print("in {} of {}".format(a, b))', False),
        ('ax.set_title("a   b")', False),
    ],
)
def test_a_table_spaced_by_hand_is_noticed(source, found):
    assert spaced_by_hand(source) is found


def undefined(source):
    """What ruff says of names that the code uses and never defines."""
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--select=F821", "--output-format=concise", "-"]
    done = subprocess.run(command, input=source, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return re.findall("Undefined name `(.*?)`", done.stdout)


def imports_all(source):
    """Does the code bind hblib itself? Then nobody knows which of its files it uses, and when it has to run again."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [each.name if each.asname else each.name.split(".")[0] for each in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module for each in node.names if each.name == "*"]
        else:
            continue
        if "hblib" in names:
            return True
    return False


@pytest.mark.parametrize("name", PAGES)
def test_a_page_names_what_it_takes_of_hblib(name):
    assert not any(imports_all(cell.source) for cell in code(name))


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import hblib", True),
        ("import numpy, hblib as h", True),
        ("import hblib.lkj", True),  # the name that it binds is hblib
        ("from hblib import *", True),
        ("import hblib.lkj as lkj", False),
        ("from hblib import lkj", False),
        ("from hblib.lkj import *", False),
    ],
)
def test_an_import_of_all_of_hblib_is_noticed(source, found):
    assert imports_all(source) is found


def test_a_changed_hint_runs_the_page_again_that_prints_it(tmp_path, monkeypatch):
    pages = [ROOT / "chapters" / f"{name}.md" for name in ("how-the-checks-work", "01-pooling")]
    shows, only_has_it = map(page_code.fingerprint, pages)
    text = (ROOT / "solutions" / "01-hospitals.md").read_text(encoding="utf8")
    (tmp_path / "01-hospitals.md").write_text(f"{text}\n", encoding="utf8")
    monkeypatch.setenv("HBLIB_EXERCISES", str(tmp_path))
    assert page_code.fingerprint(pages[0]) != shows
    assert page_code.fingerprint(pages[1]) == only_has_it


CODE = "x = 1\ndef f():\n    return 'y'\n"


@pytest.mark.parametrize(
    ("name", "one", "other", "same"),
    [
        ("a.py", CODE, "# why\n" + CODE.replace("1", "1  # one"), True),
        ("a.py", CODE, '"""What."""\n' + CODE.replace("f():", 'f():\n    """A letter."""'), True),
        ("a.py", CODE, CODE.replace("1", "2"), False),
        ("a.py", CODE, CODE.replace("'y'", '"""z"""'), False),
        ("a.csv", "y\n1\n", "y\n2\n", False),
        ("requirements.txt", "numpy==1 # via a", "numpy==1 # via a, b", True),
        ("requirements.txt", "numpy==1 # via a", "numpy==2 # via a", False),
    ],
)
def test_what_reaches_no_result_runs_no_page(tmp_path, name, one, other, same):
    paths = tmp_path / "one" / name, tmp_path / "other" / name
    for path, text in zip(paths, (one, other), strict=True):
        path.parent.mkdir()
        path.write_text(text, encoding="utf8")
    assert (page_code.essence(paths[0]) == page_code.essence(paths[1])) is same


MEANT = {"chapters/how-the-checks-work": ["N"]}  # shows what a check says of a slip


@pytest.mark.parametrize("name", PAGES)
def test_what_a_reader_sees_runs_without_what_is_removed(name):
    """nbval and the book run every cell; a downloaded notebook holds only these."""
    assert undefined("\n\n".join(cell.source for cell in code(name) if not is_removed(cell))) == MEANT.get(name, [])


def test_a_name_that_only_a_removed_cell_defines_is_noticed():
    assert undefined("print(mean)\nmean = 1\nprint(sd)") == ["mean", "sd"]


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("05-empirical-bayes", ["chapters/05-empirical-bayes.md", "tests/pages/test_05.py"]),
        ("the-idea", ["chapters/the-idea.md", "tests/pages/test_the_idea.py"]),
        ("01-hospitals", ["solutions/01-hospitals.md"]),
        ("01-first-lines", ["solutions/01-first-lines.md", "tests/pages/test_01_first_lines.py"]),
        ("glossary", []),
    ],
)
def test_a_page_is_tested_by_its_own_tests_alone(name, files):
    assert names.files(name) == files


def test_make_says_that_there_is_no_such_page():
    command = [sys.executable, "-m", "tests.pages.names", "05-emprical-bayes"]
    assert "-m tests.pages.names" in (ROOT / "Makefile").read_text(encoding="utf8")
    settings = {**os.environ, "PYTHONPATH": "tools/book"}
    done = subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "There is neither chapters/05-emprical-bayes.md nor solutions/05-emprical-bayes.md\n"


RUN = "store = beta_binomial.posterior(y=2, n=20, alpha=5, beta=95)\n"


@pytest.fixture
def counted(project):
    """A copy in which page 0 notes each of its runs in a file."""
    project.runs = project.folder / "runs"
    project.edit("chapters/00-how-to-read.md", RUN, f"{RUN}open({str(project.runs)!r}, 'a').write('run ')\n")
    return project


@pytest.mark.site
@pytest.mark.parametrize(
    "asked",
    [
        ["chapters/00-how-to-read.md", "tests/pages/test_00.py"],
        ["chapters/00-how-to-read.md", "tests/pages/test_00.py", "tests/test_rates_pmf.py", "-n2"],
        ["tests/pages/test_00.py"],
    ],
    ids=["page and tests", "on two workers", "the tests alone"],
)
def test_a_page_runs_once_for_nbval_and_its_tests(counted, asked):
    code, output = counted.pytest(*asked)
    assert code == 0, output
    assert counted.runs.read_text() == "run "


@pytest.mark.site
def test_the_tests_of_a_page_notice_another_result(project):
    project.edit("chapters/00-how-to-read.md", RUN, RUN.replace("beta=95", "beta=85"))
    code, output = project.pytest("chapters/00-how-to-read.md", "tests/pages/test_00.py")
    assert code == 1
    assert "just_below_six_per_cent" in output


@pytest.mark.site
def test_the_tests_of_a_page_say_which_name_it_lost(project):
    project.edit("chapters/00-how-to-read.md", "store", "shop")
    code, output = project.pytest("chapters/00-how-to-read.md", "tests/pages/test_00.py")
    assert code == 1
    assert "00-how-to-read.md has no store" in output


@pytest.mark.parametrize("name", PAGES)
def test_no_cell_begins_or_ends_with_a_blank_line(name):
    """The website hides them, but in JupyterLab they are a hole in the page."""
    for cell in ledger.load(PAGES[name]).cells:
        assert cell.source == cell.source.strip("\n")


END = re.compile(r"(?<!\be\.g\.)(?<!\bi\.e\.)(?<=[.?!])[\"')”*_]*\s+(?=[\"'(“*_]*([A-Z$`{\[]|\d+ [a-z]))")
NOT_PROSE = r"\A---\n.*?^---$|^[ ]*(`{3,}|\$\$)[^\n]*\n.*?^[ ]*\1$|^[ ]*(:::|\||#|\+\+\+|:\w+:|\*About \d)[^\n]*$"
ITEM = re.compile(r"\s*([-*]|\d+\.) (\*\*\w\.\*\*)?")


def broken_lines(text):
    """The lines of a source's prose that hold two sentences, or end in the middle of one."""
    prose = re.sub(NOT_PROSE, "\n", text, flags=re.MULTILINE | re.DOTALL)
    for paragraph in re.split(r"\n\s*\n", prose):
        lines = paragraph.strip("\n").split("\n")
        yield from (line for line in lines if END.search(ITEM.sub("", line, count=1)))
        for line, following in itertools.pairwise(lines):
            next_item = ITEM.match(following) and ITEM.match(lines[0])
            defined = following.startswith("  ") and not line.startswith(" ") and not ITEM.match(line)  # a term is
            if not (next_item or defined or re.search(r"[.?!:;,…][\"')”*_`]*$", line)):
                yield line


@pytest.mark.parametrize("name", PAGES)
def test_a_line_of_a_source_is_a_sentence(name):
    """So that a change of a sentence is a change of a line."""
    assert list(broken_lines(PAGES[name].read_text(encoding="utf8"))) == []


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("One sentence.\nAnd another.", []),
        ("One sentence. And another.", ["One sentence. And another."]),
        ('He asked: "Why?" Nobody knew.', ['He asked: "Why?" Nobody knew.']),
        ("A line that ends\nin the middle.", ["A line that ends"]),
        ("It is 3 per cent and not\n1. Eight can.", ["It is 3 per cent and not"]),
        ("A list:\n\n- **a.** Yes.\n  It is so\n- **b.** No", []),
        ("- **a.** Yes. It is so\n- **b.** No", ["- **a.** Yes. It is so"]),
        ("- This item\n  goes on", ["- This item"]),
        ("term\n  What it means.", []),
        ("$$\na\nb\n$$", []),
        ("```python\na = 1\nb = 2. * A\n```", []),
    ],
)
def test_a_broken_line_is_noticed(text, broken):
    assert list(broken_lines(text)) == broken


@pytest.mark.parametrize("name", PAGES)
def test_a_source_has_no_holes(name):
    """Three blank lines are what an edit has left over."""
    assert "\n\n\n\n" not in PAGES[name].read_text(encoding="utf8")


def test_the_names_of_authors_are_spelt_in_letters():
    """BibTeX's marks for accents would stand in the labels of the references, and in the downloaded notebooks."""
    for entry in reader_notebooks.bibliography().values():
        names_of_all = [str(person) for people in entry.persons.values() for person in people]
        assert not [name for name in names_of_all if re.search(r"[\\{}]", name)]

"""Every case of `cases.py` gets its verdict, and a table of all of them goes to _build/hostile.md."""

import csv
import re
from xml.etree import ElementTree

import pytest

from tests.hostile.cases import CASES
from tests.hostile.conftest import ACTS, hblib, left
from tests.ordinary_user import ROOT

pytestmark = pytest.mark.sandbox

TABLE = ROOT / "_build" / "hostile.md"
NAMES = [case.name for case in CASES]


def got(result):
    """What became of a case, in the form of `Case.expected`."""
    of = {question["name"]: question for question in result["questions"]}
    outcomes = [of[name]["outcome"] if of else "" for name in ("q1", "q2")]
    found = of["q1"]["found"] if of else ""
    return (result["status"], *outcomes, result["points"], found, bool(result["warnings"]), tuple(result["flags"]))


def said(result):
    """All that a result says in words."""
    return "\n".join([result["reason"], *result["warnings"], *(each["message"] for each in result["questions"])])


def of(case, batch):
    """The result of a case; its name may hold what the grader takes out of names."""
    return batch.results[case.name.replace("/", "∕").replace("\x1b", "")]


def test_the_names_differ():
    numbers = [case.name.split()[0] for case in CASES]
    assert len(numbers) == len(set(numbers)) >= 120


@pytest.fixture(scope="module")
def table(corpus):
    """Write the table of what was expected and what came."""
    lines = [f"# The hostile corpus: {len(CASES)} notebooks in {corpus.seconds:.0f} s", ""]
    lines += ["| | case | expected | got |", "| --- | --- | --- | --- |"]
    for case in CASES:
        result = got(of(case, corpus))
        good = result == case.expected and case.says in said(of(case, corpus))
        cells = ["✓" if good else "✗", case.name, words(case.expected), words(result)]
        lines.append("| " + " | ".join(cell.replace("|", "\\|").replace("<", "&lt;") for cell in cells) + " |")
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text("\n".join(lines) + "\n", encoding="utf8")
    print(f"The table of the corpus is in {TABLE}")


def words(verdict):
    """A verdict in a few words."""
    status, q1, q2, points, found, warned, flags = verdict
    parts = [
        status,
        *(f"{name} {outcome}" for name, outcome in (("q1", q1), ("q2", q2)) if outcome),
        f"{points:g} points",
    ]
    return ", ".join([*parts, *([found] if found else []), *(["cells failed"] if warned else []), *flags])


@pytest.mark.parametrize("case", CASES, ids=NAMES)
@pytest.mark.usefixtures("table")
def test_a_case_gets_its_verdict(case, corpus):
    result = of(case, corpus)
    assert got(result) == case.expected, said(result)
    assert case.says in said(result)
    assert result["isolation"] == "bwrap"


@pytest.mark.parametrize("case", [case for case in CASES if not case.sandbox], ids=lambda case: case.name)
def test_a_harmless_case_gets_the_same_verdict_without_a_sandbox(case, unprotected):
    result = of(case, unprotected)
    assert got(result) == case.expected, said(result)
    assert case.says in said(result)
    assert result["isolation"] == "process"


def test_no_case_passes_for_trouble_of_the_graders(corpus, unprotected):
    assert corpus.done.returncode == unprotected.done.returncode == 0, corpus.done.stderr + unprotected.done.stderr


def test_nothing_survives(corpus):
    assert corpus.results
    assert left() == []


def test_no_report_acts_on_whoever_reads_it(corpus):
    written = [path for path in corpus.out.rglob("*") if path.is_file()]
    assert len([path for path in written if path.parent.name == "students"]) == len(CASES)
    texts = {str(path): path.read_bytes().decode("utf8") for path in written}
    texts |= {"printed": corpus.done.stdout, "progress": corpus.done.stderr}
    for name, text in texts.items():
        assert not ACTS.search(text), name
        assert not re.search(r"^\s*(::|##\[)", text, re.MULTILINE) or name.endswith((".csv", ".xml")), name
        assert not re.search(r"<(?!/?code>|br>)", text) or not name.endswith(".md"), name
    with (corpus.out / "grades.csv").open(encoding="utf8", newline="") as file:
        rows = list(csv.reader(file))
    assert len(rows) == len(CASES) + 1
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]
    suites = ElementTree.parse(corpus.out / "junit.xml").getroot()
    assert len(suites) == len(CASES)
    assert sum(int(suite.get("errors")) for suite in suites) == 0, "no case may pass for trouble of the grader's"


def test_the_results_are_valid(corpus, tmp_path):
    done = hblib("report", corpus.out / "results.json", "--out", tmp_path, writable=[tmp_path])
    assert done.returncode == 0, done.stderr
    assert f"{len(CASES)} results are valid" in done.stdout

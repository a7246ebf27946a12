"""Results as files: for programs (JSON, JUnit XML, CSV) and for people (Markdown, the terminal).

Every text here may come from a submission. It was cleaned when the result was made; what is left is escaped here for
the format in hand.
"""

import csv
import hashlib
import html
import json
import re
import threading
from collections import Counter, defaultdict
from pathlib import Path
from xml.etree import ElementTree

SCHEMA = Path(__file__).parent / "results.schema.json"
GRADED = ("graded", "graded-incomplete")
TROUBLES = 20  # questions in the list of those that many got wrong
NAME = 150  # bytes of a name in the name of a file: there it may have 255, with what is put around it
OWN = 3  # so many names and comments that are not the task's are a hand of one's own


def read(path):
    """The results in a file; ValueError unless they have the form of results.schema.json."""
    import jsonschema

    results = json.loads(Path(path).read_text(encoding="utf8"))
    try:
        jsonschema.validate(results, json.loads(SCHEMA.read_text(encoding="utf8")))
    except jsonschema.ValidationError as error:
        raise ValueError(f"{path} does not hold results: {error.json_path}: {error.message[:200]}") from None
    return results["results"]


def write(results, folder):
    """Write results.json, junit.xml and summary.md into a folder."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    save(folder / "results.json", json.dumps({"format": 1, "results": results}, indent=1) + "\n")
    save(folder / "junit.xml", junit(results))
    save(folder / "summary.md", summary(results))


def write_class(results, folder):
    """All that `write` writes, and grades.csv, flags.csv and a page for every student; older pages go."""
    folder = Path(folder)
    old = pages(folder)
    write(results, folder)
    for left in old - {page(folder, result["student"]) for result in results}:
        left.unlink(missing_ok=True)
    save_csv(folder / "grades.csv", grades(results))
    save_csv(folder / "flags.csv", [("student", "exercise", "flag"), *flags(results)])
    (folder / "students").mkdir(exist_ok=True)
    for student, own in by_student(results).items():
        save(page(folder, student), summary(own))


def page(folder, student):
    return folder / "students" / f"{slug(student)}.md"


def pages(folder):
    """The students' pages that belong to the results which are in a folder already: nobody else's files."""
    try:
        results = json.loads((folder / "results.json").read_text(encoding="utf8"))["results"]
        return {page(folder, result["student"]) for result in results}
    except (OSError, ValueError, LookupError, TypeError):
        return set()


def save(path, text):
    """Write a file at once or not at all, also where two threads write the same one."""
    unfinished = path.with_name(f".{path.name}.{threading.get_native_id()}.new")
    unfinished.write_text(text, encoding="utf8", newline="\n")
    unfinished.replace(path)


def save_csv(path, rows):
    with path.open("w", encoding="utf8", newline="") as file:
        csv.writer(file).writerows([[for_spreadsheet(value) for value in row] for row in rows])


def for_spreadsheet(value):
    """A value for a spreadsheet, which takes a text that begins like a formula for one.

    Where semicolons separate cells, as in German or French, what follows one in a text begins a cell as well.

    >>> for_spreadsheet("=1+1"), for_spreadsheet("x; =1+1"), for_spreadsheet(-0.5)
    ("'=1+1", "x;' =1+1", -0.5)
    """
    return FORMULA.sub(r"\g<0>'", value) if isinstance(value, str) else value


FORMULA = re.compile(r"(?:^|[;\t\r\n])(?=[^\S\t\r\n]*[=+\-@\uff1d\uff0b\uff0d\uff20])|^(?=[\t\r])")  # or in full width


def shortened(text):
    """As much of a text as has room in the name of a file, where bytes count and not letters.

    >>> len(shortened("x" * 999)), len(shortened("答" * 999))
    (150, 50)
    """
    return text.encode("utf8", "replace")[:NAME].decode("utf8", "ignore")


def slug(name):
    """A file name for any text; different texts give different names.

    >>> slug("anna"), slug("../etc")
    ('anna', '.._etc-f7f912')
    """
    plain = shortened(re.sub(r"[^\w.-]", "_", name))
    return plain if plain == name and plain.strip(".") else f"{plain}-{mark(name)}"


def mark(text):
    """A few letters that differ between texts.

    >>> mark("anna"), mark("Anna")
    ('55579b', 'bf4fcc')
    """
    return hashlib.sha256(text.encode("utf8", "surrogatepass")).hexdigest()[:6]


def by_student(results):
    """student -> the results, in the order in which they come."""
    groups = defaultdict(list)
    for result in results:
        groups[result["student"]].append(result)
    return groups


# --- Tables -----------------------------------------------------------------------------------------------------------


def grades(results):
    """A row a student, a column an exercise; empty where nothing was graded, which is not a zero.

    `possible` is the same for all: the points of all exercises in which anybody answered anything. A share of these
    does not grow when somebody leaves out an exercise, or hands in a file that nobody can read.
    """
    exercises = sorted({result["exercise"] for result in results if result["exercise"]})
    worth = {result["exercise"]: result["possible"] for result in results if answered(result)}
    possible = f"{sum(worth.values()):g}"
    rows = [("student", *exercises, "points", "possible")]
    for student, own in by_student(results).items():
        graded = {result["exercise"]: result for result in own if result["status"] in GRADED}
        points = [f"{graded[name]['points']:g}" if name in graded else "" for name in exercises]
        rows.append((student, *points, f"{sum(result['points'] for result in graded.values()):g}", possible))
    return rows


def flags(results):
    """(student, exercise, flag) for all that somebody should look at."""
    tried = Counter(result["exercise"] for result in results if answered(result))
    same = defaultdict(list)
    for result in results:
        if answered(result):
            same[result["exercise"], result["code"]].append(result)
    for result in results:
        who = result["student"], result["exercise"] or result["notebook"]
        if result["status"] not in ("graded", "set-aside"):
            yield *who, f"{result['status']}: {result['reason']}"
        for flag in result["flags"]:
            yield *who, flag
        twins = same.get((result["exercise"], result["code"]), [])
        if len(twins) > 1 and (unusual := peculiar(result)) and result["status"] in GRADED:
            count = f"{len(twins)} notebooks of {tried[result['exercise']]}"
            yield *who, f"identical code: {count}, with {unusual} ({result['code'][:8]})"


def peculiar(result):
    """What is unusual about a notebook's code; "" for a short right answer, which many find by themselves."""
    failed = [
        question["name"] for question in result["questions"] if question["outcome"] in ("wrong", "error", "partial")
    ]
    if failed:
        return f"the same mistakes in {', '.join(failed)}"
    return f"{result['own']} names and comments of its own" if result.get("own", 0) >= OWN else ""


def touched(result):
    """Does a notebook answer anything?"""
    return any(question["outcome"] != "not-answered" for question in result["questions"])


def answered(result):
    """Was it graded, and does it answer anything?"""
    return result["status"] in GRADED and touched(result)


# --- Markdown, XML, terminal ------------------------------------------------------------------------------------------

SIGNS = {"correct": "✓", "partial": "½", "not-answered": "…"}
ISOLATION = {
    "bwrap": "Run in a sandbox (bubblewrap).",
    "container": "Run in a container.",
    "process": "Run without a sandbox, which protects against nothing: good for one's own notebooks only.",
}


def markdown(text):
    """Text that Markdown takes for nothing but text, also on GitHub, where it may mention people and become a link.

    >>> markdown("<b>*a*</b>")
    '<code>&lt;b&gt;\\\\*a\\\\*&lt;/b&gt;</code>'
    >>> markdown("https://x.org")  # a space of no width is in it now
    '<code>https:&#8203;//x.org</code>'
    """
    escaped = re.sub(r"([\\`*_\[\]|~!#$])", r"\\\1", html.escape(text, quote=False))
    escaped = re.sub(r":(?=//)|www(?=\.)|(?<=[\w.+-])@(?=\w)", r"\g<0>&#8203;", escaped, flags=re.IGNORECASE)
    return f"<code>{escaped.strip()}</code>".replace("\n", "<br>") if text.strip() else ""


def summary(results):
    """Results for people, as Markdown: of a class first a table, then what many got wrong, then each notebook."""
    single = [line for result in results for line in _lines(result)]
    return "\n".join(single if len(by_student(results)) < 2 else [*_overview(results), *_troubles(results), *single])


def _overview(results):
    """A table of students by exercises."""
    head, *rows = grades(results)
    yield "# Points"
    yield ""
    yield "| " + " | ".join(map(markdown, head)) + " |"
    yield "| --- |" + " --- |" * (len(head) - 1)
    for row in rows:
        yield "| " + " | ".join([markdown(row[0]), *row[1:]]) + " |"
    yield ""


def _troubles(results):
    """The questions that fewest got right, with the mistake that most of those made who did not."""
    asked = defaultdict(list)
    for result in results:
        if result["status"] in GRADED and touched(result):
            for question in result["questions"]:
                asked[result["exercise"], question["name"]].append(question)
    missed = {which: [q for q in some if q["outcome"] != "correct"] for which, some in asked.items()}
    yield "# What many got wrong"
    yield ""
    yield "| question | not right | the most common mistake |"
    yield "| --- | --- | --- |"
    for (exercise, name), some in sorted(missed.items(), key=lambda each: -len(each[1]))[:TROUBLES]:
        if some:
            found = Counter(question["found"] or question["outcome"] for question in some).most_common(1)[0]
            count = f"{len(some)} of {len(asked[exercise, name])}"
            yield f"| {markdown(f'{exercise}: {name}')} | {count} | {markdown(found[0])} ({found[1]}) |"
    yield ""
    yield "# Notebooks"
    yield ""


def _lines(result):
    title = markdown(result["exercise"] or result["notebook"] or "nothing")
    who = f"{markdown(result['student'])}: " if result.get("student") else ""
    yield f"## {who}{title}"
    yield ""
    if result["status"] not in GRADED:
        yield f"Not graded ({result['status']}): {markdown(result['reason'])}"
        yield ""
        return
    yield f"**{result['points']:g} of {result['possible']:g} points.** {ISOLATION[result['isolation']]}"
    yield ""
    if result["reason"]:
        yield f"The notebook did not run to its end: {markdown(result['reason'])}"
        yield ""
    left = [question["name"] for question in result["questions"] if question["outcome"] == "not-answered"]
    if len(left) < len(result["questions"]):
        yield "| question | points | |"
        yield "| --- | --- | --- |"
    for question in result["questions"]:
        if question["name"] not in left:
            sign = SIGNS.get(question["outcome"], "✗")
            points = f"{question['points']:g} of {question['possible']:g}"
            yield f"| {sign} {markdown(question['name'])} | {points} | {markdown(question['message'])} |"
    yield ""
    if left:
        yield f"Not answered: {', '.join(map(markdown, left))}"
        yield ""
    for warning in result["warnings"]:
        yield f"- {markdown(warning)}"
    yield ""


def terminal(result):
    """A result for the terminal. No line begins as a submission likes, because CI systems obey some lines."""
    lines = [f"{result['student']}: " if result.get("student") else ""]
    lines[0] += f"{result['exercise'] or result['notebook']}: {result['status']}"
    lines[0] += f", {result['points']:g} of {result['possible']:g} points" if result["status"] in GRADED else ""
    lines += [result["reason"]] if result["reason"] else []
    lines += [f"{SIGNS.get(q['outcome'], '✗')} {q['name']}: {q['message']}" for q in result["questions"]]
    lines += result["warnings"]
    text = "\n".join(lines).replace("##[", "## [")  # GitHub's old commands work anywhere in a line
    return "\n".join(f"| {line}" for line in text.split("\n"))


def junit(results):
    """Results as JUnit XML, a suite a notebook and a case a question."""
    root = ElementTree.Element("testsuites")
    for result in results:
        name = ": ".join(filter(None, (result.get("student"), result["exercise"] or result["notebook"])))
        suite = ElementTree.SubElement(root, "testsuite", name=name, time=str(result["seconds"]))
        cases = result["questions"] or [{"name": "notebook", "outcome": result["status"], "message": result["reason"]}]
        for question in cases:
            case = ElementTree.SubElement(suite, "testcase", classname=name, name=question["name"])
            if question["outcome"] != "correct":
                kind = "error" if result["status"] == "not-graded" else "failure"
                ElementTree.SubElement(case, kind, message=question["outcome"]).text = question["message"]
        failures = sum(len(case) and case[0].tag == "failure" for case in suite)
        errors = sum(len(case) and case[0].tag == "error" for case in suite)
        suite.attrib.update(tests=str(len(cases)), failures=str(failures), errors=str(errors))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"

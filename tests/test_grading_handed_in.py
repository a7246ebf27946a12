"""What a class hands in, before and after the sandbox: whose it is, which exercise, how much of it, under which name.

Nothing here runs a notebook; the grader of a batch is one that gives points by itself.
"""

import html
import re
import threading
import tokenize
import types
from pathlib import Path

import pytest
from make_class import zipped

from hblib.coursework import checking, notebooks, source
from hblib.coursework.questions import Choice
from hblib.grading import batch, cli, collect, grade, report, submission
from tests.hostile import cases

NAMES = source.names()
FIRST = "01-hospitals"
SOLVED = notebooks.solved(FIRST)


def handed_in(folder, files):
    """What is found of {path: text or bytes} in the folder of a class."""
    for path, content in files.items():
        path = folder / "in" / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return collect.everything(folder / "in", folder / "unpacked")


class Marker:
    """Stands for a grader: a result for every notebook, with points by its name, and remembers whom it graded."""

    isolation, limits, secret = types.SimpleNamespace(name="bwrap"), None, b"secret"

    def __init__(self, **more):
        self.seen, self.more = [], more

    def grade(self, path, name=None):
        self.seen.append(Path(path))
        read = submission.read(path)
        question = {"name": "q", "outcome": "wrong", "points": 0, "possible": 1, "message": "m", "found": ""}
        code = {"sha256": read.sha256, "code": read.code, "questions": [question], **self.more}
        return grade.result(read.name, "graded", "bwrap", exercise=name, **code)

    def run(self, items, out):
        return batch.run(self, items, out, 2, done=lambda *_: None, more=lambda _: None)


def variant(number):
    """A notebook for the first exercise whose code no other has."""
    return cases.notebook(f'from hblib.coursework import exercise\ncheck = exercise("{FIRST}")\nx = {number}')


# --- Names ------------------------------------------------------------------------------------------------------------

LONG = ("答" * 81, "\U00020000" * 62, "x" * 240)


@pytest.mark.parametrize("name", LONG, ids=["Chinese", "four bytes a letter", "Latin"])
def test_a_long_name_stops_nobody_elses_grading(tmp_path, name):
    """In letters it is short enough for a file system; what counts there are bytes."""
    inner = f"{name[:100]}.ipynb"
    items, files, students = handed_in(
        tmp_path,
        {
            f"anna/{FIRST}.ipynb": SOLVED,
            f"ben/{name[:-1]}.ipynb": variant(1),
            "cleo/all.zip": zipped({inner: variant(2), f"{'答' * 5000}.ipynb": variant(3)}),
            f"{name}/x.ipynb": variant(4),
        },
    )
    assert [item.exercise for item in items] == [FIRST] * 5
    results = Marker().run(items, tmp_path / "out")
    report.write_class(results, tmp_path / "out")
    assert [result["status"] for result in results].count("graded") == len(students) == 4
    assert len(list((tmp_path / "out" / "students").iterdir())) == 4
    assert len(list((tmp_path / "out" / "results").rglob("*.json"))) == 5
    assert all(file.found for file in files)


def test_a_result_that_cannot_be_kept_is_a_result(tmp_path):
    items, _, _ = handed_in(tmp_path, {f"anna/{FIRST}.ipynb": SOLVED})
    (tmp_path / "out").write_text("where a folder should be")
    [result] = Marker().run(items, tmp_path / "out")
    assert result["status"] == "graded"


def test_a_zips_member_that_cannot_be_unpacked_is_told(tmp_path, monkeypatch):
    def full(self, name, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(collect.Room, "keep", full)
    items, [file, _], _ = handed_in(
        tmp_path, {"anna/all.zip": zipped({"x.ipynb": SOLVED}), f"ben/{FIRST}.ipynb": SOLVED}
    )
    assert "cannot be unpacked: No space left" in file.found
    assert [item.student for item in items] == ["ben"]


def test_names_that_look_the_same_are_two_students(tmp_path):
    names = "anna", "anna\u200b", "an\u00adna", "\u200banna"
    items, _, students = handed_in(tmp_path, {f"{name}/{FIRST}.ipynb": SOLVED for name in names})
    assert len(students) == len({item.student for item in items}) == 4
    assert all(re.fullmatch(r"anna(-[0-9a-f]{6})?", student) for student in students)
    assert next(item.student for item in items if item.path.parent.name == "anna") == "anna"
    assert [*collect.identities({"\u200b"}).values()] == ["", f"-{report.mark(chr(0x200B))}"], (
        "nobody is called nothing"
    )


def test_a_platforms_flat_files_belong_to_whoever_handed_them_in(tmp_path):
    """Moodle's, also where the file's own name comes from there, and Canvas's, also where it is late."""
    owners = {
        "Anna_1_assignsubmission_file_Bob_2_assignsubmission_file_01-hospitals.ipynb": "Anna_1_assignsubmission_file",
        "doejane_10234_556677_01-hospitals.ipynb": "doejane_10234",
        "doejane_10234_556678_02-easy-1.ipynb": "doejane_10234",
        "roe_LATE_7_556679_01-hospitals.ipynb": "roe_7",
        "doejane_10234_556679_x_5_assignsubmission_file_y.ipynb": "doejane_10234",
        "ben_2024_05_01.ipynb": "ben_2024_05_01",
        "hw1_01_20261201_anna.ipynb": "hw1_01_20261201_anna",
        "hw1_01_20261201_ben.ipynb": "hw1_01_20261201_ben",
    }
    items, _, students = handed_in(tmp_path, dict.fromkeys(owners, SOLVED))
    assert students == sorted({*owners.values()})
    assert {item.path.name: item.student for item in items} == owners


def test_a_file_in_the_place_of_a_folder_stops_nobody(tmp_path):
    (tmp_path / "c.zip").write_bytes(zipped({"ben/y": "x", "ben/y/01.ipynb": SOLVED, "anna/01.ipynb": SOLVED}))
    items, _, _ = collect.everything(collect.folder_of(tmp_path / "c.zip", tmp_path / "c"), tmp_path / "unpacked")
    assert [item.shown for item in items] == ["01.ipynb", "_y/01.ipynb"]


def test_what_a_mac_adds_to_a_zip_is_no_student(tmp_path):
    _, _, students = handed_in(tmp_path, {f"anna/{FIRST}.ipynb": SOLVED, "__MACOSX/anna/._x.ipynb": "x", ".git/x": "x"})
    assert students == ["anna"]


def test_a_folder_that_may_not_be_read_is_not_called_empty(tmp_path, monkeypatch):
    """Seen from root, who may read everything, by an error of the system's."""

    def closed(folder, onerror=None, **_):
        yield folder, ["anna"], []
        onerror(PermissionError(13, "Permission denied", f"{folder}/anna"))

    monkeypatch.setattr(collect.os, "walk", closed)
    with pytest.raises(PermissionError, match="anna"):
        collect.everything(tmp_path, tmp_path / "unpacked")


# --- Folders ----------------------------------------------------------------------------------------------------------


def asked(folder, files):
    _, files, _ = handed_in(folder, files)
    return collect.doubt(files, folder / "in")


def test_a_class_that_is_taken_for_one_student_is_asked_about(tmp_path):
    one_too_high = {f"class/{name}/{FIRST}.ipynb": SOLVED for name in ("anna", "ben")}
    assert "All notebooks are in 'class', which was taken for one student" in asked(tmp_path / "a", one_too_high)
    whole = zipped({f"{name}/{FIRST}.ipynb": SOLVED for name in ("anna", "ben")})
    assert "in 'class.zip'" in asked(tmp_path / "b", {"class.zip": whole, "list.csv": "anna"})
    (tmp_path / "c.zip").write_bytes(zipped(one_too_high))
    _, files, _ = collect.everything(collect.folder_of(tmp_path / "c.zip", tmp_path / "c"), tmp_path / "unpacked")
    assert "unpack the zip and name that folder" in collect.doubt(files, tmp_path / "c.zip")


def test_a_class_that_is_none_of_that_is_not_asked_about(tmp_path):
    several = {f"{name}/sub/{FIRST}.ipynb": SOLVED for name in ("anna", "ben")}
    for number, files in enumerate(
        [
            several,
            {f"anna/{FIRST}.ipynb": SOLVED},
            {"anna.ipynb": SOLVED},
            {"anna/all.zip": zipped({"x.ipynb": SOLVED})},
        ]
    ):
        assert not asked(tmp_path / str(number), files), files


@pytest.mark.parametrize("out", ["class", "class/grades", "class/../class/a/b"])
def test_the_results_do_not_go_into_the_class(tmp_path, capsys, out):
    """There the next run would take them for students."""
    (tmp_path / "class" / "anna").mkdir(parents=True)
    assert cli.main(["grade-batch", str(tmp_path / "class"), "--out", str(tmp_path / out)]) == 2
    assert "--out must not lie in" in capsys.readouterr().err
    assert [path.name for path in tmp_path.rglob("*")] == ["class", "anna"]


@pytest.mark.parametrize("name", ["unpacked", "exported", "unpacked/class"])
def test_a_class_is_not_deleted_for_its_name(tmp_path, capsys, name):
    """Each run empties two folders of the results."""
    (tmp_path / name / "anna").mkdir(parents=True)
    assert cli.main(["grade-batch", str(tmp_path / name), "--out", str(tmp_path)]) == 2
    assert "is emptied first" in capsys.readouterr().err
    assert (tmp_path / name / "anna").is_dir()


def test_a_folder_in_the_place_of_a_notebook_is_called_one(tmp_path):
    with pytest.raises(submission.Invalid, match="this is a folder; name the notebooks in it, or use grade-batch"):
        submission.read(tmp_path)


# --- Several notebooks of one student ---------------------------------------------------------------------------------


def test_which_of_several_notebooks_counts_is_told_by_its_place(tmp_path):
    """Also in zips; and each has a file of its own for its result."""
    files = {f"anna/{place}/{FIRST}.ipynb": variant(place) for place in (1, 2)}
    packed = {"anna/all.zip": zipped({"3/x.ipynb": variant(3), "4/x.ipynb": variant(4)})}
    items, _, _ = handed_in(tmp_path, files | packed)
    results = Marker().run(items, tmp_path / "out")
    shown = ["all.zip: 3/x.ipynb", "all.zip: 4/x.ipynb", f"1/{FIRST}.ipynb", f"2/{FIRST}.ipynb"]
    assert [result["notebook"] for result in results] == shown
    [[flag]] = [result["flags"] for result in results if result["flags"]]
    assert flag.endswith(f"the others: {', '.join(shown[1:])}")
    assert len(list((tmp_path / "out").rglob("*.json"))) == 4


def test_two_that_write_one_file_at_once_do_not_collide(tmp_path):
    def often():
        try:
            for _ in range(200):
                report.save(tmp_path / "x.json", "{}")
        except OSError as error:
            failed.append(error)

    failed = []
    threads = [threading.Thread(target=often) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert [path.name for path in tmp_path.iterdir()] == ["x.json"]


def test_what_one_student_can_ask_of_the_grader_is_bounded(tmp_path):
    """Of different notebooks for one exercise five are graded; of those that are late one is tried again alone."""
    files = {f"anna/{number:02}.ipynb": variant(number) for number in range(12)}
    items, _, _ = handed_in(tmp_path, {**files, "anna/copy of 00.ipynb": variant(0), f"ben/{FIRST}.ipynb": SOLVED})
    late = Marker(warnings=["code cell 1 was not done in time"])
    results = late.run(items, tmp_path / "out")
    assert len(late.seen) == (batch.EACH + 1) + (1 + 1)
    assert [result["status"] for result in results].count("graded") == 2
    aside = {result["notebook"]: result for result in results if result["status"] == "set-aside"}
    assert len(aside) == 12
    assert aside["copy of 00.ipynb"]["reason"] == "the same as 00.ipynb, which is graded"
    assert "more than 5 different notebooks" in aside["11.ipynb"]["reason"]
    flags = [flag for student, _, flag in report.flags(results) if student == "anna"]
    assert "12 different notebooks for one exercise, of which the first 5 were graded" in flags
    report.write_class(results, tmp_path / "out")
    assert report.read(tmp_path / "out" / "results.json") == results


def test_of_several_that_were_late_the_best_is_tried_again_and_a_second_run_says_the_same(tmp_path):
    """The later one has a point; alone it would have two."""
    items, _, _ = handed_in(tmp_path, {f"anna/{number}.ipynb": variant(number) for number in (0, 1)})

    class Crowded(Marker):
        def grade(self, path, name=None):
            result = super().grade(path, name)
            late = self.seen.count(Path(path)) == 1
            warnings = ["code cell 1 was not done in time"] if late else []
            return {**result, "points": int(path.stem) * (1 if late else 2), "warnings": warnings}

    first, again = Crowded(), Crowded()
    results = first.run(items, tmp_path / "out")
    assert [path.stem for path in first.seen][2:] == ["1"]
    assert max(result["points"] for result in results if result["status"] == "graded") == 2
    assert again.run(items, tmp_path / "out") == results
    assert not again.seen


def test_an_untouched_notebook_makes_no_exercise_one_that_was_asked_for(tmp_path):
    def result(student, exercise, outcome):
        question = {"name": "q", "outcome": outcome, "points": 0, "possible": 1, "message": "m", "found": ""}
        return {"student": student, **grade.result("x", "graded", "bwrap", exercise=exercise, questions=[question])}

    head, *rows = report.grades([result("anna", FIRST, "wrong"), result("ben", "02-easy", "not-answered")])
    assert head == ("student", FIRST, "02-easy", "points", "possible")
    assert rows == [("anna", "0", "", "0", "1"), ("ben", "", "0", "0", "1")]


# --- What is in a notebook --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    ["01-hospitals.ipynb", "exercises/01-hospitals.ipynb", "01-Hospitals", " 01-hospitals", "x\\\\01-hospitals.md"],
)
@pytest.mark.parametrize("file", ["01-hospitals.ipynb", "x.ipynb", "01-hospitals and 02-easy.ipynb"])
def test_what_the_check_understands_the_grader_understands(said, file):
    made = submission.Submission(file, "", (f'check = exercise("{said}")',))
    assert submission.exercise_of(made, NAMES) == source.named(said) == FIRST


def test_a_file_called_after_another_exercise_is_refused_still():
    made = submission.Submission("02-easy.ipynb", "", ('check = exercise("01-hospitals")',))
    with pytest.raises(submission.Invalid, match="its code is that of another"):
        submission.exercise_of(made, NAMES)


def test_no_line_is_so_long_that_reading_it_takes_minutes(monkeypatch):
    """Python's tokenize takes a time that grows with its square."""
    longest = []

    def watched(readline):
        for line in iter(readline, ""):
            longest.append(len(line))
            yield tokenize.TokenInfo(tokenize.NAME, line[:9], (1, 0), (1, 9), line)

    monkeypatch.setattr(submission.tokenize, "generate_tokens", watched)
    trap = '0 and f"' + "{0}" * 1_500_000 + '"'
    made = submission.Submission("x.ipynb", "", ("x = 1", trap, f"y = 1\n{trap}"))
    assert len(made.code) == 64
    assert submission.words(made.cells) == {"x = 1", "y = 1"}
    assert longest == [5, 5, 5], "once for the hash, and twice for the words, which are not hidden by a long line"
    assert submission.Submission("x.ipynb", "", ("x = 1", f"{trap} ", f"y = 1\n{trap}")).code == made.code
    assert submission.Submission("x.ipynb", "", ("x = 1", f"{trap}0", f"y = 1\n{trap}")).code != made.code


def with_pictures(size):
    """A right notebook with a picture of so many letters in a text, in two forms, and widgets of so many."""

    def change(made):
        data = f"data:image/png;base64,{'iVBORw0KGgo+/9' * (size // 14)}"
        made.cells.insert(0, {"cell_type": "markdown", "source": [f"![x]({data})\n", f'<img src="{data}">']})
        made.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": {"x": ["]"] * (size // 5)}}}

    return change


def test_pictures_in_the_text_do_not_count(tmp_path):
    cases.changed(with_pictures(5_500_000))(tmp_path / "x.ipynb")
    assert (tmp_path / "x.ipynb").stat().st_size > 15_000_000
    assert submission.read(tmp_path / "x.ipynb").cells == submission.code_cells(cases.RIGHT)


def test_what_is_too_large_without_pictures_is_told_how_to_become_small():
    with pytest.raises(submission.Invalid, match="5 MB even without its outputs and pictures; shorten its cells"):
        submission.code_cells(cases.notebook("x" * 6_000_000))


# --- Reports ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("=1+1", "'=1+1"),
        (" =1", "' =1"),
        ("x;=1+1", "x;'=1+1"),
        ("a; @b;+c;-1", "a;' @b;'+c;'-1"),
        ("\n=1", "\n'=1"),
        ("\tx", "'\tx"),
        ("\uff1d1\uff0b1", "'\uff1d1\uff0b1"),
        ("Anna Müller-Lüdenscheidt", "Anna Müller-Lüdenscheidt"),
        ("x = 1, -1; y", "x = 1, -1; y"),
    ],
)
def test_no_cell_is_a_formula_whatever_separates_cells(tmp_path, text, shown):
    assert report.for_spreadsheet(text) == shown
    report.save_csv(tmp_path / "x.csv", [[text, 1]])
    for line in re.split(r"[;\r\n]", (tmp_path / "x.csv").read_text(encoding="utf8", errors="strict")):
        assert not re.match(r'"?\s*[=+@\uff1d-]', line)


@pytest.mark.parametrize(
    "text",
    ["see https://evil.org/x", "HTTP://evil.org", "www.evil.org", "WWW.evil.org", "a@evil.org"],
)
def test_a_students_text_becomes_no_link(text):
    """What GitHub makes a link of is an address's `://`, `www.` or `@` between letters."""
    link = re.compile(r"\w://|\bwww\.|\w@\w", re.IGNORECASE)
    assert link.search(text)
    assert not link.search(html.unescape(report.markdown(text)))


def test_the_page_of_who_is_gone_goes_and_nothing_else(tmp_path):
    def write(*students):
        results = [{"student": student, **grade.result("x.ipynb", "graded", "bwrap")} for student in students]
        report.write_class(results, tmp_path)
        return sorted(path.name for path in (tmp_path / "students").iterdir())

    write("anna", "ben")
    (tmp_path / "students" / "notes.md").write_text("the teacher's own")
    assert write("anna", "benjamin") == ["anna.md", "benjamin.md", "notes.md"]
    (tmp_path / "results.json").write_text("{")
    assert write("anna") == ["anna.md", "benjamin.md", "notes.md"], "whose pages they are cannot be told"


# --- Sentences --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "letter",
    ["c", "\u0441", "\uff43", "\u0421)", "\uff43\uff09 because"],
    ids=["Latin", "Cyrillic", "wide", "C", "both"],
)
def test_the_right_letter_from_another_keyboard_is_right(letter):
    choice = Choice("inspect", points=1, feedback={"a": "No.", "b": "No."})
    exercise = types.SimpleNamespace(namespace={"inspect": "c"})
    assert checking.judge(exercise, choice, letter).outcome == "correct"


def test_another_letter_of_another_keyboard_is_shown_as_it_is():
    choice = Choice("inspect", points=1, feedback={"a": "No.", "b": "No."})
    verdict = checking.judge(types.SimpleNamespace(namespace={"inspect": "c"}), choice, "\u0432")
    assert verdict.message.endswith("but is the text '\u0432'.")

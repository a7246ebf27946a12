"""What Python in the page is made of is what it should be, wherever it comes from; and the site tells the truth."""

import json
import zipfile

import nbformat
import pytest

import course
import fetch
from hblib.coursework import notebooks, source

pytestmark = pytest.mark.web
RIGHT = b"the right file"


def right(name):
    return RIGHT


def wrong(name):
    return b"another file"


def nothing(name):
    return None


def unreachable(name):
    raise OSError("no network")


def got(folder, *sources, silent=None):
    return fetch.fetched("a.whl", fetch.digest(RIGHT), folder / "kept", sources, {} if silent is None else silent)


def test_the_first_source_that_has_the_right_file_is_taken_and_the_file_is_kept(tmp_path):
    path = got(tmp_path, nothing, unreachable, wrong, right)
    assert path.read_bytes() == RIGHT
    assert got(tmp_path, unreachable) == path
    assert [each.name for each in path.parent.iterdir()] == ["a.whl"]


def test_a_kept_file_that_somebody_changed_is_fetched_anew(tmp_path):
    got(tmp_path, right).write_bytes(b"changed")
    assert got(tmp_path, right).read_bytes() == RIGHT


def test_a_file_that_nobody_has_is_missed_with_the_reasons(tmp_path):
    with pytest.raises(fetch.Missing, match=r"a\.whl is not to be had .*unreachable: no network; wrong: another file"):
        got(tmp_path, unreachable, wrong, nothing)
    assert not list(tmp_path.rglob("*.whl"))


def test_who_does_not_answer_is_asked_once(tmp_path):
    asked, silent = [], {}

    def slow(name):
        asked.append(name)
        raise TimeoutError("no answer")

    for _ in range(3):
        with pytest.raises(fetch.Missing, match="slow: no answer"):
            got(tmp_path, slow, silent=silent)
    assert asked == ["a.whl"]


def test_who_did_not_answer_one_build_is_asked_by_the_next(tmp_path, monkeypatch):
    """Both in one process: what the first learned of the network, the second finds out for itself."""
    lock = json.dumps(
        {
            "packages": {
                name: {"depends": [], "file_name": "a.whl", "sha256": fetch.digest(RIGHT)} for name in fetch.PACKAGES
            }
        }
    ).encode()
    monkeypatch.setattr(fetch, "CACHE", tmp_path)
    monkeypatch.setattr(fetch, "CORE", {"pyodide-lock.json": fetch.digest(lock)})
    monkeypatch.setattr(fetch, "from_npm", lambda name: lock)
    for name in ("from_cdn", "from_mirror"):
        monkeypatch.setattr(fetch, name, unreachable)
    with pytest.raises(fetch.Missing, match="no network"):
        fetch.files()
    monkeypatch.setattr(fetch, "from_cdn", right)
    assert fetch.files()["a.whl"].read_bytes() == RIGHT


def test_a_folder_of_ones_own_comes_first(tmp_path, monkeypatch):
    assert fetch.own("a.whl") is None
    monkeypatch.setenv("COURSE_PYTHON_FILES", str(tmp_path))
    assert fetch.own("a.whl") is None
    (tmp_path / "a.whl").write_bytes(RIGHT)
    assert fetch.own("a.whl") == RIGHT


def test_what_is_written_by_half_is_not_there(tmp_path):
    def write():
        with fetch.whole(tmp_path / "a") as part:
            part.write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write()
    assert not list(tmp_path.iterdir())


def test_a_package_brings_what_it_rests_on(python_folder):
    needs = fetch.wheels(python_folder / "pyodide-lock.json")
    assert {name.split("-")[0] for name in needs["scipy"]} == {"numpy", "openblas", "scipy"}
    assert {*needs["numpy"]} <= {*needs["scipy"]} & {*needs["xarray"]}


# --- What the site tells the page -------------------------------------------------------------------------------------


def test_the_list_of_files_is_true(python_folder):
    manifest = json.loads((python_folder / "manifest.json").read_text())
    assert {*fetch.CORE, manifest["course"]} <= {*manifest["files"]}
    assert {file for files in manifest["packages"].values() for file in files} <= {*manifest["files"]}
    for name, told in manifest["files"].items():
        content = (python_folder / name).read_bytes()
        assert (told["bytes"], told["sha256"]) == (len(content), fetch.digest(content))
        if name in fetch.CORE:
            assert told["sha256"] == fetch.CORE[name]


def test_the_site_grows_by_no_more_than_45_megabytes(python_folder):
    front_end = 400_000
    assert sum(path.stat().st_size for path in python_folder.rglob("*") if path.is_file()) + front_end < 45_000_000


def test_the_course_goes_without_the_grader_and_does_not_change_by_itself(python_folder):
    name, content = course.archive()
    assert (python_folder / name).read_bytes() == content
    with zipfile.ZipFile(python_folder / name) as archive:
        files = set(archive.namelist())
    assert {f"solutions/{each}.md" for each in source.names()} | {"hblib/datasets/radon.csv", "inpage.py"} <= files
    grading = {file.removeprefix("hblib/grading/") for file in files if "grading" in file}
    assert grading <= {"__init__.py", "inside/__init__.py", "inside/codec.py", "results.schema.json"}


@pytest.mark.parametrize("name", source.names())
def test_the_page_has_the_cells_of_the_notebook(name):
    told = course.exercise(name)
    notebook = nbformat.reads(notebooks.student(name), as_version=4)
    assert [(each["id"], each["source"]) for each in told["cells"]] == [
        (each.id, each.source) for each in notebook.cells
    ]
    questions = source.load(name).questions
    assert told["points"] == {each.name: each.points for each in questions.values()}
    for kind in ("answer", "check"):
        assert [each["question"] for each in told["cells"] if each["kind"] == kind] == list(questions)


def test_only_draws_are_left_to_the_notebook():
    left = {
        (name, cell["question"])
        for name in source.names()
        for cell in course.exercise(name)["cells"]
        if cell["kind"] == "answer" and cell.get("packages")
    }
    assert left == {("06-hard", "theta5"), ("08-forms", "draws")}

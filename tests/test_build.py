"""`make book` fails when it should, and does nothing when there is nothing to do.

Each case runs in a copy of the project that has a small book in place of the course's.
"""

import os
import pickle
import re
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from bs4 import BeautifulSoup
from jupyter_cache.cache.main import JupyterCacheBase

import run_ahead
from hblib import datasets
from tests import left_out, small_book
from tests.conftest import ROOT, Project, copy_of_course

pytestmark = pytest.mark.site

PUBLIC = "https://github.com/example/course"
UNKNOWN = dict.fromkeys(["BOOK_REPOSITORY", "BOOK_ADDRESS", "GITHUB_REPOSITORY"], "")
RUN = {
    *(f"chapters/{name}" for name, text in small_book.PAGES.items() if "code-cell" in text),
    *(f"solutions/{name}" for name in small_book.EXERCISES),
    "chapters/18-my-page",
}


@dataclass(frozen=True)
class Built:
    """A copy of the course, its build that was killed, and the build after it; each build is (exit code, output)."""

    project: Project
    stamped: bool
    done: tuple[int, str]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A copy that shares this environment.

    One build shows several things: it comes after one that was killed, in a home that cannot be written, for a course
    with a public repository and a new page. The tests of what fails go on from there, as authors do.
    """
    book = copy_of_course(tmp_path_factory.mktemp("book"))
    small_book.write(book.folder)
    (book.folder / "_build").mkdir()
    shutil.copy2(ROOT / "_build" / ".environment", book.folder / "_build")
    (book.folder / ".venv").symlink_to(sys.prefix)
    shutil.copy2(book.folder / "tools" / "book" / "new_page.md", book.folder / "chapters" / "18-my-page.md")
    last = "  - file: chapters/lesson-numbers\n"
    book.edit("_toc.yml", last, f"{last}  - file: chapters/18-my-page\n")
    kill_when_a_page_runs(book.folder)
    stamped = (book.folder / "_build/html/.checked").exists()
    home = {"HOME": "/nonexistent/home", "MPLCONFIGDIR": "", "XDG_CACHE_HOME": "", "XDG_RUNTIME_DIR": ""}
    return Built(book, stamped, book.run("make", "book", BOOK_REPOSITORY=PUBLIC, **home))


def kill_when_a_page_runs(folder):
    """Begin to build the book, and kill everything in the midst of a page."""
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "start_new_session": True}
    options |= {"cwd": folder, "env": {**os.environ, "PYTHONPATH": str(folder)}}
    with subprocess.Popen(["make", "book"], **options) as build:
        said = []
        while "Executing notebook" not in (line := build.stdout.readline()):
            said.append(line)
            assert line, "".join(said)
        os.killpg(build.pid, signal.SIGKILL)


@pytest.fixture
def book(built, monkeypatch):
    """The copy when it has been built, to change it and build again; afterwards its sources are what they were."""
    assert built.done[0] == 0, built.done[1]
    monkeypatch.setenv("BOOK_REPOSITORY", PUBLIC)  # another address, and all pages would be written anew
    folders = ("chapters", "hblib", "tests", "tools")
    files = [path for folder in folders for path in (built.project.folder / folder).rglob("*.*") if path.is_file()]
    texts = {path: path.read_bytes() for path in files if path.suffix != ".pyc"}
    yield built.project
    for path, text in texts.items():
        if path.read_bytes() != text:
            path.write_bytes(text)


def executed(done):
    """The pages that a build had to run."""
    _, output = done
    return set(re.findall(r"(\w+/[\w-]+)\.md(?:\x1b\[[0-9;]*m)*: Executing notebook", output))


def test_a_build_that_was_killed_is_done_again(built):
    assert not built.stamped
    assert built.done[0] == 0, built.done[1]
    assert (built.project.folder / "_build/html/.checked").exists()


def test_a_home_that_cannot_be_written_does_no_harm(built):
    assert built.done[0] == 0, built.done[1]
    assert executed(built.done) == RUN


def test_a_page_that_begins_as_contributing_says_is_in_the_site(built):
    page = built.project.folder / "_build" / "html" / "chapters" / "18-my-page.html"
    text = BeautifulSoup(page.read_text(encoding="utf8"), "html.parser").select_one("article").get_text()
    y, n = datasets.surgical()[1:]
    assert f"The highest raw rate is {(y / n).max():.2f}." in text


def test_a_sound_change_builds(book):
    """The control for the failures below."""
    book.edit("chapters/01-pooling.md", "## Take-away", "A sound change.\n\n## Take-away")
    done = book.run("make", "book")
    assert done[0] == 0, done[1]
    assert executed(done) == set()
    assert "A sound change." in (book.folder / "_build/html/chapters/01-pooling.html").read_text(encoding="utf8")


def test_the_buttons_of_a_course_with_a_public_repository_lead_somewhere(book):
    html = book.folder / "_build" / "html"
    for page in RUN:
        links = [a["href"] for a in BeautifulSoup((html / f"{page}.html").read_text(), "html.parser")("a", href=True)]
        binder = urlsplit(next(link for link in links if "mybinder.org" in link))
        assert binder.path == "/v2/gh/example/course/HEAD"
        opened = parse_qs(binder.query)["urlpath"][0].removeprefix("lab/tree/")
        assert (book.folder / opened).is_file()
        colab = urlsplit(next(link for link in links if "colab.research.google.com" in link))
        assert "hblib @ git+https://github.com/example/course" in opened_by_colab(html, colab)
    page = BeautifulSoup((html / "chapters/01-pooling.html").read_text(), "html.parser")
    download, binder, colab, _ = (a["href"] for a in page.select_one(".exercise-links").find_all("a"))
    assert "%pip install" in (html / "chapters" / download).read_text(encoding="utf8")
    assert (book.folder / parse_qs(urlsplit(binder).query)["urlpath"][0].removeprefix("lab/tree/")).is_file()
    assert "hblib @ git+https://github.com/example/course" in opened_by_colab(html, urlsplit(colab))


def opened_by_colab(html, address):
    """The text of the notebook that a link to Colab opens from the published site."""
    path = re.fullmatch(r"/github/example/course/blob/gh-pages/(.+\.ipynb)", address.path)[1]
    return (html / path).read_text(encoding="utf8")


def test_a_failing_cell_fails_the_build(book):
    book.edit("chapters/00-how-to-read.md", 'print("It runs.")', "assert 1 == 2")
    code, output = book.run("make", "book")
    assert code != 0
    assert "AssertionError" in output


def test_a_warning_fails_the_build(book):
    # not in index.md: where the table of contents stands has changed, Sphinx writes all pages anew
    book.edit("chapters/which-model.md", "(02-beta-binomial.md)", "(02-puddling.md)")
    code, output = book.run("make", "book")
    assert code != 0
    assert "02-puddling" in output


def test_a_number_that_left_the_ledger_fails_the_build(book):
    book.edit("chapters/lesson_numbers.toml", 'stated = "9.11"', 'stated = "9.12"')
    code, output = book.run("make", "book")
    assert code != 0
    assert "the ledger says '9.12', but the book prints '9.11'" in output


def test_new_code_runs_the_pages_that_use_it_again_and_no_others(book):
    build = (Path(sys.executable).parent / "jupyter-book", "build", ".", "--keep-going")
    assert executed(book.run(*build)) == set()
    book.edit("hblib/james_stein.py", "import numpy as np\n", "import numpy as np\n\nANOTHER = 1\n")
    rest_on_it = {"chapters/04-stein", "solutions/04-stein"}
    done = book.run(*build)
    assert executed(done) == rest_on_it
    assert behind(done) == rest_on_it
    for file in ("hblib/grading/report.py", "tests/conftest.py", "tools/hblib_alone.py"):
        with (book.folder / file).open("a", encoding="utf8") as unused:
            unused.write("ANOTHER = 1\n")
    with (book.folder / "hblib/james_stein.py").open("a", encoding="utf8") as used:
        used.write("# a comment\n")
    done = book.run(*build)
    assert executed(done) == set()
    assert behind(done) == set()


def behind(done):
    """The pages of which a build says that other code is behind them now."""
    code, output = done
    assert code == 0, output
    return {name for names in re.findall(r"the code has changed behind: (.*)", output) for name in names.split(", ")}


def test_nothing_to_do_costs_nothing(book):
    (book.folder / "_build/html/.checked").touch()
    _, output = book.run("make", "-n", "book")
    assert "jupyter-book build" not in output
    assert "rm -rf" not in output
    assert "setup.sh" not in output


@pytest.fixture
def finished(project):
    """A copy in which everything is set up and built, as far as make can see."""
    venv, built = project.folder / ".venv", project.folder / "_build"
    venv.mkdir()
    (built / "html").mkdir(parents=True)
    (venv / ".ready").write_text(f"{venv.resolve()}\n")
    (built / ".environment").touch()
    code, output = project.run("make", "_build/.address", **UNKNOWN)
    assert code == 0, output
    (built / "html" / ".checked").touch()
    return project


def is_to_be_built(project, **settings):
    code, output = project.run("make", "-n", "book", **UNKNOWN | settings)
    assert code == 0, output
    return "jupyter-book build" in output


@pytest.mark.parametrize("setting", UNKNOWN)
def test_another_address_of_the_course_is_built(finished, setting):
    assert not is_to_be_built(finished)
    assert is_to_be_built(finished, **{setting: "example/course"})


def test_another_origin_of_the_course_is_built(finished):
    git = left_out.unless_installed("git")
    for command in (["init", "--quiet"], ["remote", "add", "origin", PUBLIC]):
        assert not is_to_be_built(finished)
        finished.run(git, *command)
    assert is_to_be_built(finished)


def test_every_file_that_a_page_reads_is_built_again_when_it_changes(project):
    """The files that stand in the built site's own list of what its pages depend on."""
    environment = pickle.loads((ROOT / "_build" / ".doctrees" / "environment.pickle").read_bytes())
    root = Path(environment.srcdir)
    read = {(root / name).resolve() for names in environment.dependencies.values() for name in names}
    read = {path.relative_to(root).as_posix() for path in read if path.is_relative_to(root)}
    _, output = project.run("make", "-n", "--print-data-base", "help")
    sources = re.search(r"^SOURCES := (.*)$", output, flags=re.MULTILINE)[1].split()
    assert {"LICENSE", "CITATION.cff", "chapters/lesson_numbers.toml", "hblib/beta_binomial.py"} <= {*read}
    assert {name for name in read if not name.startswith(("_build/", ".venv/"))} - {*sources} == set()


def test_an_environment_that_was_moved_is_made_anew(project):
    (project.folder / ".venv").mkdir()
    (project.folder / ".venv/.ready").write_text("/where/it/was\n")
    assert "tools/setup.sh .venv requirements.txt" in project.run("make", "-n", "book")[1]
    here = (project.folder / ".venv").resolve()
    (project.folder / ".venv/.ready").write_text(f"{here}\n")
    assert "setup.sh" not in project.run("make", "-n", "book")[1]


def test_pages_that_run_side_by_side_are_kept_one_by_one(monkeypatch):
    """Between two looks of the cache at what is too many, another page's result would be taken for that."""
    inside, most = [], []

    def keep(page):
        inside.append(page)
        most.append(len(inside))
        time.sleep(0.02)  # whoever is let in comes now
        inside.remove(page)
        return page

    monkeypatch.setattr(JupyterCacheBase, "cache_notebook_bundle", keep)
    with run_ahead.kept_one_by_one(), ThreadPoolExecutor(8) as pool:
        assert [*pool.map(lambda page: JupyterCacheBase.cache_notebook_bundle(page), range(8))] == [*range(8)]
    assert most == [1] * 8
    assert JupyterCacheBase.cache_notebook_bundle is keep

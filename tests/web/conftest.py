"""What Python in the page is made of, and what it finds: from Node, which runs it as a browser does."""

import json
import subprocess
from pathlib import Path

import pytest

import course
import fetch
from browser import Missing, chromium, program
from tests import left_out
from tests.web.reader import BUILT, Readers, served

collect_ignore = ["inside.py"]  # runs in the page's Python alone


@pytest.fixture(scope="session")
def python_folder(tmp_path_factory):
    """The site's folder _static/python, but for the front-end."""
    folder = tmp_path_factory.mktemp("site") / "python"
    course.write(fetch.files(), folder)
    return folder


@pytest.fixture(scope="session")
def inside(python_folder):
    """What inside.py finds in the page's Python."""
    command = [fetch.program("node"), Path(__file__).with_name("pyodide.mjs"), python_folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def address():
    """Where the built site is served."""
    with served(BUILT) as found:
        yield found


@pytest.fixture(scope="module", name="browser")
def a_browser():
    """The system's browser; where there is none, what needs it is left out."""
    try:
        program()
    except Missing as reason:
        left_out.leave_out(f"what the pages do in a browser, since {reason}")
    with chromium() as found:
        yield found


@pytest.fixture
def readers(browser, address):
    """Readers, each with a window that is closed after the test."""
    found = Readers(browser, address)
    yield found
    for each in found:
        each.window.close()

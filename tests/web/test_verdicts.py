"""In the page every answer to every exercise is met by the words that it gets in the notebook."""

import json
import subprocess

import pytest

import course
import fetch
from hblib.coursework import source
from tests.web import verdicts

NAMES = source.names()


@pytest.fixture(scope="module")
def in_page(tmp_path_factory):
    """Exercise -> what the page says of its answers: one Python for all, as it takes seconds to start."""
    folder = tmp_path_factory.mktemp("python")
    course.write(fetch.files(), folder)
    command = [fetch.program("node"), verdicts.__file__.replace(".py", ".mjs"), folder, *NAMES]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", NAMES)
def test_the_page_says_what_the_notebook_says(in_page, name):
    assert in_page[name] == verdicts.in_notebook(name)

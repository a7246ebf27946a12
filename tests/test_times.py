"""The line under a page's title: how long it takes, with its exercises, and what it builds on."""

import functools
import re

import pytest
import yaml

from hblib.coursework import notebooks, source
from tests.conftest import ROOT

CHAPTERS = ROOT / "chapters"
PARTS = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf8"))["parts"]
CORE = [
    entry["file"].removeprefix("chapters/")
    for part in PARTS[: [part["caption"] for part in PARTS].index("Exercises")]
    for entry in part["chapters"]
]
LINE = re.compile(
    r"\A(?:---\n.*?^---\n+)?# [^\n]+\n\n"
    r"\*About (?P<reading>\d+) minutes(?:, and (?P<exercises>\d+) for the exercises?)?\. "
    r"Builds on (?P<base>[^\n]+)\.\*\n\n",  # a paragraph of its own
    flags=re.MULTILINE | re.DOTALL,
)
ROW = re.compile(
    r"^\| \*\*(?P<who>[^*]+)\*\* \|(?P<pages>[^|]+)\| (?P<reading>\d+) \| (?P<exercises>\d+) \|$", re.MULTILINE
)
PATHS = {row["who"]: row for row in ROW.finditer((CHAPTERS / "00-how-to-read.md").read_text(encoding="utf8"))}


def linked(text):
    """The pages of the course that a text links to, without those of its parts."""
    return re.findall(r"\]\(([\w-]+)\.md\)", text)


def line(page):
    found = LINE.search((CHAPTERS / f"{page}.md").read_text(encoding="utf8"))
    assert found, f"{page}.md has no line '*About N minutes, and M for the exercises. Builds on ….*' under its title"
    return found


@functools.cache
def heads():
    return [notebooks.about(name) for name in source.names()]


def exercises(page):
    """The minutes of a page's exercises, from the heads of their solutions."""
    return sum(head["minutes"] for head in heads() if head["page"] == page)


@pytest.mark.parametrize("page", CORE)
def test_the_exercises_take_as_long_as_the_heads_of_their_solutions_say(page):
    assert int(line(page)["exercises"] or 0) == exercises(page)


def test_the_exercises_stand_in_the_contents_in_the_order_of_the_pages():
    [after] = [entry for part in PARTS for entry in part["chapters"] if entry["file"] == "solutions/index"]
    text = "".join((CHAPTERS / f"{page}.md").read_text(encoding="utf8") for page in CORE)
    on_the_pages = re.findall(r"^```\{exercise\} (\S+)$", text, flags=re.MULTILINE)
    assert [entry["file"].removeprefix("solutions/") for entry in after["sections"]] == on_the_pages


@pytest.mark.parametrize("page", CORE)
def test_a_page_builds_on_what_comes_earlier(page):
    assert set(linked(line(page)["base"])) <= set(CORE[: CORE.index(page)])


def test_there_are_ways_through_the_book_and_one_takes_all_of_it():
    assert len(PATHS) > 3
    assert any(set(linked(row["pages"])) >= set(CORE[2:]) for row in PATHS.values())


@pytest.mark.parametrize("who", PATHS)
def test_a_way_through_the_book_takes_as_many_hours_as_its_pages(who):
    """In whole hours."""
    pages = linked(PATHS[who]["pages"])
    minutes = {"reading": sum(int(line(page)["reading"]) for page in pages), "exercises": sum(map(exercises, pages))}
    said = {what: int(PATHS[who][what]) for what in minutes}
    assert said == {what: round(total / 60) for what, total in minutes.items()}, "in chapters/00-how-to-read.md"

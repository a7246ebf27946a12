"""What holds for every page and solution: no typed results, code that fits, all the parts that readers expect."""

import re

import pytest

import ledger

PAGES = {f"{page.parent.name}/{page.stem}": page for page in [*ledger.pages(), *ledger.solutions()]}
NUMBERED = [name for name in PAGES if re.match(r"chapters/(0[1-9]|1\d)", name)]
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
        text = re.sub(r"\{glue:text\}`[^`]*`|[Pp]ython ?3\.\d+", "", paragraph)
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


@pytest.mark.parametrize("name", PAGES)
def test_every_glued_value_is_used(name):
    text = PAGES[name].read_text(encoding="utf8")
    made = re.findall(r'glue\(\s*"([^"]+)"', text)
    assert sorted(made) == sorted(set(re.findall(r"\{glue:text\}`([\w.]+)", text)))


@pytest.mark.parametrize("name", PAGES)
def test_no_cell_begins_or_ends_with_a_blank_line(name):
    """The website hides them, but in JupyterLab they are a hole in the page."""
    for cell in ledger.load(PAGES[name]).cells:
        assert cell.source == cell.source.strip("\n")

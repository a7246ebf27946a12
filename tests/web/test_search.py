"""The search finds: what a reader types first leads to the page that teaches it, however it is spelt."""

import pytest

from tests.web.reader import BUILT, Reader

pytestmark = pytest.mark.site

# What somebody types -> the page that teaches it.
FIRST = {
    "shrinkage": "chapters/01-pooling",
    "funnel": "chapters/08-parameterization",
    "half-Cauchy": "chapters/07-priors-for-tau",
    "divergences": "chapters/08-parameterization",
    "partial pooling": "chapters/01-pooling",
    "empirical Bayes": "chapters/05-empirical-bayes",
    "Beta-Binomial": "chapters/02-beta-binomial",
    "eight schools": "chapters/03-normal-normal",
    "LKJ": "chapters/09-multilevel-regression",
    "non-centered": "chapters/08-parameterization",
    "random effects": "chapters/09-multilevel-regression",
    "prior for tau": "chapters/07-priors-for-tau",
    "James-Stein": "chapters/04-stein",
    "kappa": "chapters/03-normal-normal",
    "posterior predictive check": "chapters/10-checking",
    "credible interval": "chapters/06-eb-or-full-bayes",
    "R-hat": "chapters/10-checking",
    "MCMC": "chapters/the-idea",
    "varying slopes": "chapters/09-multilevel-regression",
    "exchangeability": "chapters/the-idea",
    "method of moments": "chapters/05-empirical-bayes",
    "new group": "chapters/10-checking",
    "regression to the mean": "chapters/12-thousands-of-groups",
    "Binder": "chapters/00-how-to-read",
    "hierarchical model": "chapters/the-idea",
    "coverage": "chapters/06-eb-or-full-bayes",
    "REML": "chapters/05-empirical-bayes",
    "winner's curse": "chapters/12-thousands-of-groups",
    "conjugate": "chapters/02-beta-binomial",
    "full Bayes": "chapters/03-normal-normal",
    "contextual effect": "chapters/within-and-between",
    "variational": "chapters/in-practice",
    "ranking": "chapters/12-thousands-of-groups",
    "bootstrap": "chapters/06-eb-or-full-bayes",
    "leave-one-out": "chapters/10-checking",
    "grading": "chapters/grade-a-class",
    "install": "chapters/00-how-to-read",
    "halfcauchy": "chapters/07-priors-for-tau",
    "betabinomial": "chapters/02-beta-binomial",
    "tumour": "chapters/02-beta-binomial",
    "newsvendor": "chapters/11-stores-and-chains",
    "beta_binomial.fit": "chapters/reference/beta_binomial",
    "james_stein": "chapters/reference/james_stein",
}
# One word in several spellings: the same pages, and the same first.
SAME = [
    ["non-centred", "non-centered", "noncentred", "noncentered", "non centred", "Non‑centred"],
    ["tumour", "tumor", "tumours", "TUMORS"],
    ["hyperprior", "hyper-prior", "hyperpriors", "hyper prior"],
    ["R-hat", "rhat", "r hat"],
    ["half-Cauchy", "half cauchy", "Half–Cauchy"],
    ["parameterization", "parametrization", "parameterisation", "parametrisation"],
    ["multilevel", "multi-level"],
    ["standardise", "standardize", "standardised", "standardized"],
    ["James-Stein", "James–Stein", "james stein"],
    ["tau", "τ"],
    ["kappa", "κ"],
]
# As if typed one after the other; (page, anchor) of each result, best first.
ALL = """queries => queries.map(query =>
    Search._performSearch(...Search._parseQuery(query)).reverse().map(([page, , anchor]) => [page, anchor]))"""


@pytest.fixture(scope="module")
def window(browser, address):
    reader = Reader(browser, address)
    yield reader
    reader.window.close()


@pytest.fixture(scope="module")
def found(window):
    """The results of all the queries, from one load of the page."""
    window.open("search.html").page.wait_for_function("() => window.Stemmer && Search.hasIndex()")
    queries = list(dict.fromkeys([*FIRST, *(query for group in SAME for query in group)]))
    return dict(zip(queries, window.page.evaluate(ALL, queries), strict=True))


@pytest.mark.parametrize("query", FIRST)
def test_the_page_that_teaches_it_comes_first(found, query):
    assert found[query], "nothing is found"
    assert found[query][0][0] == FIRST[query]


@pytest.mark.parametrize("group", SAME, ids=lambda group: group[0])
def test_spellings_find_the_same(found, group):
    assert found[group[0]]
    for query in group[1:]:
        assert found[query][0] == found[group[0]][0], query
        assert {page for page, _ in found[query]} == {page for page, _ in found[group[0]]}, query


def test_the_glossary_comes_before_reference_and_solutions(found):
    pages = [page for page, _ in found["shrinkage"]]
    chapter, glossary = (
        pages.index("chapters/01-pooling"),
        found["shrinkage"].index(["chapters/glossary", "#term-shrinkage"]),
    )
    behind = [n for n, page in enumerate(pages) if page.startswith(("solutions/", "chapters/reference/"))]
    assert chapter < glossary < min(behind)


def test_every_term_of_the_glossary_leads_to_a_page_that_its_entry_names(window, found):
    window.open("search.html").page.wait_for_function("() => window.Stemmer && Search.hasIndex()")
    pages = window.page.evaluate(
        """() => Object.entries(Search._index.indexentries)
            .map(([term, places]) => [term, places.filter(([, anchor]) => anchor === "main-content")])
            .filter(([, places]) => places.length)
            .map(([term, places]) => [term, places.map(([page]) => Search._index.docnames[page])])"""
    )
    assert len(pages) > 100
    results = window.page.evaluate(ALL, [term for term, _ in pages])
    firsts = [(term, named, each[0][0]) for (term, named), each in zip(pages, results, strict=True)]
    assert [each for each in firsts if each[2] not in each[1]] == []


def test_by_keyboard(window):
    """Ctrl+K, a word, Enter; the next stop after the field is the first result, and Enter opens it."""
    page = window.open("chapters/index.html").page
    page.wait_for_load_state()
    page.keyboard.press("Control+k")
    page.locator("dialog input[name=q]").wait_for()
    page.keyboard.type("funnel")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=funnel")
    first = page.locator("#search-results li a").first
    first.wait_for()
    page.keyboard.press("Tab")
    assert first.evaluate("link => link === document.activeElement")
    page.keyboard.press("Enter")
    page.wait_for_url("**/chapters/08-parameterization.html*")


def test_the_word_that_was_found_is_in_view(window):
    page = window.open("search.html?q=catheter").page
    page.locator("#search-results li a").first.click()
    page.wait_for_function(
        """() => {
            const found = [...document.querySelectorAll("article .highlighted")].find((each) => each.checkVisibility());
            const { top, bottom } = found?.getBoundingClientRect() ?? { top: -1 };
            return top >= 0 && bottom <= innerHeight;
        }"""
    )


def test_the_first_results_show_some_words_of_their_text(window):
    page = window.open("search.html?q=partial pooling").page
    page.get_by_text("the group’s own data and the population, in proportion to what each is worth").wait_for()
    page.wait_for_load_state("networkidle")
    words = [text.replace("\u2026", "") for text in page.locator("#search-results p.context").all_inner_texts()]
    assert len(words) == 6 < page.locator("#search-results li").count()
    assert all("pool" in text for text in words)
    assert not any("plt." in text or "np." in text for text in words)


def test_those_words_are_the_texts_and_not_the_buttons(window):
    page = window.open("search.html?q=tau").page
    page.locator("#search-results p.context").first.wait_for()
    page.wait_for_load_state("networkidle")
    words = page.locator("#search-results p.context").all_inner_texts()
    assert len(words) > 3
    assert not any(each in text for text in words for each in (".ipynb", "Contents", "JupyterLab on your computer"))


def test_in_those_words_a_power_and_a_fraction_read_as_such(window):
    page = window.open("search.html?q=tau").page
    page.wait_for_function("() => window.Stemmer && Search.hasIndex()")
    row = "<mi>N</mi><msup><mn>5</mn><mn>2</mn></msup><mfrac><mn>1</mn><mrow><mn>2</mn><mi>n</mi></mrow></mfrac>"
    body = f"<body><div role=main><math><mrow>{row}</mrow></math></div></body>"
    assert page.evaluate("body => Search.htmlToText(body, '').trim()", body) == "N5^21/(2n)"


def test_from_a_file_it_finds_too(window):
    page = window.open((BUILT / "search.html").as_uri() + "?q=funnel").page
    first = page.locator("#search-results li a").first
    assert first.get_attribute("href").startswith("chapters/08-parameterization.html")
    page.get_by_text("Search finished").wait_for()
    assert not [error for error in window.raised if "fetch" in error]


@pytest.mark.parametrize(
    ("typed", "offered"), [("qqqzzz", None), ("shrinkge", "shrinkage"), ("hyperparmeter", "hyperparameter")]
)
def test_where_nothing_is_found_a_sentence_helps(window, typed, offered):
    page = window.open(f"search.html?q={typed}").page
    said = page.locator(".search-summary")
    said.get_by_text("No page holds all of these words").wait_for()
    links = [link.get_attribute("href") for link in said.locator("a").all()]
    assert [link.removeprefix("./") for link in links[-2:]] == ["chapters/glossary.html", "genindex.html"]
    if offered is None:
        assert "Did you mean" not in said.inner_text()
    else:
        said.get_by_role("link", name=offered, exact=True).click()
        page.locator("#search-results li a").first.wait_for()

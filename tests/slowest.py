"""Where the time of a test run went: a line for each of the slowest files; and these files begin first.

Two workers that take the longest files first end together; one that comes to a long file last keeps the other waiting.
"""

from collections import Counter

# Those that take the most of the processor first, what they start included.
FIRST = (
    "tests/web/test_access.py",
    "tests/hostile/test_corpus.py",
    "tests/test_grading.py",
    "tests/web/test_figures.py",
    "tests/web/test_verdicts.py",
    "tests/web/test_weight.py",
    "tests/test_grade_page.py",
    "tests/test_exercises.py",
    "tests/test_grade_batch.py",
    "chapters/16-faster-than-nuts.md",
    "chapters/11-stores-and-chains.md",
    "chapters/09-multilevel-regression.md",
    "tests/test_full_bayes.py",
    "tests/test_build.py",
    "chapters/pymc-recipes.md",
    "chapters/08-parameterization.md",
    "tests/test_nuts.py",
    "tests/test_classroom.py",
    "tests/web/test_browser.py",
    "tests/hostile/test_walls.py",
    "tests/test_odd_answers.py",
    "tests/test_grading_luck.py",
    "tests/test_site.py",
    "tests/test_answers.py",
    "tests/test_ledger.py",
    "tests/test_interface.py",
    "chapters/13-yes-no-how-many.md",
    "chapters/14-crossed-and-nested.md",
    "chapters/10-checking.md",
    "tests/test_beta_binomial.py",
    "tests/test_pages.py",
    "tests/web/test_print.py",
)


def rank(nodeid):
    """Where a test stands in the order of a run; tests of the same rank stay as they are.

    >>> rank("tests/test_grading.py::test_a") < rank("tests/test_times.py::test_a") == rank("hblib/priors.py::mode")
    True
    """
    name = nodeid.partition("::")[0]
    return FIRST.index(name) if name in FIRST else len(FIRST)


def lines(stats, number=10):
    """The seconds of each of the slowest files, worst first, from pytest's lists of reports by outcome.

    Fewer than a second is not worth a line.
    """
    seconds = Counter()
    for report in (report for reports in stats.values() for report in reports if hasattr(report, "duration")):
        seconds[report.nodeid.partition("::")[0]] += report.duration
    slow = [(name, total) for name, total in seconds.most_common(number) if total >= 1]
    return [f"{total:7.0f} s  {name}" for name, total in slow]

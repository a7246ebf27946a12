"""The solution "Five groups, one of them far out"."""

import arviz as az


def test_the_run_is_fit_for_use(page):
    assert int(page.idata.sample_stats["diverging"].sum()) <= 40  # of 8000 paths
    assert az.rhat(page.theta5) < 1.03
    assert az.ess(page.theta5) > 400

"""Page 12: rates of thousands of counties, planes and stores."""

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet
from scipy import stats

from hblib import beta_binomial, frames, priors
from hblib._numerics import rates_counts
from tests.chance import assert_near

SHRUNK, TRUE = 1, 2  # the rates of a chosen list; 0 has the raw ones
BY_RAW, BY_SHRUNK = 0, 1


# --- Counties and planes ----------------------------------------------------------------------------------------------


def test_the_fit_to_the_counties_is_the_maximum_in_25_digits(page):
    """Computed from scratch."""
    assert abs(page.prior.alpha / 14.84973859563442541 - 1) < 1e-12
    assert abs(page.prior.beta / 304847.7407176396407 - 1) < 1e-12


def test_the_fifty_highest_raw_rates_were_more_than_four_times_the_nations(page):
    assert page.then > 4


def test_most_of_the_fifty_highest_raw_rates_drop_back_and_a_few_stay_among_the_fifty_highest(page):
    above = np.isin(page.worst, np.argsort(-page.estimate)[:50])
    assert 0 < above.sum() < 10
    from_mean = (page.estimate[page.worst] - page.prior.mu) / page.estimate.std()
    assert (from_mean > 0).all()
    assert np.mean(from_mean < 2) > 2 / 3


def test_counting_the_shuffled_flights_gives_the_table_of_planes(page):
    assert (page.flown == page.planes.n).all()
    assert (page.delayed == page.planes.y).all()


def test_the_fit_to_the_planes_agrees_with_an_independent_program(page):
    assert abs(page.fleet.alpha - 14.16619) < 1e-5
    assert abs(page.fleet.beta - 47.05331) < 1e-5


def test_the_sum_over_k_agrees_with_hblib_and_scipy(page):
    assert abs(page.gain - (page.whole[0] - page.whole[1])) < 1e-8
    ends = ((14, 47), (10, 40))
    by_scipy = [stats.betabinom(page.flown, a, b).logpmf(page.delayed).sum() for a, b in ends]
    assert abs(by_scipy[0] - by_scipy[1] - page.gain) < 1e-6


def test_the_plain_sum_has_thousands_of_times_more_terms_than_there_are_counties(page):
    assert page.n.max() > 15_000_000
    assert page.n.max() > 1000 * len(page.n)


def test_hblib_sums_far_fewer_terms_about_six_per_county(page):
    assert len(rates_counts.count_tails(page.delayed, page.flown).k) <= page.flown.max()
    terms = len(rates_counts.count_tails(page.y, page.n).k)
    assert terms < page.n.max() / 100
    assert round(terms / len(page.n)) == 6


def test_few_terms_give_the_likelihood_of_the_counties(page):
    y, n = page.y, page.n
    by_lgamma = [stats.betabinom(n, a, b).logpmf(y).sum() for a, b in ((15.0, 300_000.0), (12.0, 250_000.0))]
    by_terms = beta_binomial.log_marginal(y, n, [15.0, 12.0], [300_000.0, 250_000.0])
    assert abs((by_lgamma[0] - by_lgamma[1]) - (by_terms[0] - by_terms[1])) < 1e-3


def test_full_bayes_agrees_with_a_plain_grid_of_log_mu_and_log_size(page):
    """Brute force, every theta for itself."""
    y, n, prior = page.y, page.n, page.prior
    theta = beta_binomial.full_bayes(y, n, priors.power(-1.5)).theta
    mean, sd = theta.mean(), theta.std()
    plug_in = prior.posterior(y, n)
    assert np.isclose(page.shift, np.abs(mean / plug_in.mean() - 1).max())
    assert np.isclose(page.wider, (sd / plug_in.std()).max() - 1)
    log_mu = (np.log(prior.mu) + np.linspace(-0.08, 0.08, 41))[:, None]
    log_size = (np.log(prior.size) + np.linspace(-0.6, 0.6, 41))[None, :]
    mu, size = np.exp(log_mu), np.exp(log_size)
    log_p = beta_binomial.log_marginal(y, n, mu * size, (1 - mu) * size)
    p = np.exp(log_p - log_p.max()) * mu * size**-0.5
    p /= p.sum()
    for j in [0, 17, *page.worst[:3], n.argmax()]:
        given = (mu * size + y[j]) / (size + n[j])
        exact = (p * given).sum()
        variance = (p * (given * (1 - given) / (size + n[j] + 1) + (given - exact) ** 2)).sum()
        assert abs(exact / mean[j] - 1) < 1e-5
        assert abs(np.sqrt(variance) / sd[j] - 1) < 1e-4


def test_with_thousands_of_counties_next_to_nothing_is_lost_by_plugging_in(page):
    assert page.shift < 0.01
    assert page.wider < 0.05


def growth(page, J, samples, rng):
    """By how many per cent full Bayes is wider, in samples of J planes in which the plug-in has a phi above 0."""
    found = []
    for _ in range(samples):
        chosen = rng.choice(len(page.flown), J, replace=False)
        some = page.delayed[chosen], page.flown[chosen]
        fit = beta_binomial.fit(*some)
        if fit.phi > 0:
            sd = beta_binomial.full_bayes(*some, priors.power(-1.5)).theta.std()
            found.append(100 * np.median(sd / fit.posterior(*some).std()) - 100)
    return found


@pytest.mark.parametrize(("row", "J", "samples", "least", "most"), [(0, 10, 120, 1.8, 8), (1, 50, 80, 0.1, 1)])
def test_the_middle_of_forty_samples_has_the_standard_error_of_the_text(page, row, J, samples, least, most):
    """By drawing with replacement from other samples; and the page's middle agrees with theirs."""
    rng = np.random.default_rng(25)
    others = growth(page, J, samples, rng)
    error = np.std(np.median(rng.choice(others, (2000, 40 * len(others) // samples)), axis=1))
    assert least < error < most
    assert abs(float(page.growths.iloc[row, 0].split()[0]) - np.median(others)) < 5 * error + 0.5


# --- Winners ----------------------------------------------------------------------------------------------------------


def test_the_raw_rates_promised_two_to_six_times_the_deaths_that_came(page):
    promise = page.lists["promised"] / page.lists["came"]
    assert ((promise > 2) & (promise < 6.5)).all()


def test_the_surprise_of_the_list_of_fifty_is_the_largest_and_upwards(page):
    surprise = page.lists["off by (sd)"]
    assert surprise.abs().max() == surprise[50] < 2.5


def test_the_deviations_of_the_lists_are_in_standard_deviations(page):
    """Of deaths that come by chance, at rates that we doubt."""
    doubt = page.prior.posterior(page.y, page.n).var()
    for length, row in page.lists.iterrows():
        top = np.argsort(-page.raw)[:length]
        sd = np.sqrt(row["expected"] + ((page.rise * page.n_later) ** 2 * doubt)[top].sum())
        assert np.isclose(row["off by (sd)"], (page.y_later[top].sum() - row["expected"]) / sd)


def test_500_data_sets_are_enough_for_the_digits_shown(page):
    """All in units of the averages' standard errors."""

    def error(values):
        return values.std(axis=0, ddof=1) / np.sqrt(len(values))

    assert 4 * error(page.tops)[BY_RAW, 0] < 0.005
    assert (2 * error(page.tops)[BY_RAW, SHRUNK:] < 0.001).all()
    assert (2 * error(page.tops)[BY_SHRUNK, SHRUNK:] < 0.001).all()
    assert 4 * error(np.array(page.naive)) < 0.5


@pytest.mark.parametrize("chosen", [BY_RAW, BY_SHRUNK])
def test_the_estimates_of_the_chosen_are_right_on_average(page, chosen):
    difference = page.tops[:, chosen, SHRUNK] - page.tops[:, chosen, TRUE]
    assert_near(difference.mean(), 0, difference.std() / np.sqrt(len(difference)), 0.0003)


def test_the_fitted_prior_is_worth_80_visits_on_average(page):
    assert abs(np.mean(page.worth) - 80) < 1.5


# --- Histograms -------------------------------------------------------------------------------------------------------


def test_triple_goal_estimates_agree_with_integrals(page):
    """The pooled posterior by its distribution function, and expected ranks by integrating it: no draws."""
    stores = len(page.sold)
    grid = np.linspace(0, 0.5, 801)
    (rows_n, rows_y), where = np.unique([page.visits, page.sold], axis=1, return_inverse=True)
    where = where.ravel()
    cdf = page.stores.posterior(rows_y[:, None], rows_n[:, None]).cdf(grid)
    pooled = np.bincount(where) @ cdf / stores
    exact = np.interp(page.parts, pooled, grid)
    assert np.abs(np.sort(page.triple_goal) - exact)[30:-30].max() < 0.001
    exact_rank = stores * ((cdf[:, 1:] - cdf[:, :-1]) @ ((pooled[1:] + pooled[:-1]) / 2))[where]
    assert np.corrcoef(exact_rank, page.expected_rank)[0, 1] > 0.99


def test_the_variance_of_means_plus_the_mean_of_variances_is_the_priors(page):
    mu, size = page.stores.mu, page.stores.size
    pooled = np.sqrt(page.store_mean.var() + page.stores.posterior(page.sold, page.visits).var().mean())
    assert abs(pooled - np.sqrt(mu * (1 - mu) / (size + 1))) < 0.002
    assert abs(page.triple_goal.std() - pooled) < 0.001


def test_shrunk_rates_are_too_narrow_and_raw_rates_too_wide(page):
    bars = [np.histogram(rates, page.bins)[0] for rates in (page.store_mean, page.truth)]
    assert 2 < bars[0].max() / bars[1].max() < 3
    assert abs(int(bars[0].argmax()) - int(bars[1].argmax())) <= 1
    assert page.store_mean.std() < 0.6 * page.truth.std() < 0.4 * page.store_raw.std()


def test_in_each_of_200_data_sets_shrunk_rates_are_too_narrow_and_raw_rates_too_wide(page):
    """By the counts above 0.15 and by the standard deviations; the sum of the probabilities is right on average."""
    rng, counted = np.random.default_rng(23), []
    for _ in range(200):
        t, s, v = page.simulate(rng)
        post = beta_binomial.fit(s, v).posterior(s, v)
        sizes = [(x > 0.15).sum() for x in (post.mean(), t, s / v)]
        counted.append([*sizes, post.sf(0.15).sum(), post.mean().std(), t.std(), (s / v).std()])
    shrunk, true, raw, expected, sd_shrunk, sd_true, sd_raw = np.transpose(counted)
    assert ((shrunk < true) & (true < raw)).all()
    assert ((sd_shrunk < sd_true) & (sd_true < sd_raw)).all()
    difference = expected - true
    assert_near(difference.mean(), 0, difference.std() / np.sqrt(200), 2)


# --- Which counties ---------------------------------------------------------------------------------------------------


def test_2000_draws_are_enough_for_the_numbers_of_the_ranking(page):
    for chosen in (page.order[:50], page.worst):
        number = page.hits[:, chosen].sum(axis=1)
        assert 4 * number.std() / np.sqrt(len(number)) < 0.3
    assert 4 * np.sqrt(0.25 / len(page.hits)) < 0.05


def test_the_rank_of_the_first_county_may_be_far_from_one(page):
    assert page.low <= 2
    assert page.high > 100


def test_the_list_by_excess_deaths_meets_the_most_of_them_and_the_raw_one_has_the_highest_ratio(page):
    nation = page.y_later.sum() / page.n_later.sum()
    lists = {name: np.argsort(-score)[:50] for name, score in page.goals.items()}
    excess = {name: page.y_later[top].sum() - nation * page.n_later[top].sum() for name, top in lists.items()}
    ratio = {name: page.y_later[top].sum() / (nation * page.n_later[top].sum()) for name, top in lists.items()}
    assert max(ratio, key=ratio.get) == "raw rate"
    error = {name: ratio[name] / np.sqrt(page.y_later[top].sum()) for name, top in lists.items()}
    _, *next_two, most_deaths = ((ratio["raw rate"] - ratio[k]) / np.hypot(error["raw rate"], error[k]) for k in lists)
    assert max(next_two) < 1.5  # may well be no higher than those
    assert most_deaths > 2
    assert excess["excess deaths"] > 1.5 * excess["shrunk rate"] > 10 * excess["raw rate"]


# --- Files ------------------------------------------------------------------------------------------------------------


def test_the_fit_from_the_file_is_the_fit_from_arrays(page):
    assert abs(page.again.alpha / page.fleet.alpha - 1) < 1e-10
    assert abs(page.again.beta / page.fleet.beta - 1) < 1e-10


def test_the_rates_shrunk_by_the_query_are_the_rates_shrunk_here(page):
    there = page.shrunk_there.set_index("plane")["rate"]
    assert np.allclose(there[page.planes.group], page.rate, rtol=1e-10)


def test_other_kinds_of_table_give_the_same_rows_to_the_last_one(page, tmp_path):
    parquet.write_table(page.table, tmp_path / "flights.parquet")
    kinds = page.table, page.table.to_pandas(), duckdb.read_parquet(str(tmp_path / "flights.parquet"))
    for kind in kinds:
        other = frames.collapse(frames.tally(kind, "plane", "late"), "y", "n")
        assert all((one == two).all() for one, two in zip(page.collapsed, other, strict=True))


def test_a_million_stores_have_few_distinct_rows_and_the_same_fit(page):
    _, sold, visits = page.simulate(np.random.default_rng(4), J=1_000_000)
    one_by_one = beta_binomial.fit(sold, visits)
    assert abs(one_by_one.alpha / page.whole_chain.alpha - 1) < 1e-9
    assert_near(page.whole_chain.phi, 1 / 80, page.whole_chain.se_phi)
    rows = frames.collapse(pa.table({"sold": sold, "visits": visits}), "sold", "visits")
    assert len(rows.y) == len(page.few_rows.y) < 1_000_000 / 50


@pytest.mark.parametrize(("name", "share"), [("counties", 0.99), ("large stores", 0.95)])
def test_of_large_groups_hardly_two_are_alike(page, name, share):
    assert page.unlike["distinct rows"][name] > share * page.unlike["groups"][name]


def test_the_cleaned_chain_has_every_sale_once_and_every_store(page):
    cleaned = page.cleaned.reset_index()
    assert list(cleaned) == ["store", "y", "n"]
    assert cleaned.values.tolist() == [["East", 1, 30], ["North", 3, 40], ["South", 1, 25], ["West", 0, 12]]
    assert page.report.to_dict("records") == [{"rows": 8, "ids": 7, "nameless": 1, "names": 4, "trimmed": 3}]


def test_the_report_counts_every_sale_of_the_register_once_and_names_every_store(page):
    """By a loop over the lines that were written: 6 twice, and one in 50 without a store."""
    sold = dict.fromkeys(page.shop.store, 0)
    for i, store in enumerate(np.repeat(page.shop.store, page.bought)):
        sold[store] += i % 50 != 0
    assert page.summary["y"].to_dict() == sold
    assert page.summary["n"].to_dict() == dict(zip(page.shop.store, page.morning, strict=True))
    assert (page.summary["y"] == 0).any()
    assert len(page.sales) == sum(sold.values())


def test_the_report_is_that_of_beta_posteriors(page):
    table, prior = page.summary, page.prior_72
    own = stats.beta(prior.alpha + table["y"], prior.beta + table["n"] - table["y"])
    assert np.allclose(table["shrunk"], own.mean())
    assert np.allclose(table["from"], own.ppf(0.025), atol=1e-6)
    assert np.allclose(table["to"], own.ppf(0.975), atol=1e-6)
    assert np.allclose(table["P(above 0.1)"], own.sf(0.1), atol=1e-9)


# --- Where it breaks --------------------------------------------------------------------------------------------------


def test_four_classes_of_size_fit_better_than_one_prior(page):
    assert stats.chi2(6).sf(page.twice) < 1e-3


def test_four_classes_predict_better_than_one_prior_and_that_better_than_none(page):
    assert page.log_score["classes"] > page.log_score["one"] > page.log_score["none"]


def test_the_mixture_is_close_to_the_maximum(page):
    """How far from it can 300 steps be? At the maximum no grid point's gradient exceeds 1 (Lindsay)."""
    marginal = page.likelihood @ page.w
    slack = len(page.kinds_y) * ((page.likelihood / marginal[:, None]).mean(axis=0).max() - 1)
    assert 0 <= slack < 20
    assert np.log(marginal).sum() - page.single.log_likelihood > 100 > 5 * slack


def test_more_rounds_would_hardly_change_the_estimates(page):
    w = page.w
    for _ in range(1000):
        given = page.likelihood * w
        w = (given / given.sum(axis=1, keepdims=True)).mean(axis=0)
    more = (page.likelihood * w) @ page.grid / (page.likelihood @ w)
    change = np.abs(more - page.mixture)
    assert change.mean() < 0.001
    assert np.sqrt((change**2).mean()) < 0.1 * np.sqrt(((page.mixture - page.kinds_truth) ** 2).mean())


def test_one_beta_promises_too_little_and_the_mixture_is_right(page):
    for estimate, least, most in ((page.one_beta, 0.05, 1), (page.mixture, -0.03, 0.03)):
        top = np.argsort(-estimate)[:50]
        assert least < page.kinds_truth[top].mean() - estimate[top].mean() < most


def test_in_a_hundred_chains_of_two_kinds_one_beta_promises_too_little_and_errs_more(page):
    """On a coarser grid: promise and truth of the fifty highest, and the errors, of both priors."""
    rng, grid, both = np.random.default_rng(24), np.linspace(0.005, 0.8, 80), []
    for _ in range(100):
        t, _, v = page.simulate(rng)
        some = rng.random(3000) < 0.05
        t[some] = rng.beta(80, 120, some.sum())
        s = rng.binomial(v, t)
        (rows_y, rows_n), where, number = np.unique([s, v], axis=1, return_inverse=True, return_counts=True)
        like, u = stats.binom.pmf(rows_y[:, None], rows_n[:, None], grid), np.full(80, 1 / 80)
        for _ in range(100):
            u = u * (number / (like @ u) @ like) / 3000
        estimates = beta_binomial.fit(s, v).posterior(s, v).mean(), ((like * u) @ grid / (like @ u))[where.ravel()]
        lists = [np.argsort(-x)[:50] for x in estimates]
        gaps = [t[top].mean() - x[top].mean() for x, top in zip(estimates, lists, strict=True)]
        both.append([*gaps, *(np.mean((x - t) ** 2) for x in estimates)])
    beta_gap, mixture_gap, beta_error, mixture_error = np.transpose(both)
    assert beta_gap.min() > 0.01  # in each of them: 0.075 with a standard deviation of 0.013
    assert abs(mixture_gap.mean()) < 0.01
    difference = beta_error - mixture_error
    assert difference.mean() > 4 * difference.std() / 10


def test_on_the_counties_the_mixture_finds_nothing_new(page):
    """On a finer grid: the spread of its prior, and its prediction of the next five years."""
    y, n, prior = page.y, page.n, page.prior
    rates = np.exp(np.linspace(np.log(1e-5), np.log(5e-4), 301))
    like = stats.poisson.pmf(y[:, None], n[:, None] * rates)
    v = np.full(len(rates), 1 / len(rates))
    for _ in range(300):
        given = like * v
        v = (given / given.sum(axis=1, keepdims=True)).mean(axis=0)
    spread = np.sqrt(v @ (rates - v @ rates) ** 2)
    spread_beta = np.sqrt(prior.mu * (1 - prior.mu) / (prior.size + 1))
    assert abs(spread / spread_beta - 1) < 0.05
    estimates = (like * v) @ rates / (like @ v)
    score = stats.poisson.logpmf(page.y_later, page.rise * estimates * page.n_later).sum()
    assert abs(score - page.log_score["mixture"]) < 0.5
    assert 5 < page.log_score["one"] - score < 8


def test_person_days_give_the_rates_that_person_years_give():
    """Events are rare, so the unit of the exposure does not matter, and whole numbers of days are exact enough."""
    y, years = [3, 5, 0, 9, 2], np.array([10250.5, 3000.2, 1500.9, 4000, 2500.5])
    by_year, by_day = (
        each * beta_binomial.fit(y, np.round(each * years)).posterior(y, np.round(each * years)).mean()
        for each in (1, 365)
    )
    assert np.allclose(by_day, by_year, rtol=1e-3)

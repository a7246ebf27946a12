"""tail_counts against sums over every integer, log Gamma in 40 digits, and its two paths against each other."""

import mpmath
import numpy as np
import pytest

from hblib import beta_binomial
from hblib._numerics import rates_counts

FUNCTIONS = {
    "success": lambda k: np.log(0.14 + 0.06 * k),
    "score": lambda k: k / (0.14 + 0.06 * k),
    "trial": lambda k: np.log1p(k),
    "precise": lambda k: np.log1p(1e-7 * k),
    "curvature": lambda k: 1 / (0.3 + 2 * k) ** 2,
    "failure": lambda k: np.log1p(-0.14 / (1 + 0.06 * k)),
    "constant": lambda k: np.ones_like(k),
}


def rows(seed, largest, groups):
    """Numbers of every order of magnitude up to `largest`, so that there are gaps of every length."""
    rng = np.random.default_rng(seed)
    n = np.floor(np.exp(rng.uniform(0, np.log(largest), groups))).astype(np.int64)
    return np.floor(rng.uniform(0, 1, groups) ** 3 * (n + 1)).astype(np.int64), n


def integers_above(values, counts, largest):
    """How many groups have a value above 0, 1, ..., largest - 1, one by one."""
    number = np.bincount(values, weights=counts, minlength=largest + 1)
    return np.cumsum(number[::-1])[::-1][1:]


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize(("seed", "largest", "groups"), [(1, 300, 5), (2, 5000, 3), (3, 10**5, 40), (4, 2 * 10**6, 12)])
def test_nodes_reproduce_the_sum_over_all_integers(name, seed, largest, groups):
    y, n = rows(seed, largest, groups)
    data = rates_counts.count_tails(y, n)
    k = np.arange(n.max(), dtype=np.longdouble)
    f_above = integers_above(n - y, None, n.max())
    columns = {"y": integers_above(y, None, n.max()), "f": f_above}
    columns["between"] = integers_above(n, None, n.max()) - f_above
    g = FUNCTIONS[name]
    for column, above in columns.items():
        terms = above * g(k)
        got = np.sum(getattr(data, column) * g(data.k))
        assert got == pytest.approx(float(np.sum(terms)), rel=1e-13, abs=1e-13 * float(np.sum(np.abs(terms))))
    assert data.k.size < 40 * (3 * groups + 40) + 300  # and far fewer nodes than integers where n is large


@pytest.mark.parametrize("n", [256 + 64, 256 + 65, 513, 10**6, 10**9 + 7, 10**12, 2**52])
def test_one_long_gap_agrees_with_the_gamma_function(n):
    """One group of n successes: the sums are log Gamma and digamma, in 40 digits."""
    data = rates_counts.count_tails([n], [n])
    with mpmath.workdps(40):
        for c, phi in ((0.2, 0.05), (0.9, 3.0), (0.01, 1e-6), (1e-5, 1e-12)):
            a = mpmath.mpf(c) / mpmath.mpf(phi)
            log_sum = mpmath.loggamma(a + n) - mpmath.loggamma(a) + n * mpmath.log(mpmath.mpf(phi))
            ratio = (n - a * (mpmath.digamma(a + n) - mpmath.digamma(a))) / mpmath.mpf(phi)
            got = np.sum(data.y * np.log(c + data.k * phi)), np.sum(data.y * data.k / (c + data.k * phi))
            scale = max(1.0, float(np.sum(data.y * np.abs(np.log(c + data.k * phi)))))
            assert got[0] == pytest.approx(float(log_sum), abs=1e-13 * scale)
            assert got[1] == pytest.approx(float(ratio), rel=1e-13)
        factorial = float(mpmath.loggamma(n + 1))
    assert np.sum(data.y * np.log1p(data.k)) == pytest.approx(factorial, rel=1e-13)
    assert data.k.size < 256 + 64 + 28 * 54


def test_the_sum_of_weights_is_the_number_of_successes():
    y, n = rows(5, 10**12, 200)
    data = rates_counts.count_tails(y, n)
    assert np.sum(data.y) == pytest.approx(y.sum(), rel=1e-14)
    assert np.sum(data.f) == pytest.approx((n - y).sum(), rel=1e-14)
    assert np.sum(data.between) == pytest.approx(y.sum(), rel=1e-12)
    assert (np.diff(data.k) >= 0).all()


def same(one, other):
    for field in rates_counts.TailCounts.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(one, field), getattr(other, field), err_msg=field)


@pytest.mark.parametrize("largest", [1, 30, 2000, 2**17 - 1])
def test_both_paths_agree(largest):
    y, n = rows(6, largest + 1, 500)
    y, n = np.append(y, [0, 0]), np.append(n, [0, largest])
    assert rates_counts._fast_columns(y, n) is not None
    fast = rates_counts.count_tails(y, n)
    assert rates_counts._fast_columns(y.astype(float), n.astype(float)) is None
    same(fast, rates_counts.count_tails(y.astype(float), n.astype(float)))
    same(fast, rates_counts.count_tails(y, n, counts=np.ones(y.size)))
    pairs, number = np.unique(np.stack([y, n]), axis=1, return_counts=True)
    same(fast, rates_counts.count_tails(*pairs, counts=number))
    more = np.append(pairs, [[7], [9]], axis=1)  # a row that stands for no group
    if largest > 1:
        same(fast, rates_counts.count_tails(*more, counts=np.append(number, 0)))


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint16, np.int32, np.uint32, np.int64, np.uint64, np.float32])
def test_every_type_of_number_gives_the_same(dtype):
    """Unsigned numbers too, of which n - y must not wrap around."""
    rng = np.random.default_rng(7)
    n = rng.integers(0, 120, 70_000)
    y = rng.binomial(n, 0.9)
    same(rates_counts.count_tails(y.astype(dtype), n.astype(dtype)), rates_counts.count_tails(y, n))
    same(rates_counts.count_tails(y.astype(dtype), n), rates_counts.count_tails(y, n))


def test_above_the_histogram_the_answer_is_the_same():
    """n = 2^17 is the first that is sorted instead of counted; one row of it sends all rows there."""
    y, n = rows(8, 2**17, 300)
    assert rates_counts._fast_columns(y, n) is not None
    for large in (2**17 - 1, 2**17, 2**17 + 1, 2**40):
        more = rates_counts.count_tails(np.append(y, 3), np.append(n, large))
        assert (rates_counts._fast_columns(np.append(y, 3), np.append(n, large)) is None) == (large >= 2**17)
        assert (more.groups, more.largest) == (301, large)
        assert more.trials == n.sum() + large
        assert more.successes == y.sum() + 3
        assert np.sum(more.y * np.log1p(more.k)) == pytest.approx(
            np.sum(rates_counts.count_tails(y, n).y * np.log1p(rates_counts.count_tails(y, n).k)) + np.log(6), rel=1e-13
        )


def test_the_totals_are_those_of_the_rows():
    y, n = np.array([0, 0, 3, 5, 1, 0, 2]), np.array([0, 4, 3, 9, 1, 2, 7])
    counts = np.array([5, 1, 2, 3, 4, 0, 1])
    for data, w in ((rates_counts.count_tails(y, n), np.ones(7)), (rates_counts.count_tails(y, n, counts), counts)):
        some = n > 0
        assert data.groups == w[some].sum()
        assert (data.trials, data.successes) == ((w * n).sum(), (w * y).sum())
        assert data.no_success == w[some & (y == 0)].sum()
        assert data.no_failure == w[some & (y == n)].sum()
        assert data.largest == 9
    nothing = rates_counts.count_tails([0, 0], [0, 0])
    assert (nothing.groups, nothing.trials, nothing.no_success, nothing.no_failure) == (0, 0, 0, 0)
    assert nothing.k.size == 0
    assert rates_counts.count_tails(y, n, counts * (n < 9)).largest == 7  # a count of 0 is no group


@pytest.mark.parametrize(
    ("y", "n", "message"),
    [
        ([1, 6], [3, 5], r"y must not be larger than n, but y\[1\] = 6 and n\[1\] = 5"),
        ([1, -1], [3, 5], r"y must be at least 0, but y\[1\] = -1"),
        ([0, 0], [3, -5], r"n must be at least 0, but n\[1\] = -5"),
        (np.array([1, 6], np.uint8), np.array([3, 5], np.uint8), r"y\[1\] = 6 and n\[1\] = 5"),
        ([1, 2**20], [3, 5], r"y must not be larger than n, but y\[1\]"),
        ([1.5, 2], [3, 5], r"y must be a whole number, but y\[0\] = 1.5"),
        (np.ones(40_000, int), np.append(np.ones(39_999, int), 0), r"y\[39999\] = 1 and n\[39999\] = 0"),
        ([], [], "at least one group"),
    ],
)
@pytest.mark.parametrize("call", [rates_counts.count_tails, beta_binomial.fit])
def test_rows_out_of_range_are_named(call, y, n, message):
    with pytest.raises(ValueError, match=message):
        call(np.asarray(y), np.asarray(n))


@pytest.mark.parametrize("largest", [30, 10**6, 2**52])
def test_the_counts_of_failures_are_those_of_the_mirrored_rows(largest):
    rng = np.random.default_rng(largest)
    n = rng.integers(0, largest, 50)
    y = rng.binomial(n, 0.2)
    swapped = rates_counts.count_tails(y, n, with_spread=True).of_failures()
    mirrored = rates_counts.count_tails(n - y, n)
    for name in ("k", "y", "f", "between", "groups", "trials", "successes", "no_success", "no_failure", "largest"):
        np.testing.assert_allclose(getattr(swapped, name), getattr(mirrored, name), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(swapped.surplus, mirrored.surplus, rtol=1e-9, atol=1e-6)

"""The data of the figure: what its closed forms take from SciPy's special functions."""

from scipy import special, stats

EPSILON = 0.001


def data():
    """Medians of the half-normal and the half-t with scale 1; the inverse-gamma's epsilon, log Gamma(1 + epsilon)."""
    return {
        "half_normal_median": float(stats.halfnorm.median()),
        "half_t_median": float(stats.t(3).ppf(0.75)),
        "epsilon": EPSILON,
        "log_gamma": float(special.gammaln(1 + EPSILON)),
    }

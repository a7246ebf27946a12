"""Other answers to 03-first-lines."""

import numpy as np
from scipy import integrate, stats


def kappa(tau, se):
    return tau**2 / (tau**2 + se**2)


def estimate(kappa, ybar, mu):
    return mu + kappa * (ybar - mu)


def sd(tau, se):
    return se * np.sqrt(kappa(tau, se))


def weights_by_loop(tau, se):
    result = []
    for error in se:
        result.append(tau * tau / (tau * tau + error * error))
    return result


def average(kappa, ybar, mu):
    return [np.average([y, mu], weights=[k, 1 - k]) for k, y in zip(kappa, ybar, strict=True)]


def sd_by_integral(tau, se):
    """The SD of the product of two normal densities, whose means are equal."""
    result = []
    for error in se:
        moments = [
            integrate.quad(
                lambda x, k=k, error=error: x**k * stats.norm.pdf(x, 0, tau) * stats.norm.pdf(x, 0, error),
                -80,
                80,
                epsabs=1e-14,
                points=[0],
            )[0]
            for k in (0, 2)
        ]
        result.append(np.sqrt(moments[1] / moments[0]))
    return result


RIGHT = {
    "weights": {
        "a loop": weights_by_loop,
        "a ratio": lambda tau, se: 1 / (1 + (se / tau) ** 2),
        "precisions": lambda tau, se: se**-2.0 / (se**-2.0 + tau**-2.0),
        "what is left": lambda spread, error: 1 - error**2 / (spread**2 + error**2),
    },
    "means": {
        "from the mean of all": estimate,
        "from the measurement": lambda kappa, ybar, mu: ybar + (1 - kappa) * (mu - ybar),
        "averages": average,
    },
    "sds": {
        "from the weight": sd,
        "a power": lambda tau, se: (tau**-2.0 + se**-2.0) ** -0.5,
        "a product": lambda tau, se: tau * se / np.hypot(tau, se),
        "an integral": sd_by_integral,
    },
}

WRONG = {
    "weights": {
        "the root": (lambda tau, se: np.sqrt(kappa(tau, se)), "the square root of what is asked"),
        "per cent": (lambda tau, se: 100 * kappa(tau, se), "Is it in per cent?"),
        "one for all": (lambda tau, se: kappa(tau, se).mean(), "One number, where an array of 4 is wanted"),
        "typed in": (lambda tau, se: kappa(10, se), "Is anything typed in"),
        "another sign for powers": (lambda tau, se: tau ^ 2 / (tau ^ 2 + se ^ 2), "A power is written with two stars"),
    },
    "means": {
        "typed in": (lambda kappa, ybar, mu: estimate(kappa, ybar, 8), "Is anything typed in"),
        "one for all": (
            lambda kappa, ybar, mu: np.average(ybar, weights=kappa),
            "One number, where an array of 4 is wanted",
        ),
        "a product": (lambda kappa, ybar, mu: kappa * ybar * (1 - kappa) * mu, "with kappa = 0 every estimate is mu"),
        "a sign left out": (lambda kappa, ybar, mu: kappa(ybar) + (1 - kappa) * mu, "missing before a bracket"),
        "in reverse": (lambda *args: estimate(*args)[::-1], "in the reverse order"),
    },
    "sds": {
        "half the variance": (lambda tau, se: sd(tau, se) ** 2 / 2, "is smaller than the standard error"),
        "the root of the root": (lambda tau, se: np.sqrt(sd(tau, se)), "the square root of what is asked"),
        "upper ends": (lambda tau, se: 1.96 * sd(tau, se), "1.96 times what is asked"),
    },
}

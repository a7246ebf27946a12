"""Answers to 08-forms that nobody listed: right in another way, and wrong in ways of their own."""

import numpy as np


def by_kappa(n, sigma, tau):
    kappa = tau**2 / (tau**2 + sigma**2 / n)
    return np.round(1 - kappa)


def by_search(n, sigma, tau):
    """Whichever term of the sum is smaller."""
    kappa = n * tau**2 / (n * tau**2 + sigma**2)
    terms = np.array([(w - (1 - kappa)) ** 2 for w in (0, 1)])
    return terms.argmin(axis=0).astype(np.float32)


def by_loop(n, sigma, tau):
    return [0 if tau > sigma / size**0.5 else 1 for size in n]


def by_the_smallest(n, sigma, tau):
    return np.full(len(n), by_kappa(n.min(), sigma, tau))


RIGHT = {"form": [by_kappa, by_search, by_loop]}
HINTED = {"form": [(by_the_smallest, "n forgotten")]}
WRONG = {
    "form": [
        (lambda n, sigma, tau: np.where(n * tau**2 > sigma, 0, 1), "yours"),
        (lambda n, sigma, tau: 2 * by_kappa(n, sigma, tau), "every value is 0 or 1"),
        (lambda n, sigma, tau: -by_kappa(n, sigma, tau), "every value is 0 or 1"),
        (
            lambda n, sigma, tau: ["centred" if x == 0 else "non-centred" for x in by_kappa(n, sigma, tau)],
            "array of shape",
        ),
        (lambda n, sigma, tau: [size * tau**2 < sigma**2 for size in n], "5 values in a list, among them True."),
    ]
}

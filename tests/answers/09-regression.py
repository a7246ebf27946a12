"""Answers to 09-regression that nobody listed: right in another way, and wrong in ways of their own."""

import numpy as np
from scipy import linalg, special, stats


def dense(y, x, store, tau, sigma):
    """One covariance matrix for all rows, and ordinary least squares on whitened data."""
    Omega = tau**2 * np.equal.outer(store, store) + sigma**2 * np.eye(len(y))
    L = np.linalg.cholesky(Omega)
    X = linalg.solve_triangular(L, np.column_stack([np.ones(len(y)), x]), lower=True)
    return np.linalg.lstsq(X, linalg.solve_triangular(L, y, lower=True))[0]


def by_centring_in_part(y, x, store, tau, sigma):
    """Each row less a share of its store's mean, 1 - sigma/sqrt(sigma^2 + n tau^2)."""
    n = np.bincount(store)
    share = (1 - sigma / np.sqrt(sigma**2 + n * tau**2))[store]

    def centred(values):
        return values - share * (np.bincount(store, values) / n)[store]

    X = np.column_stack([centred(np.ones(len(y))), centred(x)])
    return np.linalg.solve(X.T @ X, X.T @ centred(y)).tolist()


def by_joint_equations(y, x, store, tau, sigma):
    """Henderson's equations for mu, beta and the deviations together."""
    if tau == 0:
        return tuple(np.polyfit(x, y, 1)[::-1])
    Z = np.equal.outer(store, np.unique(store)).astype(float)
    C = np.column_stack([np.ones(len(y)), x, Z])
    penalty = np.diag([0, 0, *np.full(Z.shape[1], sigma**2 / tau**2)])
    mu, beta = np.linalg.solve(C.T @ C + penalty, C.T @ y)[:2]
    return mu, beta


def by_loop(y, x, store, mu, beta, tau, sigma):
    answer = []
    for j in sorted(set(store.tolist())):
        rest = [b - beta * a for a, b, s in zip(x, y, store, strict=True) if s == j]
        weight = tau * tau / (tau * tau + sigma * sigma / len(rest))
        answer.append(mu + weight * (sum(rest) / len(rest) - mu))
    return answer


def by_conditioning(y, x, store, mu, beta, tau, sigma):
    """The conditional mean of a joint normal distribution of intercepts and data."""
    Z = np.equal.outer(store, np.unique(store)).astype(float)
    Omega = tau**2 * Z @ Z.T + sigma**2 * np.eye(len(y))
    return mu + tau**2 * Z.T @ np.linalg.solve(Omega, y - mu - beta * x)


def by_regression_to_the_line(y, x, store, mu, beta, tau, sigma):
    """What a store sells more than the line says, a share of it."""
    n, total = np.bincount(store), np.bincount(store, y - mu - beta * x)
    return mu + total / (n + sigma**2 / tau**2) if tau > 0 else np.full(len(n), mu)


def all_rows(y, x, store, mu, beta, tau, sigma):
    Omega = tau**2 * np.equal.outer(store, store) + sigma**2 * np.eye(len(y))
    return stats.multivariate_normal(mu + beta * x, Omega).logpdf(y)


def by_integral(y, x, store, mu, beta, tau, sigma):
    """Each store's intercept integrated out on a fine grid."""
    z = np.linspace(-9, 9, 2001)
    logs = stats.norm(mu + tau * z + beta * x[:, None], sigma).logpdf(y[:, None])
    of_stores = np.array([logs[store == j].sum(axis=0) for j in np.unique(store)])
    return np.sum(special.logsumexp(of_stores + stats.norm.logpdf(z), axis=1) + np.log(z[1] - z[0]))


def by_sums(y, x, store, mu, beta, tau, sigma):
    """Determinant and inverse in closed form."""
    e, n = y - mu - beta * x, np.bincount(store)
    total = sigma**2 + n * tau**2
    squares = (e @ e - np.sum(tau**2 / total * np.bincount(store, e) ** 2)) / sigma**2
    log_det = np.sum((n - 1) * np.log(sigma**2) + np.log(total))
    return -(squares + log_det + len(y) * np.log(2 * np.pi)) / 2


RIGHT = {
    "coefficients": [dense, by_centring_in_part, by_joint_equations],
    "intercepts": [by_loop, by_conditioning, by_regression_to_the_line],
    "log_likelihood": [all_rows, by_sums, by_integral],
}


def all_share(y, x, store, tau, sigma):
    """tau^2 for every two rows, those of different stores too."""
    return dense(y, x, np.zeros_like(store), tau, sigma)


HINTED = {"coefficients": [(all_share, "stores forgotten")]}
WRONG = {
    "coefficients": [
        (lambda y, x, store, tau, sigma: dense(y, x, store, tau, sigma)[::-1], "order"),
        (
            lambda y, x, store, tau, sigma: (dense(y, x, store, tau, sigma)[0], -dense(y, x, store, tau, sigma)[1]),
            "wrong sign",
        ),
        (lambda y, x, store, tau, sigma: (y.mean(), dense(y, x, store, tau, sigma)[1]), "right"),
    ],
    "intercepts": [
        (lambda y, x, store, mu, beta, tau, sigma: np.full(store.max() + 1, mu), "large tau"),
        (
            lambda y, x, store, mu, beta, tau, sigma: by_conditioning(y, x, store, mu, beta, tau, sigma) - mu,
            "minus `mu`",
        ),
        (lambda **data: np.sort(by_conditioning(**data))[::-1], "large tau"),
    ],
    "log_likelihood": [
        (lambda **data: -all_rows(**data), "sign"),
        (lambda **data: 2 * all_rows(**data), "twice"),
        (lambda **data: np.exp(all_rows(**data)), "logarithm"),
    ],
}

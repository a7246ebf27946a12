"""The exact risk of the James-Stein rules, which shrink a normal vector by a function of its length."""

import numpy as np
from scipy import linalg, special


def risk_terms(free, lam, positive):
    """A and B of `hblib.james_stein.component_risk`, for d = `free` dimensions and the squared distance lam.

    With h(S) the factor c and E_n the mean over S ~ noncentral chi-square(n, lam), the moments of a spherical rule give

        A = E_(d+2) h^2,   B = E_(d+4) h^2 - 2 E_(d+2) h + 1

    That chi-square is a central one with n + 2N degrees of freedom, N ~ Poisson(lam/2). Given N, the means are simple;
    the neighbouring chi-square tails in them differ by a density, which leaves the sums below, without cancellation.
    """
    n, weight = _poisson(lam / 2)
    df = free + 2 * n
    noise = (2 * n * (2 * n / df) + 2 * (df - 2) / df) / (df - 2)
    lean = (free - 2) / df * ((free + 2) / (df + 2))
    if positive:  # the factor is 0 where S < d - 2
        above, more = special.chdtrc(df, free - 2), special.chdtrc(df + 2, free - 2)
        noise = noise * above + 2 * n / (df - 2) * (more - above)
        lean = lean * above + special.chdtr(df + 4, free - 2)
    return np.sum(weight * noise), np.sum(weight * lean)


def _poisson(mean):
    """64 points and weights that stand in for Poisson(mean) in the mean of a smooth function, from mean 0 to 1e200.

    They are the Gauss rule of the Poisson weights, exact for polynomials up to degree 127: the eigenvalues of the
    Jacobi matrix of the Charlier polynomials (DLMF 18.22). A sum over n = 0, 1, ... would need ever more terms.
    """
    n = np.arange(64.0)
    points, vectors = linalg.eigh_tridiagonal(n, np.sqrt(n[1:] * mean))
    return mean + points, vectors[0] ** 2

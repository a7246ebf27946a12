"""Powers of 2 as units of measurement: to divide by one and to multiply by it again costs no digit."""

import numpy as np


def near(value):
    """The power of 2 nearest to a number, by ratio.

    >>> print(near(3.0), near(1e-3))
    4.0 0.0009765625
    """
    return 2.0 ** np.round(np.log2(value))


def near_extreme(value):
    """The same where powers of the number might leave the doubles; 1 for all between 1e-9 and 1e9, and for 0.

    >>> print(near_extreme(3.0), near_extreme(0.0), near_extreme(3e12))
    1.0 1.0 2199023255552.0
    """
    return near(value) if value > 0 and not 1e-9 < value < 1e9 else 1.0


def up_to(size):
    """The largest power of 2 up to each size; 0 for 0.

    >>> print(up_to(np.array([3.0, 4.0, 0.0])))
    [2. 4. 0.]
    """
    return np.where(size > 0, np.ldexp(1.0, np.frexp(size)[1] - 1), 0.0)

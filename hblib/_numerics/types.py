"""The types that the public functions name in their signatures, beside NumPy's own `ArrayLike`."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

type FloatArray = NDArray[np.float64]
type FloatOrArray = float | NDArray[np.float64]  # one number for numbers, an array for arrays
type IntArray = NDArray[np.int64]
type TextArray = NDArray[np.str_]
type Labels = NDArray[Any]  # names or numbers of groups
type Rng = np.random.Generator | int | None  # a number is a seed for one, and None makes another each time

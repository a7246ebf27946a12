"""The types that the public functions name in their signatures, beside NumPy's own `ArrayLike`."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

type FloatArray = NDArray[np.float64]
# A number for numbers, an array for arrays. Which of the two it is, mypy cannot know, and a union would make every
# caller ask: so it may be used as either.
type FloatOrArray = Any
type IntArray = NDArray[np.int64]
type BoolArray = NDArray[np.bool_]
type TextArray = NDArray[np.str_]
type Labels = NDArray[Any]  # names or numbers of groups
type Rng = np.random.Generator | int | None  # a number is a seed for one, and None makes another each time

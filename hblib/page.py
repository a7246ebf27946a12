"""How a page of the course hands its numbers to its sentences.

A page's last cell calls `numbers`; the sentences then hold {glue:text}`A:.3f`, so that no number in them is typed. The
website and the downloaded notebooks show the sentences with the numbers in them, and leave the cell out.
"""

import sys
from typing import SupportsFloat


def numbers(**values: SupportsFloat | str) -> None:
    """Hand each value to the sentences of this page under its name, and print it.

    Where MyST-NB is not installed there are no such sentences; the values are printed all the same.

    Parameters
    ----------
    **values : number or str
        Name and value. Arrays with one element count as numbers.

    Raises
    ------
    ValueError
        If a value is neither one number nor a text.

    Examples
    --------
    >>> numbers(A=7 / 120, hospitals=12, beyond="4e-05")
    A = 0.0583333
    hospitals = 12
    beyond = 4e-05
    """
    plain = {name: _plain(name, value) for name, value in values.items()}
    glue = _glue()
    for name, value in plain.items():
        print(f"{name} = {value:.6g}" if isinstance(value, float) else f"{name} = {value}")
        glue(name, value, display=False)


def _plain(name, value):
    """The value as Python's own number or text, because MyST-NB reads it back from its `repr`."""
    if hasattr(value, "item") and getattr(value, "size", 1) == 1:
        value = value.item()
    if not isinstance(value, int | float | str):
        raise ValueError(f"{name} must be one number or a text, but is {value!r}")
    return value


def _glue():
    """MyST-NB's `glue` in a notebook; elsewhere nobody is there to take the values."""
    if "IPython" in sys.modules and sys.modules["IPython"].get_ipython():
        try:
            from myst_nb import glue
        except ImportError:
            pass
        else:
            return glue
    return lambda name, value, display: None

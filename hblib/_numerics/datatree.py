"""Draws as an xarray.DataTree, the form that ArviZ works with."""

import numpy as np

from hblib._numerics import arguments


def datatree(draws, groups=None):
    """Return the draws as the node "posterior" of a DataTree.

    Parameters
    ----------
    draws : dict
        Name -> array with axes chain, draw and, for a variable of the groups, group.
    groups : array_like
        The groups' names; 0, 1, ... if left out.

    Returns
    -------
    xarray.DataTree

    Raises
    ------
    ValueError
        If there is not one name a group.
    ImportError
        If xarray is missing.
    """
    try:
        import xarray as xr  # here, because only who plots needs it
    except ImportError:
        raise ImportError("draws become a DataTree of xarray: pip install xarray") from None

    sizes = {array.shape[2] for array in draws.values() if array.ndim > 2}
    if not all(array.ndim in (2, 3) for array in draws.values()):
        raise ValueError("draws of groups must have one axis of groups; pick them first")
    names = None if groups is None else arguments.names("groups", groups, max(sizes, default=0))
    variables = {name: (("chain", "draw", "group")[: array.ndim], array) for name, array in draws.items()}
    chains, number = next(iter(draws.values())).shape[:2]
    coords = {"chain": np.arange(chains), "draw": np.arange(number)}
    if sizes:
        coords["group"] = np.arange(max(sizes)) if names is None else names
    return xr.DataTree.from_dict({"posterior": xr.Dataset(variables, coords)})

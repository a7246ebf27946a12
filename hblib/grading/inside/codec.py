"""Values as JSON and back: what passes between the grader and the sandbox.

Only plain data passes: numbers, texts, truth values, missing values, arrays of numbers, tuples and lists. Anything else
arrives as `Other`, a stand-in that knows no more than the name of its type. Nothing is ever unpickled, so that what a
submission sends can be wrong, but cannot do anything. It needs NumPy alone.
"""

import base64
import json
import math
import reprlib

import numpy as np

DTYPES = {"f": "<f8", "i": "<i8", "u": "<u8", "b": "|b1"}
ELEMENTS, ITEMS, LETTERS, DEPTH = 100_000, 1_000, 300, 4  # of an array, of a tuple or list, of a text; of nesting
BYTES = 1_400_000  # of an answer as JSON, or of all results of a function together; an array of ELEMENTS has room


def encode(value, inputs=False, depth=DEPTH):
    """Any value as JSON data. Random generators and xarray's data sets pass among `inputs` only.

    >>> encode((1, 2.5, "c", np.array([1.0, np.inf])))
    {'tuple': [1, 2.5, {'text': 'c'}, {'array': 'AAAAAAAA8D8AAAAAAADwfw==', 'kind': 'f', 'shape': [2]}]}
    >>> encode(None) is encode(...) is None, encode({1, 2})
    (True, {'other': 'set'})
    """
    if value is None or value is ...:
        return None
    if isinstance(value, bool | np.bool_):
        return {"bool": bool(value)}
    if isinstance(value, str):
        return {"text": str(value[:LETTERS])}
    if isinstance(value, int) and abs(value) < 2**63:
        return int(value)
    if isinstance(value, float) and math.isfinite(value):
        return float(value)
    if isinstance(value, tuple | list) and len(value) <= ITEMS and depth:
        return {"tuple" if isinstance(value, tuple) else "list": [encode(each, inputs, depth - 1) for each in value]}
    if inputs and isinstance(value, np.random.Generator):
        return {"generator": value.bit_generator.state}
    if inputs and hasattr(value, "data_vars"):
        return {"dataset": {name: [list(each.dims), encode(each)] for name, each in value.data_vars.items()}}
    return _encode_array(value)


def _encode_array(value):
    """An array, or what NumPy takes for one (a Series, a DataArray)."""
    try:
        array = np.asarray(value)
        if array.dtype.kind in DTYPES and array.size > ELEMENTS:
            return {"other": f"too large array: {array.size} numbers, of which {ELEMENTS} at most can be read"}
        if array.dtype.kind in DTYPES:
            data = np.ascontiguousarray(array, dtype=DTYPES[array.dtype.kind]).tobytes()
            return {"array": base64.b64encode(data).decode(), "kind": array.dtype.kind, "shape": list(array.shape)}
    except Exception:
        pass  # whatever it is, it is no array
    return {"other": type(value).__name__[:LETTERS]}


def within(values, limit=BYTES):
    """JSON data that `encode` made; where they are too long together, stand-ins for those longer than their share.

    >>> within([[1] * 5, 2.5], limit=10)
    [{'other': 'too large answer: 15 bytes, of which 5 at most can be read'}, 2.5]
    """
    sizes = [len(json.dumps(each)) for each in values]
    if sum(sizes) <= limit:
        return values
    share = limit // len(values)
    what = "too large answer: {} bytes, of which {} at most can be read"
    return [
        {"other": what.format(size, share)} if size > share else each for each, size in zip(values, sizes, strict=True)
    ]


class Other:
    """Stands for a value that cannot pass; its class bears the name of the value's type."""


def decode(data, inputs=False, depth=DEPTH):
    """The value of JSON data that `encode` made; ValueError for anything else.

    >>> decode(encode((1, np.array([[1, 2]]))))
    (1, array([[1, 2]]))
    >>> decode({"tuple": [{"run": "me"}]})
    Traceback (most recent call last):
    ValueError: not a value: {'run': 'me'}
    """
    if data is None:
        return None
    if type(data) is int and abs(data) < 2**63:
        return data
    if type(data) is float and math.isfinite(data):
        return data
    if isinstance(data, dict):
        match list(data.items()):
            case [("text", str(text))] if len(text) <= LETTERS:
                return text
            case [("bool", bool(truth))]:
                return truth
            case [("tuple" | "list" as kind, list(items))] if depth and len(items) <= ITEMS:
                return {"tuple": tuple, "list": list}[kind](decode(each, inputs, depth - 1) for each in items)
            case [("array", str(text)), ("kind", str(kind)), ("shape", list(shape))]:
                return _decode_array(text, kind, shape)
            case [("other", str(name))] if len(name) <= LETTERS:
                return type(name if name.isprintable() else "object", (Other,), {})()
            case [("generator", dict(state))] if inputs:
                return _generator(state)
            case [("dataset", dict(variables))] if inputs:
                return _dataset(variables)
    raise ValueError(f"not a value: {reprlib.repr(data)}")  # which no depth of nesting harms


def _decode_array(text, kind, shape):
    natural = all(type(length) is int and 0 <= length <= ELEMENTS for length in shape)
    size = math.prod(shape) if natural and len(shape) <= 8 else ELEMENTS + 1
    if kind not in DTYPES or size > ELEMENTS:
        raise ValueError(f"not an array: {reprlib.repr(kind)} of shape {reprlib.repr(shape)}")
    raw = base64.b64decode(text, validate=True)
    dtype = np.dtype(DTYPES[kind])
    if len(raw) != size * dtype.itemsize:
        raise ValueError(f"not an array: {len(raw)} bytes for shape {shape}")
    return np.frombuffer(raw, np.uint8 if kind == "b" else dtype).astype(dtype).reshape(shape)


def _generator(state):
    generator = np.random.Generator(getattr(np.random, state["bit_generator"])())
    generator.bit_generator.state = state
    return generator


def _dataset(variables):
    import xarray as xr

    return xr.Dataset({name: (dims, decode(values)) for name, (dims, values) in variables.items()})

"""What the cells of a page print is fit to be read: check_site.py notices what is not."""

import pytest

import check_site


@pytest.mark.parametrize(
    ("shown", "slips"),
    [
        ("error -0.0", ["-0.0"]),
        ("-0.00 and -0 and -0.", ["-0.00", "-0", "-0."]),
        ("-0.004, -0.5, -05:00, 1e-05, 10-0, x-0.0", []),
        ("the sd is nan", ["nan"]),
        ("uranium  NaN", ["NaN"]),
        ("nanometres for Nan", []),
        ("<hblib.priors.Prior object at 0x7f00>", ["<hblib.priors.Prior object at 0x"]),
        ("FutureWarning: soon", ["Warning"]),
        ("A warning is no error", []),
        ("Traceback (most recent call last):", ["Traceback (most"]),
    ],
)
def test_what_nobody_wants_to_read_is_noticed(shown, slips):
    assert check_site.slips(shown) == slips

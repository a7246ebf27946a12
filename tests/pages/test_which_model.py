"""The numbers of the page that says which model one needs."""

from hblib import repairs


def test_so_many_groups_it_takes_until_plugged_in_intervals_hold_the_truth_in_94_per_cent():
    assert repairs.exact_coverage(750, 0.5) < 0.94 < repairs.exact_coverage(850, 0.5)
    assert repairs.exact_coverage(9000, 0.25) < 0.94 < repairs.exact_coverage(10_000, 0.25)

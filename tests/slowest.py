"""Where the time of a test run went: a line for each of the slowest files."""

from collections import Counter


def lines(stats, number=10):
    """The seconds of each of the slowest files, worst first, from pytest's lists of reports by outcome.

    Fewer than a second is not worth a line.
    """
    seconds = Counter()
    for report in (report for reports in stats.values() for report in reports if hasattr(report, "duration")):
        seconds[report.nodeid.partition("::")[0]] += report.duration
    slow = [(name, total) for name, total in seconds.most_common(number) if total >= 1]
    return [f"{total:7.0f} s  {name}" for name, total in slow]

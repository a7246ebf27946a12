"""One star and k - 1 groups at the target."""

from hblib import james_stein

SETTINGS = [
    {"distance": distance, "k": k, "rule": rule}
    for distance, k, rule in (
        (5, 10, "js+"),
        (5, 10, "js"),
        (0, 10, "js+"),
        (0, 3, "js"),
        (0.1, 3, "js+"),
        (10, 3, "js+"),
        (10, 50, "js"),
        (7.3, 50, "js+"),
        (1.6, 17, "js+"),
    )
]


def expected(data, distance, k, rule):
    """The exact risks, by the mean over a non-central chi-square distribution."""

    def own(far):
        return james_stein.component_risk([far] + [0] * (k - 1), estimator=rule)

    star, other = own(distance)[:2]
    return {
        "star": star,
        "other": other,
        "total": james_stein.risk([distance] + [0] * (k - 1), estimator=rule),
        "curve_star": [own(step / 10)[0] for step in range(101)],
    }

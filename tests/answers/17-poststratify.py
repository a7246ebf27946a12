"""Answers to 17-poststratify that nobody listed: right in another way, and wrong in ways of their own."""

import numpy as np
import pandas as pd


def by_frame(estimate, count, district):
    frame = pd.DataFrame({"users": estimate * count, "people": count, "district": district})
    sums = frame.groupby("district").sum()  # which leaves nan out
    return (sums.users / sums.people).to_numpy()


def by_loop(estimate, count, district):
    result = []
    for j in range(max(district) + 1):
        cells = [k for k in range(len(count)) if district[k] == j and count[k] > 0]
        result.append(sum(estimate[k] * count[k] for k in cells) / sum(count[k] for k in cells))
    return result


def by_matrix(estimate, count, district):
    weight = (district == np.arange(district.max() + 1)[:, None]) * count
    return weight @ np.nan_to_num(estimate) / weight.sum(axis=1)


def by_pairs(cov, count):
    share = [n / sum(count) for n in count]
    cells = range(len(share))
    return sum(share[i] * share[k] * cov[i][k] for i in cells for k in cells) ** 0.5


def by_root(cov, count):
    return np.linalg.norm(np.linalg.cholesky(cov).T @ count) / count.sum()


def by_outer(cov, count):
    return np.sqrt(np.sum(np.outer(count, count) * cov)) / np.sum(count)


RIGHT = {"by_district": [by_frame, by_loop, by_matrix], "sd_of_country": [by_pairs, by_root, by_outer]}

WRONG = {
    "by_district": [
        (lambda **data: 100 * by_frame(**data), "100"),
        (lambda **data: 1 - by_frame(**data), "1 minus"),
        (lambda estimate, count, district: count @ np.nan_to_num(estimate) / count.sum(), "shape"),
    ],
    "sd_of_country": [
        (lambda **data: 100 * by_outer(**data), "100"),
        (lambda cov, count: np.sqrt(np.trace(cov)), "one and the same error"),
        (lambda cov, count: np.sqrt(np.diagonal(cov)), "shape"),
    ],
}

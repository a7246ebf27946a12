"""Page 0: how to read this book."""


def test_the_smoke_test_prints_a_mean_just_below_six_per_cent(page):
    assert 0.058 < page.store.mean() < 0.06

"""The card that a link to the course shows elsewhere: its title, and twelve hospitals' rates, pulled together."""

from matplotlib.figure import Figure

from hblib import beta_binomial, datasets

SIZE = (1200, 630)  # pixels, the shape that most services show whole
ALT = "Hierarchical Bayesian models: lines lead from twelve hospitals' death rates to their estimates, pulled together."
BLUE, ORANGE, INK, GREY = "#0072B2", "#D55E00", "#1a1a1a", "#555555"


def draw(path):
    """Draw the card: on the left each record as it is, on the right what it is worth beside the others."""
    _, y, n = datasets.surgical()
    raw, shrunk = y / n, beta_binomial.fit(y, n).posterior(y, n).mean()
    figure = Figure(figsize=(12, 6.3), dpi=SIZE[0] / 12, facecolor="white")
    words = {"x": 0.06, "ha": "left", "va": "top", "color": INK}
    figure.text(y=0.86, s="Hierarchical\nBayesian models", fontsize=46, fontweight="bold", linespacing=1.15, **words)
    figure.text(y=0.5, s="None of 47 died here, 8 of 211 there.\nWhich hospital is better?", fontsize=23, **words)
    figure.text(y=0.17, s="A course that checks itself", fontsize=23, **{**words, "color": GREY})
    axes = figure.add_axes((0.66, 0.11, 0.24, 0.66))
    axes.set_axis_off()
    axes.plot([0, 1], [raw, shrunk], color=BLUE, lw=2.5, alpha=0.55)
    axes.plot(0 * raw, raw, "o", color=BLUE, ms=13, clip_on=False)
    axes.plot(0 * shrunk + 1, shrunk, "o", color=ORANGE, ms=13, clip_on=False)
    for x, text, color in ((0, "each\nalone", BLUE), (1, "all\ntogether", ORANGE)):
        axes.text(x, 1.06, text, transform=axes.transAxes, ha="center", va="bottom", fontsize=19, color=color)
    figure.savefig(path)

"""For each figure to touch, the same numbers from hblib: settings to try, and what the figure shall then hold."""

"""The basement: what the two families are computed with. No page imports from here, and nothing here knows a family."""

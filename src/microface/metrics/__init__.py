"""Pure functions of scores and labels: ROC, thresholds, open set, visits. Distances: smaller is nearer."""

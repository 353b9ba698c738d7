"""`make bench`: what a request costs, as ratios against baselines of the same run."""

"""Virtual trials: arms given to the same people, endpoints, percentages with their intervals."""

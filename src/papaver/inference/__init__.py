"""Fitting parameters to studies, with priors from the data files."""

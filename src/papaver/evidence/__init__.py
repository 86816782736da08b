"""Data with provenance: schema, loader, covariate models, and the cards that `papaver explain` prints."""

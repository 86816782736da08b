"""Judging the model: studies (what was observed), their simulation and score, and the claims ledger."""

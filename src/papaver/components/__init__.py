"""Equations only: one mechanism per file. A component sees symbols, never values."""

"""Wiring only: which components make a body, and which data value fills which parameter."""

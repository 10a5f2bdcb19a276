"""Perturbation: values changed by keyed chance or averaging, the same ones whenever asked again.

Pure functions over arrays and small frames. Draws are keyed by a key that lives with the
dataset, by the unit, the variable and its value, never by row order or by release (THREATS 14).
"""

"""Rates, intervals and trials.  Pure: numbers in, numbers out."""

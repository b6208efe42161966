"""Measure how well faces are told apart, on photographs whose truth is known."""

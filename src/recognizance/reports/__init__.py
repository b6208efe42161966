"""Accuracy reports as pages; accountability and transparency reports are not begun."""

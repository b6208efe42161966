"""Accountability, transparency and accuracy reports.  Not begun."""

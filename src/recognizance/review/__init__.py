"""Leads, blind examination, conclusions, outcomes.

Not begun: a candidate list is the last thing the server says today.
"""

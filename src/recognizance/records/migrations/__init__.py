"""Revisions of the schema, run by `recognizance.records.upgrading`."""

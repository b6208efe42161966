"""Web pages for investigators, reviewers, auditors and administrators.  Not begun."""

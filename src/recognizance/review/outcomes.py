"""What came of a search or a case later."""

INDEPENDENT_EVIDENCE = "independent-evidence"

OUTCOMES: dict[str, str] = {
    INDEPENDENT_EVIDENCE: "Evidence that does not rest on the match points to the same person.",
    "lead-confirmed": "The lead turned out to be right.",
    "lead-false": "The lead turned out to be false.",
    "no-lead": "Nothing that was released was of use.",
    "arrest": "Somebody was arrested.",
    "charged": "Somebody was charged.",
    "not-charged": "Nobody was charged, or charges were dropped.",
    "convicted": "Somebody was convicted.",
    "exonerated": "Somebody was cleared.",
    "identified": "The person was identified.",
    "found": "A missing person was found.",
    "other": "Something else, as the note says.",
}
"""By code.  Several can be recorded of one search or case; none is ever taken back."""

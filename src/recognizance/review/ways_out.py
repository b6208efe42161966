"""Every way by which somebody could learn what a review withholds, and what closes it.

One table, so that whoever adds an operation has one place to look at; `tests/review/test_ways_out.py` walks over it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WayOut:
    """A way out.

    Attributes
    ----------
    id : str
        What its test is called by.
    operations : tuple of str
        The wire's operations that it goes through.
    tells : str
        What they would tell.
    closed_by : str
        What closes it.
    where : str
        The function that does, as ``module.function`` below `recognizance`.
    """

    id: str
    operations: tuple[str, ...]
    tells: str
    closed_by: str
    where: str


WAYS_OUT = (
    WayOut(
        "search",
        ("SearchFacesByImage", "SearchFaces", "SearchUsers", "SearchUsersByImage", "SearchGallery"),
        "The candidates, or by an answer of its own kind that there are none.",
        "Referral follows from the request's facts; a lead is made with or without candidates; one answer for both.",
        "workflows.withholding.withhold",
    ),
    WayOut(
        "small-galleries",
        ("SearchGallery", "SearchFacesByImage", "CreateCollection", "IndexFaces"),
        "Whether one person is found, by searching a part of a gallery, or a gallery made of one face.",
        "They are searches, and are referred as all others; rules do not look at how large a gallery is.",
        "workflows.withholding.withhold",
    ),
    WayOut(
        "same-request",
        ("SearchFacesByImage", "SearchFaces", "SearchUsers", "SearchUsersByImage", "SearchGallery"),
        "What changed between two answers, and by a second lead that the first was not enough.",
        "The same request has the same lead; until the release its answer is the same, and nothing is searched.",
        "workflows.withholding.answer_of_lead",
    ),
    WayOut(
        "none-released",
        ("SearchFacesByImage", "SearchFaces", "SearchUsers", "SearchUsersByImage", "SearchGallery"),
        "Whether reviewers rejected candidates, or there were none.",
        "One answer for both, and never an empty list.",
        "workflows.withholding.answer_of_lead",
    ),
    WayOut(
        "compare",
        ("CompareFaces", "ComparePhotographs"),
        "Whether the probe resembles the photograph of one person, and then of the next.",
        "Whose results are withheld compares nothing until they are released; before, no more than `targets_max` "
        "photographs a day, counted over all probes, for a changed byte makes another probe.",
        "workflows.comparing.require_no_search",
    ),
    WayOut(
        "associate",
        ("AssociateFaces",),
        "By LOW_MATCH_CONFIDENCE and its percent whether a face resembles those of a user.",
        "Where results are withheld, faces are associated on the caller's word (UserMatchThreshold 0) or not at all.",
        "workflows.withholding.require_no_comparison",
    ),
    WayOut(
        "index-duplicates",
        ("IndexFaces", "EnrolPhotograph", "EnrolPhotographs"),
        "By a face id of before that the very photograph is enrolled.",
        "Where results are withheld, a photograph is known again to who enrolled it, and to nobody else.",
        "workflows.withholding.enroller",
    ),
    WayOut(
        "import-duplicates",
        ("ImportPhotograph",),
        "By the message about an image id whether its photograph is this one.",
        "Where results are withheld, an image id that is taken is refused whatever the photograph.",
        "workflows.withholding.withholds",
    ),
    WayOut(
        "export",
        ("ExportReferences", "GetPhotograph"),
        "Templates and photographs, to compare elsewhere.",
        "Where results are withheld, they are not exported, but for photographs of released candidates.",
        "workflows.withholding.require_no_export",
    ),
    WayOut(
        "search-show",
        ("GetSearch",),
        "The candidates on record.",
        "Who searched, works on the case, or searches or examines at all, is shown what was released.",
        "workflows.searched.show_search",
    ),
    WayOut(
        "explain",
        ("ExplainDecision", "TryPack"),
        "The facts of the result that a search was decided on: how many candidates, and how alike the best is.",
        "They are left out for the same people, and what was referred is tried without what was found.",
        "workflows.withholding.withheld_entries",
    ),
    WayOut(
        "disclosure",
        ("DiscloseEntry",),
        "What the entries of a search and its examinations commit to.",
        "Until the release nobody, and afterwards nobody who searches or works on the case, has candidates disclosed.",
        "workflows.withholding.require_disclosable",
    ),
    WayOut(
        "receipt",
        ("GetReceipt",),
        "By the entry of one's own search how many were found.",
        "Candidates are a list that is committed to: neither its length nor that it is empty can be seen.",
        "ledger.commitments.ConcealedList",
    ),
    WayOut(
        "hold",
        ("DeleteFaces", "DeleteUser", "DisassociateFaces", "ErasePerson", "DeleteCollection"),
        "By the refusal of an erasure that a search under a legal hold names the person.",
        "While a search whose candidates are withheld is held, nothing of its gallery can be erased: one answer for "
        "all.",
        "workflows.holding.require_free",
    ),
    WayOut(
        "emergency-hold",
        ("ListAuthorities", "ShowReview", "GetSearch"),
        "By what an emergency's end deletes and a legal hold on a person keeps, whether that person was found.",
        "A hold on anybody in a gallery keeps all withheld searches of it, whoever they found.",
        "records.holds.keeping_results",
    ),
    WayOut(
        "review",
        ("ListReviews", "OpenReview", "ShowReview", "ConcludeReview", "ReleaseReview"),
        "The lead itself, to somebody who also has a reviewer's role.",
        "Neither who searched nor who works on the case examines; neither who searched nor who examined releases.",
        "review.reviewers",
    ),
    WayOut(
        "listings",
        ("ListFaces", "ListUsers", "ListCollections", "DescribeCollection", "ListGalleries", "ListCases"),
        "By an order or a count that follows what was found.",
        "They say what is enrolled and registered; a search changes nothing of it.",
        "records.references.list_page",
    ),
)

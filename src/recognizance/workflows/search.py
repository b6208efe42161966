"""Search a gallery (1:N), by photograph, by reference or by subject."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from recognizance.biometrics import Candidate, DetectedFace, Image, QualityLevel, Template
from recognizance.detection.filter import shortcomings
from recognizance.errors import NoFaceError, ReferenceNotFoundError, SubjectNotFoundError
from recognizance.policy import ResultFacts
from recognizance.records import references, searches, subjects
from recognizance.records.galleries import GalleryRow
from recognizance.scoring import RatesAt
from recognizance.workflows import withholding
from recognizance.workflows.act import Act
from recognizance.workflows.engine import NO_FACE, Photograph
from recognizance.workflows.place import (
    Permit,
    Workplace,
    failures_recorded,
    find_gallery,
    new_identifier,
    permit,
    same_gallery,
)
from recognizance.workflows.questions import NOTHING_LOOKED_AT, Looked, Question, leads_of, still_there
from recognizance.workflows.questions import REFERENCES as REFERENCES
from recognizance.workflows.questions import SUBJECTS as SUBJECTS
from recognizance.workflows.questions import Lead as Lead
from recognizance.workflows.releasing import judged_by_result, result_facts
from recognizance.workflows.search_keeping import keep
from recognizance.workflows.shelf import require_model, subject_template
from recognizance.workflows.testing import name_for

NOT_LARGEST = "FACE_NOT_LARGEST"


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A candidate list, best first, and what to know about it.

    Attributes
    ----------
    image, face, unsearched
        The probe photograph, the face that was searched, and the others in it with the reasons why they were not;
        None and empty where a reference or a subject was searched.
    references_searched : int
        How many references (or subjects) the probe was compared with.
    expected_false_candidates : float
        Strangers to expect at this threshold, by the worst group's false match rate.
    rates : RatesAt
        Of the threshold: overall, and that group's.
    search_id : str
        UUID of the record of this search.
    entry : int
        Index of its entry.
    review : str or None
        The review that the candidates go to, or came out of.
    reviewed : bool
        Whether they are what reviewers released.
    """

    image: Image | None
    face: DetectedFace | None
    unsearched: tuple[tuple[DetectedFace, tuple[str, ...]], ...]
    leads: tuple[Lead, ...]
    references_searched: int
    threshold_percent: float
    threshold_score: float
    expected_false_candidates: float
    rates: RatesAt
    search_id: str
    entry: int
    review: str | None = None
    reviewed: bool = False


@dataclass(frozen=True, slots=True)
class Scope:
    """Which references are compared: those named, and those of the subjects named."""

    face_ids: Sequence[str] = ()
    subjects: Sequence[str] = ()


@failures_recorded("search")
def search_by_photograph(
    place: Workplace,
    act: Act,
    gallery_name: str,
    photograph: Photograph,
    *,
    among: str,
    limit: int,
    threshold_percent: float,
    quality: QualityLevel,
    face_needed: bool = True,
    scope: Scope | None = None,
) -> SearchResult:
    """Search for the largest face of a photograph, among all references or only those in `scope`.

    The policy is asked; the gallery is searched; the policy is asked about the result; the record of the search, the
    probe photograph and one entry are made durable together; then the candidates are returned.  What the rules refer
    to reviewers is made a lead along with that; where they withhold, the lead is the answer, and the same request is
    answered with what was released of it, without another search.

    Raises
    ------
    WithheldError
        Naming the review.
    NoFaceError
        If there is no face, or the largest does not pass the filter; unless no face is needed: the search is
        recorded then and has no candidates.
    ReferenceNotFoundError, SubjectNotFoundError
        If the scope names somebody who is not in the gallery.
    """
    gallery_name = name_for(place, act, gallery_name)
    permitted = _permit(place, act, gallery_name, limit, threshold_percent)
    gallery = find_gallery(place, gallery_name)
    require_model(gallery, place.engine.model)
    within = _within(place, gallery, scope) if scope is not None else None
    data, bytes_max = photograph()
    image, faces = place.engine.look(data, bytes_max)
    reasons = shortcomings(faces[0], image, quality) if faces else ()
    face = faces[0] if faces and not reasons else None
    if face is None and face_needed:
        raise NoFaceError(NO_FACE, f"Reasons for the largest face: {', '.join(reasons)}." if reasons else "")
    unsearched: list[tuple[DetectedFace, tuple[str, ...]]] = [(other, (NOT_LARGEST,)) for other in faces[1:]]
    if reasons:
        unsearched.insert(0, (faces[0], tuple(reasons)))
    probe = place.engine.templates(image, [face])[0] if face is not None else None
    question = Question(gallery, probe, among, limit, threshold_percent, scope=within, quality=quality.value)
    return _search(place, permitted, question, Looked(image, face, tuple(unsearched), data))


@failures_recorded("search")
def search_by_reference(
    place: Workplace,
    act: Act,
    gallery_name: str,
    face_id: str,
    *,
    among: str,
    limit: int,
    threshold_percent: float,
) -> SearchResult:
    """Search for an enrolled face; it is not among its own candidates.

    Effects as `search_by_photograph`.

    Raises
    ------
    ReferenceNotFoundError
    """
    gallery_name = name_for(place, act, gallery_name)
    permitted = _permit(place, act, gallery_name, limit, threshold_percent)
    gallery = find_gallery(place, gallery_name)
    with place.store.read() as tx:
        vector = references.template_of(tx, gallery.id, face_id)
        reference = references.get_many(tx, gallery.id, [face_id])[face_id]
    question = Question(
        gallery=gallery,
        probe=Template(vector, gallery.model),
        among=among,
        limit=limit,
        threshold_percent=threshold_percent,
        excluding=(face_id,) if among == REFERENCES else (),
        probe_of=reference,
    )
    return _search(place, permitted, question)


@failures_recorded("search")
def search_by_subject(
    place: Workplace, act: Act, gallery_name: str, subject: str, *, limit: int, threshold_percent: float
) -> SearchResult:
    """Search the subjects that resemble a subject; it is not among its own candidates.

    Effects as `search_by_photograph`.

    Raises
    ------
    SubjectNotFoundError
        If there is no such subject, or it has no references.
    """
    gallery_name = name_for(place, act, gallery_name)
    permitted = _permit(place, act, gallery_name, limit, threshold_percent)
    gallery = find_gallery(place, gallery_name)
    with place.store.read() as tx:
        searched = subjects.get(tx, gallery.id, subject)
        rows = subjects.templates_of(tx, gallery.id, subject)
    if not len(rows):
        raise SubjectNotFoundError(f"The user id: {subject} has no faces to search with")
    probe = Template(subject_template(rows), gallery.model)
    return _search(
        place,
        permitted,
        Question(gallery, probe, SUBJECTS, limit, threshold_percent, (searched.identifier,), probe_of=searched),
    )


def _permit(place: Workplace, act: Act, gallery: str, limit: int, threshold_percent: float) -> Permit:
    return permit(
        place,
        act,
        "search",
        gallery=gallery,
        threshold_percent=threshold_percent,
        candidates_max=limit,
        reviewable=True,
    )


def _search(
    place: Workplace, permitted: Permit, question: Question, looked: Looked = NOTHING_LOOKED_AT
) -> SearchResult:
    terms = withholding.terms_of(permitted)
    request = withholding.request_of(permitted, question.gallery, question.asked(looked.image))
    if terms is not None and terms.withhold and (known := withholding.find_lead(place, request)) is not None:
        return _released(place, withholding.answer_of_lead(place, permitted, known.id), question, looked)
    applied = replace(
        question,
        limit=permitted.limit(question.limit),
        threshold_percent=permitted.threshold(question.threshold_percent),
    )
    gallery = question.gallery
    found, count = _scan(place, applied)
    permitted = judged_by_result(place, permitted, _result(place, applied, found, count, looked))
    terms = withholding.terms_of(permitted)
    with place.store.write() as tx:
        same_gallery(tx, gallery)
        known = withholding.same_request(tx, terms, request)
        if known is None:
            leads = leads_of(place, tx, applied, found)
            lead_id = None if terms is None else new_identifier()
            kept = keep(place, tx, permitted, question, applied, looked, leads, count, lead_id)
            if terms is not None and lead_id is not None:
                withholding.keep_lead(tx, permitted, kept, terms, request, lead_id)
    if known is not None:  # the same request came twice at once
        return _released(place, withholding.answer_of_lead(place, permitted, known.id), question, looked)
    if terms is not None and terms.withhold and lead_id is not None:
        raise withholding.withhold(permitted, lead_id, kept.entry_index)
    return _answer(place, kept, leads, looked, review=lead_id)


def _scan(place: Workplace, question: Question) -> tuple[tuple[Candidate, ...], int]:
    """Find the candidates; say how many the probe was compared with."""
    gallery, shelf = question.gallery, place.shelf
    held = shelf.references(gallery) if question.among == REFERENCES else shelf.subjects(gallery)
    count = len(held) if question.scope is None else len(question.scope)
    if question.probe is None:
        return (), count
    searching = partial(shelf.search, gallery) if question.among == REFERENCES else held.search
    found = searching(
        question.probe,
        limit=question.limit,
        # A hair below: the percent is what was asked for, and it is judged afterwards.
        threshold=place.calibration.score_at_percent(question.threshold_percent) - 1e-6,
        excluding=question.excluding,
        among=question.scope,
    )
    return found, count


def _released(place: Workplace, released: withholding.Released, question: Question, looked: Looked) -> SearchResult:
    """Answer with what reviewers released of an earlier search."""
    with place.store.read() as tx:
        known = still_there(tx, question, [str(each.identifier) for each in released.candidates])
    leads = tuple(
        Lead(
            Candidate(str(each.identifier), each.score, each.rank),
            each.similarity_percent,
            each.fmr,
            known[str(each.identifier)],
        )
        for each in released.candidates
        if each.identifier in known
    )
    return _answer(place, released.search, leads, looked, review=released.lead.id, reviewed=True)


def _answer(
    place: Workplace,
    kept: searches.SearchRecord,
    leads: tuple[Lead, ...],
    looked: Looked,
    *,
    review: str | None = None,
    reviewed: bool = False,
) -> SearchResult:
    threshold_score, count = kept.threshold_applied_score, kept.references_searched
    return SearchResult(
        image=looked.image,
        face=looked.face,
        unsearched=looked.unsearched,
        leads=leads,
        references_searched=count,
        threshold_percent=kept.threshold_applied_percent,
        threshold_score=threshold_score,
        expected_false_candidates=place.calibration.expected_false_candidates(count, threshold_score),
        rates=place.calibration.rates_at(threshold_score),
        search_id=kept.id,
        entry=kept.entry_index,
        review=review,
        reviewed=reviewed,
    )


def _result(
    place: Workplace,
    question: Question,
    found: Sequence[Candidate],
    count: int,
    looked: Looked,
) -> ResultFacts:
    """Say what was found; who was erased since the search still counts."""
    percents = [place.calibration.percent(candidate.score) for candidate in found]
    shown = [percent for percent in percents if percent >= question.threshold_percent]
    return result_facts(shown, count, looked.image, looked.face)


def _within(place: Workplace, gallery: GalleryRow, scope: Scope) -> frozenset[str]:
    """List the face ids in a scope."""
    with place.store.read() as tx:
        known = references.get_many(tx, gallery.id, scope.face_ids)
        missing = [face_id for face_id in scope.face_ids if face_id not in known]
        if missing:
            raise ReferenceNotFoundError(f"The face id: {missing[0]} does not exist")
        theirs = [face_id for name in scope.subjects for face_id in subjects.faces_of(tx, gallery.id, name)]
    return frozenset([*scope.face_ids, *theirs])

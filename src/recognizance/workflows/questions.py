"""What is asked of a gallery, and what the answers mean."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from recognizance.biometrics import Candidate, DetectedFace, Image, Reference, Template
from recognizance.ledger import Value
from recognizance.records import Transaction, references, subjects
from recognizance.records.galleries import GalleryRow
from recognizance.records.subjects import SubjectRow
from recognizance.workflows.place import Workplace

REFERENCES = "references"
SUBJECTS = "subjects"


@dataclass(frozen=True, slots=True)
class Lead:
    """One candidate and what its score means; ``of`` is what it is in the record."""

    candidate: Candidate
    similarity_percent: float
    fmr: float
    of: Reference | SubjectRow

    @property
    def reference(self) -> Reference | None:
        """The reference; None where subjects are searched."""
        return self.of if isinstance(self.of, Reference) else None

    @property
    def subject_name(self) -> str | None:
        """What the client calls the subject; None where references are searched."""
        return self.of.name if isinstance(self.of, SubjectRow) else None

    @property
    def number(self) -> int:
        """Its number in the record."""
        return number_of(self.of)

    @property
    def identifier(self) -> str:
        """Our own identifier of it."""
        return identifier_of(self.of)


@dataclass(frozen=True, slots=True)
class Question:
    """What is searched for, in which gallery, and how much is wanted of it."""

    gallery: GalleryRow
    probe: Template | None
    among: str
    limit: int
    threshold_percent: float
    excluding: Collection[str] = ()
    probe_of: Reference | SubjectRow | None = None
    scope: frozenset[str] | None = None
    quality: str = ""

    def asked(self, image: Image | None) -> list[Value]:
        """Say what is asked, so that the same question is known again."""
        probe = image.sha256.hex() if image is not None else None
        if self.probe_of is not None:
            probe = identifier_of(self.probe_of)
        scope: list[Value] | None = None if self.scope is None else [*sorted(self.scope)]
        return [self.among, probe, repr(self.threshold_percent), self.limit, self.quality, scope]


@dataclass(frozen=True, slots=True)
class Looked:
    """The probe photograph, the face in it that is searched, and those that are not; nothing of another probe."""

    image: Image | None = None
    face: DetectedFace | None = None
    unsearched: tuple[tuple[DetectedFace, tuple[str, ...]], ...] = ()
    photograph: bytes | None = None


NOTHING_LOOKED_AT = Looked()
"""Where a reference or a subject is searched for."""


def leads_of(place: Workplace, tx: Transaction, question: Question, found: Sequence[Candidate]) -> tuple[Lead, ...]:
    """Say what each candidate's score means; leave out those erased while the search ran."""
    known = still_there(tx, question, [candidate.identifier for candidate in found])
    kept = [candidate for candidate in found if candidate.identifier in known]
    if question.among == SUBJECTS:
        # Equals in the order of their names, which is what the client knows them by.
        kept.sort(key=lambda candidate: (-candidate.score, _name_of(known[candidate.identifier])))
    leads: list[Lead] = []
    for candidate in kept:
        percent = place.calibration.percent(candidate.score)
        if percent >= question.threshold_percent:
            leads.append(
                Lead(
                    Candidate(candidate.identifier, candidate.score, len(leads) + 1),
                    percent,
                    place.calibration.fmr(candidate.score),
                    known[candidate.identifier],
                )
            )
    return tuple(leads)


def still_there(
    tx: Transaction, question: Question, identifiers: Sequence[str]
) -> Mapping[str, Reference | SubjectRow]:
    """Look up what a search found, by identifier; who was erased meanwhile is left out."""
    if question.among == REFERENCES:
        return references.get_many(tx, question.gallery.id, identifiers)
    return subjects.by_identifier(tx, question.gallery.id, identifiers)


def identifier_of(found: Reference | SubjectRow) -> str:
    """Give our own identifier of a reference or a subject."""
    return found.face_id if isinstance(found, Reference) else found.identifier


def number_of(found: Reference | SubjectRow) -> int:
    """Give the number in the record of a reference or a subject."""
    return found.sequence if isinstance(found, Reference) else found.id


def _name_of(found: Reference | SubjectRow) -> str:
    return found.name if isinstance(found, SubjectRow) else ""

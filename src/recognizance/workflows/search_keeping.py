"""What is kept of a search: its entry, its record and the probe photograph."""

import hashlib
from collections.abc import Sequence
from typing import Any

from recognizance.biometrics import Image, Reference
from recognizance.ledger import Concealed, ConcealedList, Value
from recognizance.policy import spell_facts
from recognizance.records import Transaction, photographs, searches
from recognizance.records.searches import Searched
from recognizance.records.subjects import SubjectRow
from recognizance.workflows.footing import UNSTATED
from recognizance.workflows.place import Permit, Workplace, new_identifier, record
from recognizance.workflows.questions import REFERENCES, Lead, Looked, Question, identifier_of, number_of


def keep(
    place: Workplace,
    tx: Transaction,
    permitted: Permit,
    asked: Question,
    applied: Question,
    looked: Looked,
    leads: Sequence[Lead],
    count: int,
    lead_id: str | None,
) -> searches.SearchRecord:
    """Record a search with its entry and probe photograph."""
    gallery, image, now = asked.gallery, looked.image, place.clock()
    probe_photograph = None
    probe_slot = tx.vault.take() if image is not None else None
    if looked.photograph is not None and image is not None and gallery.keep_photographs:
        probe_photograph = new_identifier()
        photographs.put(
            tx,
            probe_photograph,
            "probe",
            looked.photograph,
            media_type=image.media_type,
            created_at=now,
            slot=probe_slot,
        )
    search_id = new_identifier()
    details: dict[str, Value] = {
        "calibration": place.calibration.digest,
        "gallery": gallery.id,
        "gallery_version": gallery.version,
        "model": gallery.model,
        "references": count,
        "scope": "gallery" if asked.scope is None else "some",
        "search": search_id,
    }
    if lead_id is not None:
        details["lead"] = lead_id
    entry = record(
        tx,
        permitted,
        details,
        _concealed(asked, leads, image, probe_slot),
        decision="allowed" if lead_id is None else "referred",
    )
    kept = searches.SearchRecord(
        id=search_id,
        entry_index=entry,
        gallery_id=gallery.id,
        gallery=gallery.name,
        operator=permitted.act.operator,
        operation=permitted.act.operation,
        searched="reference" if asked.among == REFERENCES else "subject",
        probe_photograph=probe_photograph,
        probe=searches.ProbeDigest.of(image.sha256) if image is not None else None,
        probe_slot=probe_slot,
        probe_kind=_kind_of(asked.probe_of),
        probe_number=None if asked.probe_of is None else number_of(asked.probe_of),
        threshold_requested_percent=asked.threshold_percent,
        threshold_requested_score=place.calibration.score_at_percent(asked.threshold_percent),
        threshold_applied_percent=applied.threshold_percent,
        threshold_applied_score=place.calibration.score_at_percent(applied.threshold_percent),
        candidates_max=applied.limit,
        candidates_requested=asked.limit,
        references_searched=count,
        gallery_version=gallery.version,
        model=gallery.model,
        calibration=place.calibration.digest,
        purpose=permitted.act.purpose,
        case=permitted.act.case,
        authority=permitted.act.authority,
        authority_id=permitted.act.notes.get("authority_id"),
        source=permitted.act.source or UNSTATED,
        edits=permitted.act.edits,
        at=now,
        **_ruled(place, permitted),
        candidates=tuple(
            searches.SearchCandidate(
                number=lead.number,
                identifier=lead.identifier,
                rank=lead.candidate.rank,
                score=lead.candidate.score,
                similarity_percent=lead.similarity_percent,
                fmr=lead.fmr,
            )
            for lead in leads
        ),
    )
    searches.add(tx, kept)
    return kept


def _ruled(place: Workplace, permitted: Permit) -> dict[str, Any]:
    """Keep with a search what it was decided on, by which rules."""
    ruling = permitted.ruling
    if ruling is None:
        raise AssertionError("rule packs are asked about every search")
    trained = place.roster.operator(permitted.act.operator).training_until
    return {
        "policy": ruling.by.row.digest,
        "decision": ruling.decision,
        "rules": ruling.rules,
        "facts": {
            **spell_facts(ruling.facts, ruling.result),
            "training_until": None if trained is None else trained.isoformat(),
        },
    }


def _concealed(
    question: Question, leads: Sequence[Lead], image: Image | None, probe_slot: int | None
) -> list[Concealed | ConcealedList]:
    """Conceal who was searched for and who was found, each by their own key."""
    lines: list[tuple[Value, int | None]] = [
        (
            {
                "identifier": lead.identifier,
                "percent_thousandths": round(lead.similarity_percent * 1000),
                "rank": lead.candidate.rank,
                "score_millionths": round(lead.candidate.score * 1_000_000),
            },
            lead.of.key_slot,
        )
        for lead in leads
    ]
    concealed: list[Concealed | ConcealedList] = [ConcealedList("candidates", lines)]
    if question.scope is not None:
        digest = hashlib.sha256("\n".join(sorted(question.scope)).encode()).hexdigest()
        concealed.append(Concealed("scope_sha256", digest))
    if question.probe_of is not None:
        of = question.probe_of
        concealed.append(Concealed("probe_reference", identifier_of(of), of.key_slot))
    if image is not None:
        concealed.append(Concealed("probe_sha256", image.sha256.hex(), probe_slot))
    return concealed


def _kind_of(probe: Reference | SubjectRow | None) -> Searched | None:
    if probe is None:
        return None
    return "reference" if isinstance(probe, Reference) else "subject"

"""Answers to our own operations."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from recognizance.biometrics import QualityLevel
from recognizance.native import auditing, authority, erasing, policies, registers, reviewing, shapes
from recognizance.native.model import load_native_model
from recognizance.wire import Answer, Call, Service
from recognizance.wire.desk import Desk, act_of, answer, page_size, review_headers
from recognizance.workflows import exchange, galleries
from recognizance.workflows.compare import compare
from recognizance.workflows.detect import detect
from recognizance.workflows.engine import Photograph
from recognizance.workflows.enrol import Selection, enrol, enrol_many
from recognizance.workflows.reconciling import reconcile_gallery
from recognizance.workflows.search import REFERENCES, Scope, search_by_photograph

THRESHOLD_DEFAULT = 80.0
CANDIDATES_DEFAULT = 20
PAGE_DEFAULT = 500


def create_gallery(desk: Desk, call: Call) -> Answer:
    """Answer CreateGallery."""
    listed, entry = galleries.create_gallery(
        desk.place, act_of(call), call.input["Gallery"], keep_photographs=call.input.get("KeepPhotographs", True)
    )
    return answer({"Gallery": shapes.gallery(listed)}, entry)


def list_galleries(desk: Desk, call: Call) -> Answer:
    """Answer ListGalleries."""
    page, entry = galleries.list_galleries(desk.place, act_of(call), after=desk.after(call, ""), limit=PAGE_DEFAULT)
    shown = page[:PAGE_DEFAULT]
    return answer(
        {
            "Galleries": [shapes.gallery(item) for item in shown],
            "NextToken": desk.token(call, "", shown[-1].gallery.id) if len(page) > PAGE_DEFAULT else None,
        },
        entry,
    )


def reconcile(desk: Desk, call: Call) -> Answer:
    """Answer ReconcileGallery."""
    found, entry = reconcile_gallery(desk.place, act_of(call), call.input["Gallery"])
    return answer(
        {
            "References": found.references,
            "Missing": found.missing,
            "Extra": found.extra,
            "Different": found.different,
        },
        entry,
    )


def detect_faces(desk: Desk, call: Call) -> Answer:
    """Answer DetectFaces."""
    attributes = call.input.get("Attributes", False)
    found = detect(desk.place, act_of(call), _given(desk, call, "Photograph"), attributes=attributes)
    return answer({"Faces": [shapes.face(face, found.image) for face in found.faces]}, found.entry)


def enrol_photograph(desk: Desk, call: Call) -> Answer:
    """Answer EnrolPhotograph."""
    done = enrol(
        desk.place,
        act_of(call),
        call.input["Gallery"],
        _given(desk, call, "Photograph"),
        external_id=call.input.get("ExternalId"),
        faces_max=call.input.get("FacesMax"),
        quality=QualityLevel(call.input.get("Quality", "AUTO")),
    )
    return answer(shapes.enrolment(done), done.entry)


def enrol_photographs(desk: Desk, call: Call) -> Answer:
    """Answer EnrolPhotographs: each outcome names its photograph's entry, and the headers the last one's."""
    wanted = call.input["Photographs"]
    outcomes = enrol_many(
        desk.place,
        act_of(call),
        call.input["Gallery"],
        [(_given_in(desk, item, "Photograph"), item.get("ExternalId")) for item in wanted],
        Selection(call.input.get("FacesMax"), QualityLevel(call.input.get("Quality", "AUTO"))),
    )
    return answer({"Outcomes": [shapes.outcome(item) for item in outcomes]}, outcomes[-1].entry)


def search_gallery(desk: Desk, call: Call) -> Answer:
    """Answer SearchGallery."""
    found = search_by_photograph(
        desk.place,
        act_of(call),
        call.input["Gallery"],
        _given(desk, call, "Photograph"),
        among=REFERENCES,
        limit=call.input.get("CandidatesMax", CANDIDATES_DEFAULT),
        threshold_percent=float(call.input.get("ThresholdPercent", THRESHOLD_DEFAULT)),
        quality=QualityLevel(call.input.get("Quality", "NONE")),
        scope=_scope(call),
    )
    return answer(
        {
            "Candidates": [shapes.candidate(lead, desk.place.calibration) for lead in found.leads],
            "Face": shapes.face(found.face, found.image) if found.face and found.image else None,
            "ReferencesSearched": found.references_searched,
            "ThresholdPercent": found.threshold_percent,
            "ThresholdScore": found.threshold_score,
            "ExpectedFalseCandidates": found.expected_false_candidates,
            **shapes.rates(found.rates),
            "SearchId": found.search_id,
            "Model": desk.place.engine.model,
            "Calibration": desk.place.calibration.digest,
            "ReviewId": found.review,
            "Reviewed": found.reviewed if found.review else None,
        },
        found.entry,
        threshold_applied=f"{found.threshold_percent:g}",
        **review_headers(found.review, reviewed=found.reviewed),
    )


def _scope(call: Call) -> Scope | None:
    """Read which references are to be compared; None for all."""
    face_ids, names = call.input.get("FaceIds"), call.input.get("Subjects")
    return None if face_ids is None and names is None else Scope(face_ids or (), names or ())


def compare_photographs(desk: Desk, call: Call) -> Answer:
    """Answer ComparePhotographs."""
    threshold = float(call.input.get("ThresholdPercent", THRESHOLD_DEFAULT))
    found = compare(
        desk.place,
        act_of(call),
        _given(desk, call, "Source"),
        _given(desk, call, "Target"),
        threshold_percent=threshold,
        quality=QualityLevel(call.input.get("Quality", "NONE")),
    )
    return answer(
        {
            "SourceFace": shapes.face(found.source_face, found.source),
            "Matches": [shapes.compared(item, found.target) for item in found.matches],
            "Unmatched": [shapes.compared(item, found.target) for item in found.unmatched],
            "ThresholdScore": desk.place.calibration.score_at_percent(found.threshold_percent),
            "ThresholdPercent": found.threshold_percent,
        },
        found.entry,
        threshold_applied=f"{found.threshold_percent:g}",
    )


def export_references(desk: Desk, call: Call) -> Answer:
    """Answer ExportReferences."""
    name, limit = call.input["Gallery"], page_size(call, PAGE_DEFAULT)
    gallery, page, entry = exchange.export_references(
        desk.place, act_of(call), name, after=desk.after(call, name), limit=limit
    )
    shown = page[:limit]
    return answer(
        {
            "Model": gallery.model,
            "Calibration": gallery.calibration,
            "References": [shapes.reference(item) for item in shown],
            "NextToken": desk.token(call, name, shown[-1].reference.sequence) if len(page) > limit else None,
        },
        entry,
    )


def get_photograph(desk: Desk, call: Call) -> Answer:
    """Answer GetPhotograph."""
    photograph, entry = exchange.read_photograph(desk.place, act_of(call), call.input["Gallery"], call.input["ImageId"])
    return answer({"Photograph": photograph.data, "MediaType": photograph.media_type}, entry)


def import_references(desk: Desk, call: Call) -> Answer:
    """Answer ImportReferences."""
    incoming = [shapes.incoming(item) for item in call.input["References"]]
    imported, entry = exchange.import_references(
        desk.place, act_of(call), call.input["Gallery"], call.input["Model"], incoming
    )
    return answer({"Imported": imported}, entry)


def import_photograph(desk: Desk, call: Call) -> Answer:
    """Answer ImportPhotograph."""
    imported, missing, entry = exchange.import_photograph(
        desk.place,
        act_of(call),
        call.input["Gallery"],
        _given(desk, call, "Photograph"),
        image_id=call.input["ImageId"],
        external_id=call.input.get("ExternalId"),
        faces=[
            exchange.NamedFace(item["FaceId"], shapes.box_of(item["Box"]), item.get("Subject"))
            for item in call.input["Faces"]
        ],
    )
    return answer({"Imported": list(imported), "Missing": list(missing)}, entry)


OPERATIONS = {
    "CreateGallery": create_gallery,
    "ListGalleries": list_galleries,
    "ReconcileGallery": reconcile,
    "DetectFaces": detect_faces,
    "EnrolPhotograph": enrol_photograph,
    "EnrolPhotographs": enrol_photographs,
    "SearchGallery": search_gallery,
    "ComparePhotographs": compare_photographs,
    "ExportReferences": export_references,
    "GetPhotograph": get_photograph,
    "ImportReferences": import_references,
    "ImportPhotograph": import_photograph,
    **auditing.OPERATIONS,
    **authority.OPERATIONS,
    **erasing.OPERATIONS,
    **registers.OPERATIONS,
    **reviewing.OPERATIONS,
    **policies.OPERATIONS,
}


def _given(desk: Desk, call: Call, name: str) -> Photograph:
    return _given_in(desk, call.input, name)


def _given_in(desk: Desk, given: Mapping[str, Any], name: str) -> Photograph:
    return lambda: (given[name], desk.bytes_max)


def native_service(desk: Desk) -> Service:
    """Put the service together; its requests may hold two photographs of the largest size."""
    return Service(
        load_native_model(),
        {name: partial(operation, desk) for name, operation in OPERATIONS.items()},
        body_bytes_max=2 * (desk.bytes_max * 4 // 3 + 4) + 1_048_576,
    )

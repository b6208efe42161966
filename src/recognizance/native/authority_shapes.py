"""Operators, sessions, cases, purposes, authorities and requests in the words of our own service model."""

import json
from typing import Any

from recognizance.wire.arns import role_arn
from recognizance.workflows import approvals, sessions
from recognizance.workflows.authorities import Known
from recognizance.workflows.cases import Docket
from recognizance.workflows.operators import Known as KnownOperator
from recognizance.workflows.purposes import PurposeRow


def operator(known: KnownOperator) -> dict[str, Any]:
    """Spell an Operator."""
    row = known.operator
    return {
        "Id": row.id,
        "Name": row.name,
        "Agency": row.agency,
        "Roles": sorted([*row.roles, *(f"{each.role}@{each.gallery}" for each in row.gallery_roles)]),
        "TrainingKind": row.training_kind,
        "TrainingUntil": row.training_until,
        "RequestsPerMinute": row.requests_per_minute,
        "FirstStart": row.first_start,
        "Active": row.active,
        "CreatedAt": row.created_at,
        "AccessKeys": [
            {
                "AccessKeyId": key.access_key_id,
                "Operator": key.operator,
                "Active": key.active,
                "CreatedAt": key.created_at,
                "RevokedAt": key.revoked_at,
                "Origin": key.origin,
                "IssuedBy": key.issued_by,
            }
            for key in known.keys
        ],
    }


def session(row: sessions.SessionRow) -> dict[str, Any]:
    """Spell a Session."""
    return {
        "SessionId": row.id,
        "Operator": row.operator,
        "Purpose": row.purpose,
        "Case": row.case,
        "Authority": row.authority,
        "OpenedAt": row.opened_at,
        "ExpiresAt": row.expires_at,
        "ClosedAt": row.closed_at,
        "RoleArn": role_arn(row.id),
    }


def case(found: Docket) -> dict[str, Any]:
    """Spell a Case."""
    return {
        "Number": found.case.number,
        "CaseId": found.case.id,
        "OpenedAt": found.case.opened_at,
        "ClosedAt": found.case.closed_at,
        "Members": list(found.members),
        "Offence": found.case.offence,
        "OffenceWords": found.case.offence_words,
        "Owner": found.case.owner,
    }


def purpose(row: PurposeRow) -> dict[str, Any]:
    """Spell a Purpose."""
    return {
        "Code": row.code,
        "PurposeId": row.id,
        "Title": row.title,
        "LegalBasis": row.legal_basis,
        "From": row.valid_from,
        "Until": row.valid_until,
        "AddedBy": row.added_by,
        "AddedAt": row.added_at,
    }


def authority(known: Known) -> dict[str, Any]:
    """Spell an Authority."""
    row = known.authority
    return {
        "AuthorityId": row.id,
        "Case": known.case,
        "Kind": row.kind,
        "Document": row.document,
        "Issuer": row.issuer,
        "Reason": row.reason or None,
        "Scope": {
            "Galleries": list(row.scope.galleries),
            "Subjects": list(row.scope.subjects),
            "Places": list(row.scope.places),
            "Operations": list(row.scope.operations),
        },
        "From": row.valid_from,
        "Until": row.until,
        "State": known.state,
        "AddedBy": row.added_by,
        "AddedAt": row.added_at,
        "RatifyBy": row.ratify_by,
        "RatifiedBy": row.ratified_by,
        "RatifiedAt": row.ratified_at,
        "RatifyingDocument": row.ratification.get("document"),
        "RatifyingIssuer": row.ratification.get("issuer"),
        "RejectedBy": row.rejected_by,
        "RejectedAt": row.rejected_at,
        "RejectionReason": row.ratification.get("reason"),
        "LapsedAt": row.lapsed_at,
        "EndedBy": row.ended_by,
        "EndedAt": row.ended_at,
        "Extensions": [
            {
                "Number": each.number,
                "Until": each.valid_until,
                "Document": each.document,
                "Issuer": each.issuer,
                "AddedBy": each.added_by,
                "AddedAt": each.added_at,
            }
            for each in row.extensions
        ],
        "Acts": known.acts,
        "ResultsDeleted": known.deleted,
        "KeptByHolds": row.suspended_for.split() if row.suspended_for else [],
    }


def approval(row: approvals.ApprovalRow) -> dict[str, Any]:
    """Spell an Approval; its payload is JSON."""
    return {
        "ApprovalId": row.id,
        "Act": row.kind,
        "Payload": json.dumps(dict(row.payload), sort_keys=True),
        "RequestedBy": row.requested_by,
        "RequestedAt": row.requested_at,
        "State": row.state,
        "DecidedBy": row.decided_by,
        "DecidedAt": row.decided_at,
    }

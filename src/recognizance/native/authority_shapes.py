"""Operators, sessions, cases and requests in the words of our own service model."""

import json
from typing import Any

from recognizance.wire.arns import role_arn
from recognizance.workflows import approvals, sessions
from recognizance.workflows.cases import Docket
from recognizance.workflows.operators import Known


def operator(known: Known) -> dict[str, Any]:
    """Spell an Operator."""
    row = known.operator
    return {
        "Id": row.id,
        "Name": row.name,
        "Agency": row.agency,
        "Roles": sorted(row.roles),
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

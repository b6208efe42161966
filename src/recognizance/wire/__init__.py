"""The AWS JSON 1.1 and Query protocols over botocore service models: signatures, shapes, faults, one application."""

from recognizance.wire.admission import ByteBudget, Lane
from recognizance.wire.answers import serialize
from recognizance.wire.app import Limits, WireApp
from recognizance.wire.context import Context, ContextError, parse_context
from recognizance.wire.faults import ERROR_TABLE, Fault, fault_from
from recognizance.wire.query import QueryService
from recognizance.wire.service import (
    Actor,
    Answer,
    Call,
    Handler,
    Override,
    Service,
    load_model,
    load_service,
)
from recognizance.wire.shapes import Compiler
from recognizance.wire.sigv4 import AccessKey, KeyRing, ReplayGuard, Verifier
from recognizance.wire.violations import ShapeError, Violation

__all__ = [
    "ERROR_TABLE",
    "AccessKey",
    "Actor",
    "Answer",
    "ByteBudget",
    "Call",
    "Compiler",
    "Context",
    "ContextError",
    "Fault",
    "Handler",
    "KeyRing",
    "Lane",
    "Limits",
    "Override",
    "QueryService",
    "ReplayGuard",
    "Service",
    "ShapeError",
    "Verifier",
    "Violation",
    "WireApp",
    "fault_from",
    "load_model",
    "load_service",
    "parse_context",
    "serialize",
]

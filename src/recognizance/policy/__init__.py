"""Decisions: request facts in, a value with reasons out.  Pure: no I/O, no clock."""

from recognizance.policy.decision import Allowed, Decision, Reason, Referred, Refused
from recognizance.policy.facts import RequestFacts
from recognizance.policy.interface import Policy
from recognizance.policy.standing import StandingPolicy

__all__ = ["Allowed", "Decision", "Policy", "Reason", "Referred", "Refused", "RequestFacts", "StandingPolicy"]

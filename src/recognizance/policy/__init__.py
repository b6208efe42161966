"""Decisions: request facts in, a value with reasons out.  Pure: no I/O, no clock."""

from recognizance.policy.decision import Allowed, Decision, Reason, Referred, Refused
from recognizance.policy.facts import BIOMETRIC, RequestFacts, ResultFacts
from recognizance.policy.floors import Applied
from recognizance.policy.interface import Policy
from recognizance.policy.pack import BrokenPack, Pack, PackText, ReviewDemands, policy_digest
from recognizance.policy.packs import Judgement, judge, judge_result
from recognizance.policy.reading import read_or_refuse, read_pack
from recognizance.policy.replaying import read_facts, spell_facts
from recognizance.policy.standing import StandingPolicy

__all__ = [
    "BIOMETRIC",
    "Allowed",
    "Applied",
    "BrokenPack",
    "Decision",
    "Judgement",
    "Pack",
    "PackText",
    "Policy",
    "Reason",
    "Referred",
    "Refused",
    "RequestFacts",
    "ResultFacts",
    "ReviewDemands",
    "StandingPolicy",
    "judge",
    "judge_result",
    "policy_digest",
    "read_facts",
    "read_or_refuse",
    "read_pack",
    "spell_facts",
]

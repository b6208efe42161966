"""The contract of a policy."""

from typing import Protocol

from recognizance.policy.decision import Decision
from recognizance.policy.facts import RequestFacts


class Policy(Protocol):
    """Decides requests.  What it does not know of it refuses."""

    def decide(self, facts: RequestFacts) -> Decision:
        """Decide a request on its facts alone."""
        ...

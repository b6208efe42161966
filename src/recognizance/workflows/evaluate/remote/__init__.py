"""Any service with Rekognition's API as the service that is measured."""

from recognizance.workflows.evaluate.remote.answers import Answers, Collection
from recognizance.workflows.evaluate.remote.asking import Endpoint
from recognizance.workflows.evaluate.remote.estimate import Estimate
from recognizance.workflows.evaluate.remote.remote import Remote

__all__ = ["Answers", "Collection", "Endpoint", "Estimate", "Remote"]

"""What a face appears to show of a person: age and gender."""

from recognizance.attributes.interface import AttributeEstimator

__all__ = ["AttributeEstimator"]

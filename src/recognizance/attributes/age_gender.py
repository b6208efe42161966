"""The two networks of dlib-models: an age from 0 to 80, and female or male."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recognizance.attributes.calibration import AttributeCalibration
from recognizance.attributes.chips import cut_chip, shrink
from recognizance.biometrics import Attributes, DetectedFace, Image
from recognizance.inference.batches import as_batch
from recognizance.inference.manifest import InputContract
from recognizance.inference.sessions import Session

_YEARS = np.array([0.25, *range(1, 81)])  # the first class is below one year; as the package that carries them says


@dataclass(frozen=True, slots=True)
class Network:
    """A loaded graph and what it expects of its input."""

    session: Session
    contract: InputContract


class AgeAndGender:
    """Cut the face out, ask both networks about it and about its mirror image, average, calibrate.

    Parameters
    ----------
    age : Network
        Gives the probabilities of 81 ages.
    gender : Network
        Gives the probabilities of female and male.
    calibration : AttributeCalibration
        Made for these two.
    """

    def __init__(self, age: Network, gender: Network, calibration: AttributeCalibration) -> None:
        self._age = age
        self._gender = gender
        self._calibration = calibration

    def estimate(self, image: Image, faces: Sequence[DetectedFace]) -> list[Attributes]:
        """Estimate of each face; see `AttributeEstimator.estimate`."""
        return [self._attributes(*self.measure(image, face)) for face in faces]

    def measure(self, image: Image, face: DetectedFace) -> tuple[float, float, float]:
        """Give what the networks say of a face, before it is calibrated.

        Returns
        -------
        tuple of float
            The probability of male; mean and standard deviation of the age in years.
        """
        chip = cut_chip(image.pixels, face.landmarks.points_px)
        male = float(_ask(self._gender, chip)[1])
        ages = _ask(self._age, chip)
        expected = float(ages @ _YEARS)
        return male, expected, float(np.sqrt(ages @ (_YEARS - expected) ** 2))

    def _attributes(self, male: float, expected_years: float, spread_years: float) -> Attributes:
        gender, confidence = self._calibration.gender(male)
        low, high = self._calibration.ages(expected_years, spread_years)
        return Attributes(gender, confidence, low, high)


def _ask(network: Network, chip: NDArray[np.uint8]) -> NDArray[np.float64]:
    small = shrink(chip, network.contract.width_px)
    (answers,) = network.session.run(as_batch(np.stack([small, small[:, ::-1]]), network.contract))
    mean: NDArray[np.float64] = answers.mean(axis=0, dtype=np.float64)
    return mean

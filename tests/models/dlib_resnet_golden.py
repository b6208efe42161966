"""Make the golden descriptors that dlib itself computes, for `test_dlib_resnet.py`.

Needs dlib (`pip install dlib-bin`).  From the project's root::

    PYTHONPATH=tests python -m models.dlib_resnet_golden

`test_the_golden_descriptors_are_what_dlib_says` runs the same wherever dlib is installed.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import skimage.data
from numpy.typing import NDArray

from models import dlib_resnet

GOLDEN = Path(__file__).with_name("dlib_resnet_golden.json")


def photograph() -> NDArray[np.uint8]:
    """Give the photograph of Eileen Collins that scikit-image ships: (512, 512, 3), RGB."""
    return skimage.data.astronaut()


def chips() -> dict[str, NDArray[np.uint8]]:
    """Give 150×150 RGB chips that need no resampling: parts of the photograph, and a pattern."""
    row, column, channel = np.mgrid[:150, :150, :3]
    image = photograph()
    return {
        "face": np.ascontiguousarray(image[30:180, 150:300]),
        "suit": np.ascontiguousarray(image[362:512, 362:512]),
        "pattern": ((7 * row + 13 * column + 31 * channel + row * column) % 256).astype(np.uint8),
    }


def describe() -> dict[str, list[float]]:
    """Have dlib describe each chip, and the photograph through its own detector, landmarks and chip."""
    import dlib

    weights = dlib_resnet.locate_weights()
    model = dlib.face_recognition_model_v1(str(weights))
    found = {name: list(model.compute_face_descriptor(chip)) for name, chip in chips().items()}
    image = photograph()
    (face,) = dlib.get_frontal_face_detector()(image)
    predictor = dlib.shape_predictor(str(weights.with_name("shape_predictor_5_face_landmarks.dat")))
    found["photograph"] = list(model.compute_face_descriptor(image, predictor(image, face)))
    return found


def main() -> None:
    import dlib

    golden = {
        "made_by": f"models.dlib_resnet_golden with dlib {dlib.__version__}",
        "weights_sha256": dlib_resnet.WEIGHTS_SHA256,
        "descriptors": {name: [round(value, 7) for value in values] for name, values in describe().items()},
    }
    GOLDEN.write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()

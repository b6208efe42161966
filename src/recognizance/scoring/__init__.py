"""What a comparison score means."""

from recognizance.scoring.calibration import Calibration, Curve, RatesAt, read_calibration
from recognizance.scoring.percent import fmr_of_percent, percent_of_fmr

__all__ = ["Calibration", "Curve", "RatesAt", "fmr_of_percent", "percent_of_fmr", "read_calibration"]

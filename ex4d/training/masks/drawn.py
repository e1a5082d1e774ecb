"""What every way to simulate visibility ends in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ex4d.array_types import Bool

Visible = Bool[np.ndarray, "frames height width"]
Kind = Literal["rendering", "tracking"]


@dataclass(frozen=True)
class DrawnMask:
    """What of an excerpt a guide shows."""

    visible: Visible
    """True where it is shown; the first frame is shown whole, as the guides that are completed have it."""
    kind: Kind
    words: str
    """How it was drawn, for reports and sheets."""

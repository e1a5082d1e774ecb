"""Which trackers can be asked, and how each is opened."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, assert_never

from ex4d.models import located
from ex4d.training.masks.co_tracker import open_co_tracker
from ex4d.training.masks.flow_tracker import FlowTracker, require_opencv
from ex4d.training.masks.tracker import Tracker


def open_tracker(
    name: Literal["flow", "cotracker3"], *, models: Path | None = None, device: str | None = None
) -> Tracker:
    """Open the tracker of this name.

    Args:
        name: As a training file has it.
        models: The folder of all weights, where it is not the usual one.
        device: Torch's name of what weights work on; flow needs none.

    Raises:
        MissingPart: what the tracker needs is not here; says how to get it.
    """
    if name == "flow":
        require_opencv()
        return FlowTracker()
    if name == "cotracker3":
        return open_co_tracker(located("cotracker3", models), device)
    assert_never(name)

"""How one shot gives way to the next, and how the film closes, in words."""

from __future__ import annotations

from ex4d.preflight.explanation.quantities import seconds
from ex4d.shotlist.model import Transition

_FROM = {"left": "right", "right": "left", "up": "bottom", "down": "top"}
"""Where a wipe's new picture comes in, by where its edge travels to."""
_COLOUR = {"fade": "black", "dip-white": "white"}


def entering(transition: Transition, before: str | None) -> str:
    """Say how a shot is entered from the one before; nothing for a cut. Of the first shot, ``before`` is None."""
    lasting = seconds(transition.duration)
    if transition.kind == "dissolve":
        return f"it is entered by a dissolve of {lasting} from '{before}'"
    if transition.kind == "wipe" and transition.direction is not None:
        side = _FROM[transition.direction]
        return f"it is entered by a wipe of {lasting}: its picture comes in from the {side} over '{before}'"
    if transition.kind == "cut":
        return ""
    colour = _COLOUR[transition.kind]
    if before is None:
        return f"it comes up from {colour} in {lasting}"
    return (
        f"it is entered through {colour}: '{before}' goes to {colour} and it comes up from there, in {lasting} together"
    )


def closing(transition: Transition) -> str:
    """Say how the film closes; nothing for a cut."""
    if transition.kind == "cut":
        return ""
    return f"the film closes by going to {_COLOUR[transition.kind]} in {seconds(transition.duration)}"

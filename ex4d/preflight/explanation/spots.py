"""Places in words."""

from __future__ import annotations

from ex4d.preflight.explanation.quantities import distance, joined, share, side
from ex4d.shotlist.model import ImagePoint, Place, Source, SpacePoint


def place(spot: Place, source: Source) -> str:
    """Say a place: the subject, a spot of the picture, or a spot of space."""
    if isinstance(spot, ImagePoint):
        return f"what the picture shows at {picture(spot.x, spot.y)}"
    if isinstance(spot, SpacePoint):
        return f"the spot {away((spot.right, spot.up, spot.inward), source)} from where the source's camera stood"
    return "the subject"


def picture(x: float, y: float) -> str:
    """Say a spot of the picture, as shares from its left and its top."""
    if (x, y) == (0.5, 0.5):
        return "the middle of the picture"
    return f"{share(x)} of the width from the left and {share(y)} of the height from the top"


def away(offset: tuple[float, float, float], source: Source) -> str:
    """Say an offset (right, up, in); distances after the first only as shares."""
    words = (("to the right", "to the left"), ("up", "down"), ("in", "out"))
    parts = [(value, side(value, *pair)) for value, pair in zip(offset, words, strict=True) if abs(value) >= 5e-4]
    if not parts:
        return "no way"
    said = [f"{distance(value, source)} {word}" if not index else f"{share(abs(value))} {word}"
            for index, (value, word) in enumerate(parts)]  # fmt: skip
    return joined(said)

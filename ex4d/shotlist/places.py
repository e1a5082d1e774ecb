"""Places: the subject, a point of the picture, a point of space."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator

from ex4d.shotlist.fields import Distance, ImageShare, shown
from ex4d.shotlist.nodes import Listed, Node
from ex4d.shotlist.records import Record
from ex4d.shotlist.report import Reading


class Subject(Record):
    """The shot's subject: the fixed point that is measured once a shot."""


class ImagePoint(Record):
    """A point of the picture, of the shot's first source frame."""

    x: ImageShare
    """Fraction of the width, from the left."""
    y: ImageShare
    """Fraction of the height, from the top."""


class SpacePoint(Record):
    """A point of space, in the source camera's axes."""

    right: Distance
    """Fraction of the subject's distance."""
    up: Distance
    """Fraction of the subject's distance; up, against the y axis."""
    inward: Distance
    """Fraction of the subject's distance, along the view axis."""


def image_point(node: Listed, info: Reading) -> ImagePoint:
    """Read ``[50%, 60%]``."""
    return ImagePoint.model_validate({"x": node[0], "y": node[1]}, context=info.context)


def _place(value: Any, info: Reading) -> Any:
    if not isinstance(value, Node):
        return value
    if value == "subject":
        return Subject()
    if isinstance(value, Listed) and len(value) == 2:
        return image_point(value, info)
    if isinstance(value, Listed) and len(value) == 3:
        right, up, inward = value
        return SpacePoint.model_validate({"right": right, "up": up, "inward": inward}, context=info.context)
    raise ValueError(
        f"{shown(value)} is not a place; write subject, a place in the picture as [50%, 60%], "
        "or a place in space as [right, up, in] = [20%, 0%, 100%]"
    )


Place = Annotated[Subject | ImagePoint | SpacePoint, BeforeValidator(_place)]

"""Where a shot stands in its file, for faults that show only when its cameras are compiled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ex4d.errors import Fault
from ex4d.shotlist.nodes import Mark


@dataclass(frozen=True, eq=False)
class Origin:
    """The place of a shot and of its parts.

    All origins are equal, so that shots which say the same are the same wherever they are written.
    """

    whole: Mark | None = None
    """None for a shot that was built from Python."""
    keys: Mapping[str, Mark] = field(default_factory=dict)
    """Of each key, and of each item of its time, as ``time[2]``."""
    camera: tuple[Mark, ...] = ()
    """Of each item; of those of a preset, where the shot uses it."""
    presets: tuple[tuple[str, ...], ...] = ()
    """Of each item, in which it stands: ``NAME@N``, outermost first."""

    def fault(self, message: str, part: str | int | None = None) -> Fault | None:
        """Return the fault ``message`` at a key, an item of the camera or the whole; None without a file."""
        if self.whole is None:
            return None
        if isinstance(part, int):
            return self.camera[part].fault(message)
        return self.keys.get(part or "", self.whole).fault(message)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Origin)

    def __hash__(self) -> int:
        return 0

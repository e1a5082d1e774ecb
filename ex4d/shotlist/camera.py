"""One item of a shot's camera: a move, when, and how it eases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Discriminator, Tag, model_validator

from ex4d.shotlist.base_moves import CameraFile, MoveRecord, Path, Spline
from ex4d.shotlist.easing import Ease
from ex4d.shotlist.fields import near, shown
from ex4d.shotlist.moves import (
    Crane,
    Dolly,
    DollyZoom,
    Handheld,
    Hold,
    LookAt,
    Orbit,
    Pan,
    Pedestal,
    Roll,
    Tilt,
    Truck,
)
from ex4d.shotlist.nodes import Mapped, Node, Text
from ex4d.shotlist.other_words import BESIDE_A_MOVE, meant_move
from ex4d.shotlist.records import EntryError, Record, refuse_glued
from ex4d.shotlist.shipped import preset_called
from ex4d.shotlist.timing import WHOLE_SHOT, Window
from ex4d.shotlist.zoom import Zoom

MOVES: dict[str, type[MoveRecord]] = {
    kind.key: kind
    for kind in (
        Hold, Pan, Tilt, Roll, Dolly, Truck, Pedestal, Crane, Orbit, Zoom, DollyZoom, LookAt, Handheld,
        Spline, Path, CameraFile,
    )
}  # fmt: skip
"""Every move, by its word."""
BASES = (Spline, Path, CameraFile)
"""Moves that state the base camera; they are even by default, all others smooth."""
WITHOUT_EASE = ("hold", "handheld", "look-at")
"""Moves that take no ease; neither does ``use``."""


def _word(value: Any) -> str | None:
    if isinstance(value, Mapped) and len(value) == 1:
        return next(iter(value))
    return getattr(value, "key", None)


Move = Annotated[
    Annotated[Hold, Tag("hold")]
    | Annotated[Pan, Tag("pan")]
    | Annotated[Tilt, Tag("tilt")]
    | Annotated[Roll, Tag("roll")]
    | Annotated[Dolly, Tag("dolly")]
    | Annotated[Truck, Tag("truck")]
    | Annotated[Pedestal, Tag("pedestal")]
    | Annotated[Crane, Tag("crane")]
    | Annotated[Orbit, Tag("orbit")]
    | Annotated[Zoom, Tag("zoom")]
    | Annotated[DollyZoom, Tag("dolly-zoom")]
    | Annotated[LookAt, Tag("look-at")]
    | Annotated[Handheld, Tag("handheld")]
    | Annotated[Spline, Tag("spline")]
    | Annotated[Path, Tag("path")]
    | Annotated[CameraFile, Tag("file")],
    Discriminator(_word),
]
"""Any move; read by its word, so that a fault of one is not reported as a fault of all."""


class CameraItem(Record):
    """A move with its window."""

    found: ClassVar[tuple[str, ...]] = ("move",)
    elsewhere: ClassVar[Mapping[str, str]] = BESIDE_A_MOVE
    move: Move
    at: Window = WHOLE_SHOT
    """When it happens; before that it does nothing, after that all of it has happened."""
    ease: Ease | None = None
    """How it speeds up and slows down; if not stated ``in-out``, and ``linear`` for spline, path and file."""

    @classmethod
    def words(cls) -> tuple[str, ...]:
        """Return the keys that a user may write."""
        return ("at", "ease")

    @classmethod
    def opened(cls, node: Node) -> Mapped | Record:
        """Find the one move among the keys; a word alone is a move without a value, as ``hold`` is."""
        if isinstance(node, Text) and node in MOVES:
            return Mapped({"move": Mapped({str(node): Text("", node.where)}, node.where)}, node.where)
        if not isinstance(node, Mapped):
            refuse_glued(node, (*MOVES, "use"))
            hint = preset_called(node) if isinstance(node, Text) else ""
            raise ValueError(f"needs a move with its amount, as in pan: 20deg, but got {shown(node)}{hint}")
        named = [key for key in node if key in MOVES]
        if len(named) > 1:
            raise ValueError(f"has {len(named)} moves, {' and '.join(named)}; write each as an item of its own")
        if not named or "move" in node:
            raise ValueError(_no_move([key for key in node if key not in ("at", "ease", *MOVES)]))
        move = Mapped({named[0]: node[named[0]]}, node[named[0]].where)
        return Mapped({"move": move, **{key: value for key, value in node.items() if key != named[0]}}, node.where)

    @model_validator(mode="after")
    def _eased(self) -> CameraItem:
        if self.ease is not None and self.move.key in WITHOUT_EASE:
            raise EntryError("ease", f"{self.move.key} takes no ease")
        return self


def _no_move(others: list[str]) -> str:
    if others in ([], ["with"]):
        example = "{use: orbit-right, with: {angle: 60deg}}" if others else "{pan: 20deg, at: 20%..60%}"
        return f"has no move; it stands in the same item, as in {example}; moves: {', '.join(MOVES)}, use"
    directions = {word: tuple(kind.pairs.values()) for word, kind in MOVES.items()} | {"zoom": (("in", "out"),)}
    word = others[0]
    hint = meant_move(word, directions) or preset_called(word) or near(word, (*MOVES, "use"))
    return f"unknown move {shown(word)}{hint or '; moves: ' + ', '.join(MOVES) + ', use'}"


def check_camera(items: tuple[CameraItem, ...]) -> tuple[CameraItem, ...]:
    """Check what the moves of one shot allow beside each other.

    Raises:
        EntryError: for a second base camera, and for a lens move beside an absolute zoom.
    """
    bases = [index for index, item in enumerate(items) if isinstance(item.move, BASES) and not _appended(item.move)]
    if len(bases) > 1:
        raise EntryError(bases[1], "a second base camera; a shot has one spline, path or file")
    appended = [index for index, item in enumerate(items) if _appended(item.move)]
    if len(appended) > 1:
        raise EntryError(appended[1], "a second file on top of the base camera; a shot has one with mode: append")
    zooms = [index for index, item in enumerate(items) if isinstance(item.move, Zoom) and item.move.absolute]
    others = [index for index, item in enumerate(items) if _moves_lens(item.move) and index != (zooms or [-1])[0]]
    if zooms and others:
        raise EntryError(zooms[0], "a zoom from one lens to another must be the shot's only lens move")
    return items


def _appended(move: MoveRecord) -> bool:
    return isinstance(move, CameraFile) and move.mode == "append"


def _moves_lens(move: MoveRecord) -> bool:
    if isinstance(move, Spline):
        return any(key.lens is not None for key in move.keys)
    return isinstance(move, Zoom | DollyZoom) or (isinstance(move, Path) and move.lens is not None)

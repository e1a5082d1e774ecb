"""How a shot is entered from the one before, and how the film closes."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator

from ex4d.shotlist import units
from ex4d.shotlist.fields import near, quantity, shown
from ex4d.shotlist.nodes import Mapped, Node, Text
from ex4d.shotlist.other_words import TRANSITIONS_ELSEWHERE, meaning
from ex4d.shotlist.records import Record
from ex4d.shotlist.units import quoted

Kind = Literal["cut", "dissolve", "wipe", "fade", "dip-white"]
KINDS: tuple[str, ...] = get_args(Kind)
Direction = Literal["left", "right", "up", "down"]
DIRECTIONS: tuple[str, ...] = get_args(Direction)
OVERLAPPING = ("dissolve", "wipe")
"""Both shots are on screen."""
THROUGH_COLOUR = ("fade", "dip-white")
"""Half out to a colour, half in from it; the first shot fades up from it, and the film closes in it."""
EXAMPLES = "cut, dissolve 0.4s, wipe left 0.4s, fade 0.5s or dip-white 0.5s"


class Transition(Record):
    """How one picture gives way to the next."""

    kind: Kind = "cut"
    direction: Direction | None = None
    """Of a wipe: where its edge travels to; a wipe left uncovers the new shot from the right."""
    duration: Fraction = Fraction(0)
    """Seconds; 0 for a cut."""

    @classmethod
    def opened(cls, node: Node) -> Mapped | Record:
        """Read ``cut``, ``dissolve 0.4s``, ``wipe left 0.4s``, ``fade 0.5s`` or ``dip-white 0.5s``."""
        kind, *rest = (node.split() if isinstance(node, Text) else []) or [""]
        if meant := _meant(node):
            raise ValueError(f"{shown(node)} is not a transition here{meant}")
        if not isinstance(node, Text) or kind not in KINDS:
            hint = near(kind, KINDS) if kind else ""
            raise ValueError(f"{shown(node)} is not a transition; write {EXAMPLES}{hint}")
        if kind == "cut" and not rest:
            return cls()
        direction = _direction(node, rest) if kind == "wipe" else None
        if kind == "cut" or len(rest) != 1:
            wanted = f"{kind} left 0.4s" if kind == "wipe" else "cut" if kind == "cut" else f"{kind} 0.4s"
            raise ValueError(f"{shown(node)} is not a transition; write {wanted}")
        duration = _duration(kind, Text(rest[0], node.where))
        return cls.model_validate({"kind": kind, "direction": direction, "duration": duration})

    @property
    def overlaps(self) -> bool:
        """Whether both shots are on screen, so that the film is shorter by its frames."""
        return self.kind in OVERLAPPING


def _meant(node: Node) -> str:
    words = " ".join(word for word in node.split() if not word[0].isdigit()) if isinstance(node, Text) else ""
    kind, _, direction = words.partition("-")
    if kind == "wipe" and direction in DIRECTIONS:
        return f"; write wipe {direction} 0.4s"
    return meaning(words, TRANSITIONS_ELSEWHERE)


def _direction(node: Text, rest: list[str]) -> str:
    word = rest.pop(0) if rest else ""
    if word in DIRECTIONS:
        return word
    hint = near(word, DIRECTIONS) if word and not word[0].isdigit() else ""
    raise ValueError(f"{shown(node)} does not say where the wipe goes; write wipe left 0.4s, or right, up, down{hint}")


def _duration(kind: str, text: Text) -> Fraction:
    seconds = quantity(text, units.DURATION).value
    if seconds <= 0:
        raise ValueError(f"a {kind} of {quoted(text)} takes no time; write cut, or a duration above 0s")
    return seconds


def _closing(value: Any) -> Any:
    transition = Transition.model_validate(value) if isinstance(value, Node) else value
    if isinstance(transition, Transition) and transition.overlaps:
        raise ValueError(
            f"{shown(value)}: nothing follows the film that it could show; close it with fade 0.5s or dip-white 0.5s"
        )
    return transition


Ending = Annotated[Transition, BeforeValidator(_closing)]
"""How the film closes: cut, fade or dip-white."""

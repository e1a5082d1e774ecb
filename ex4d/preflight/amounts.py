"""The amounts of a shot's moves as they are written, to be scaled and written again: what ``plan --fit`` turns."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from pydantic import ValidationError

from ex4d.errors import Fault, UserError
from ex4d.shotlist.library import Library
from ex4d.shotlist.model import MOVES, CameraItem, Shot
from ex4d.shotlist.moves import SignedMove
from ex4d.shotlist.nodes import Listed, Mapped, Node, Text
from ex4d.shotlist.preset_file import Preset
from ex4d.shotlist.presets import Expansion
from ex4d.shotlist.report import Report
from ex4d.shotlist.units import Quantity, read_quantity

DIGITS = 3
"""Of an amount that is proposed."""
Keys = tuple[str, ...]
"""Where an amount stands in its item, as in ``("orbit", "right")``."""


@dataclass(frozen=True)
class Amount:
    """One number of a move, and what it is where the move does nothing."""

    written: Quantity
    least: Fraction | None = None
    """Of a preset's parameter; None has no bound."""
    most: Fraction | None = None
    factor: bool = False
    """Whether doing nothing is a factor of 1, and doing twice as much its square; else it is 0, and the double."""

    def scaled(self, by: float) -> Quantity:
        """Return so many times as much, in ``DIGITS`` digits, rounded towards doing nothing; once is as it is written.

        It stays within the bounds of its parameter.
        """
        return self.written if by == 1.0 else Quantity(self._bounded(self._times(by)), self.written.unit)

    def allows(self, by: float) -> bool:
        """Return whether so many times as much is within the bounds of its parameter."""
        return self._bounded(self._times(by)) == self._times(by)

    def _times(self, by: float) -> Fraction:
        value = float(self.written.value) ** by if self.factor else float(self.written.value) * by
        return _towards(1 if self.factor else 0, Fraction(value))

    def _bounded(self, value: Fraction) -> Fraction:
        above = value if self.least is None else max(value, self.least)
        return above if self.most is None else min(above, self.most)


def _towards(nothing: int, value: Fraction) -> Fraction:
    if value == nothing:
        return value
    grain = Fraction(10) ** (math.floor(math.log10(abs(value))) - DIGITS + 1)
    return (math.floor if value > nothing else math.ceil)(value / grain) * grain


@dataclass(frozen=True)
class Turnable:
    """A move of a shot that has an amount, or several that are one."""

    shot: Shot
    library: Library
    item: Mapped
    """As it is written in the shot."""
    names: tuple[str, ...]
    """What a user may call it; the first is how it is told."""
    amounts: Mapping[Keys, Amount]

    def written(self, by: float) -> list[str]:
        """Return its lines in the shot list, its amounts so many times as large."""
        pairs = [f"{key}: {flowing(value)}" for key, value in self._turned(by).items()]
        return [("- " if index == 0 else "  ") + pair for index, pair in enumerate(pairs)]

    def shot_with(self, by: float) -> Shot | None:
        """Return the shot with its amounts so many times as large; None where the language allows no such amounts."""
        if by > 1.0 and not all(amount.allows(by) for amount in self.amounts.values()):
            return None
        faults: list[Fault] = []
        distance = self.shot.source.subject_distance
        report = Report(None if distance is None else Fraction(distance))
        placed, _ = Expansion(self.library, faults).expand(
            Listed([self._turned(by)], self.item.where), report.subject_distance
        )
        if faults:
            return None
        try:
            items = [each.placed(CameraItem.model_validate(each.node, context=report)) for each in placed]
        except (ValidationError, ValueError):
            return None
        return self._replaced(items)

    def _replaced(self, items: list[CameraItem]) -> Shot:
        marks = [mark.path for mark in self.shot.origin.camera]
        first, count = marks.index(self.item.where.path), marks.count(self.item.where.path)
        camera = (*self.shot.camera[:first], *items, *self.shot.camera[first + count :])
        return self.shot.model_copy(update={"camera": camera})

    def _turned(self, by: float) -> Mapped:
        turned = self.item
        for keys, amount in self.amounts.items():
            turned = _with(turned, keys, str(amount.scaled(by)))
        return turned


def _with(node: Any, keys: Keys, text: str) -> Any:
    """Return a copy of a node with another scalar at some place, which need not be there yet."""
    if not keys:
        return Text(text, node.where)
    items = dict(node) if isinstance(node, Mapped) else {}
    items[keys[0]] = _with(items.get(keys[0], Text("", node.where)), keys[1:], text)
    return Mapped(items, node.where)


def flowing(node: Node) -> str:
    """Write a node in one line of YAML."""
    if isinstance(node, Mapped):
        return "{" + ", ".join(f"{key}: {flowing(value)}" for key, value in node.items()) + "}"
    if isinstance(node, Listed):
        return "[" + ", ".join(map(flowing, node)) + "]"
    return str(node) if node.plain else json.dumps(str(node), ensure_ascii=False)


def turnables_of(shot: Shot, camera: Node | None, library: Library) -> tuple[list[Turnable], list[str]]:
    """Return the moves of a shot that have an amount, and why others have none.

    Args:
        shot: read from a file.
        camera: of that shot, as it is written.
        library: where its presets are.
    """
    found: list[Turnable] = []
    without: list[str] = []
    for index, item in enumerate(camera if isinstance(camera, Listed) else ()):
        try:
            found += _turnables(shot, _opened(item), index, library)
        except UserError as why:
            without.append(f"camera[{index}]: {why}")
    return found, without


def _opened(item: Node) -> Mapped:
    """Read ``handheld`` as ``{handheld: }``."""
    return item if isinstance(item, Mapped) else Mapped({str(item): Text("", item.where)}, item.where)


def _turnables(shot: Shot, item: Mapped, index: int, library: Library) -> Iterator[Turnable]:
    place = f"camera[{index}]"
    if "use" in item:
        yield from _of_preset(shot, item, place, library)
        return
    word = next(key for key in item if key in MOVES)
    amounts = dict(_amounts(word, item[word]))
    if not amounts:
        raise UserError(f"{word} has no amount that could be turned")
    yield Turnable(shot, library, item, (word, place), amounts)


def _amounts(word: str, value: Node) -> Iterator[tuple[Keys, Amount]]:
    """Yield the amounts of a move, by where they stand in its item."""
    kind = MOVES[word]
    if isinstance(value, Text) and not value.missing:
        if issubclass(kind, SignedMove) or (word == "zoom" and ".." not in value):
            yield (word,), Amount(read_quantity(value), factor=word == "zoom")
        return
    entries = value if isinstance(value, Mapped) else {}
    for key, entry in entries.items():
        if key in {each for pair in kind.pairs.values() for each in pair} | (
            {"in", "out"} if word == "zoom" else set()
        ):
            yield (word, key), Amount(read_quantity(entry), factor=word == "zoom")
    if word == "handheld":
        yield (word, "amount"), Amount(read_quantity(str(entries.get("amount", "1"))))
    if word == "file" and "scale" in entries:
        yield (word, "scale"), Amount(read_quantity(entries["scale"]))


def _of_preset(shot: Shot, item: Mapped, place: str, library: Library) -> Iterator[Turnable]:
    """Yield a preset's parameters: the one that it has, or that the shot writes, may be called by the preset's name."""
    name, _, version = str(item["use"]).partition("@")
    preset = library.preset(name, int(version) if version else None)
    given = item.get("with")
    given = given if isinstance(given, Mapped) else Mapped({}, item.where)
    alone = list(preset.params) if len(preset.params) == 1 else list(given) if len(given) == 1 else []
    if not preset.params:
        raise UserError(f"{name} has no parameter")
    for parameter in preset.params:
        own = (f"{name}.{parameter}", f"{place}.{parameter}")
        short = (name, place, str(item["use"]), *own) if alone == [parameter] else own
        amount = _of_parameter(preset, parameter, given.get(parameter))
        yield Turnable(shot, library, item, short, {("with", parameter): amount})


def _of_parameter(preset: Preset, name: str, given: Node | None) -> Amount:
    """Return a parameter's amount; one without a unit of length or angle whose range lies above 0 is a factor."""
    parameter = preset.params[name]
    written = parameter.default if given is None else read_quantity(str(given))
    same = written.unit == parameter.default.unit
    least, most = (bound.value if bound is not None and same else None for bound in (parameter.min, parameter.max))
    factor = written.unit == "x" and least is not None and least > 0
    return Amount(written, least, most, factor)

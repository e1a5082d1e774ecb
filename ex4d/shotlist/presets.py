"""Presets put in the place of their use: ``use: orbit-right@1`` becomes the preset's moves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from pydantic import ValidationError

from ex4d.errors import Fault, ShotFileError
from ex4d.shotlist.faults import faults_of
from ex4d.shotlist.fields import near, shown
from ex4d.shotlist.library import Library
from ex4d.shotlist.model import MOVES, WHOLE_SHOT, CameraItem, PresetUse, Window
from ex4d.shotlist.nodes import Listed, Mapped, Mark, Node, Text
from ex4d.shotlist.parameters import substituted
from ex4d.shotlist.preset_file import Preset
from ex4d.shotlist.records import known
from ex4d.shotlist.report import Report
from ex4d.shotlist.units import Quantity

MAX_NESTING = 8
"""Presets inside presets."""
MAX_VALUES = 50_000
"""Values of all presets put in their places; presets that double at each level would never end."""

_USE = re.compile(r"([^@]*)(?:@([1-9][0-9]{0,5}))?")


@dataclass(frozen=True)
class PlacedItem:
    """An item of a camera, written in the shot or in a preset, with the window in which it stands."""

    node: Node
    within: Window = WHOLE_SHOT
    outermost: Node | None = None
    """The item of the shot that it comes from; None where that is the node itself."""
    presets: tuple[str, ...] = ()
    """In which it stands, ``NAME@N``, outermost first."""

    @property
    def where(self) -> Mark:
        """Where the shot has it."""
        return (self.outermost or self.node).where

    def placed(self, item: CameraItem) -> CameraItem:
        """Return the item that was read from the node with its window nested in that of the preset's use.

        Raises:
            ValueError: where it stands in a preset and is not in ``%``.
        """
        return item.model_copy(update={"at": nested(item.at, self.within, self.node)})


def nested(window: Window, within: Window, node: Node) -> Window:
    """Return a window of a preset's item within that of the preset's use.

    Raises:
        ValueError: where ``node`` stands in a preset and its window is not in ``%``.
    """
    if node.where.used_at and {window.start.unit, window.end.unit} != {"%"}:
        raise ValueError("inside a preset a window is in %, of the window in which the preset is used")
    if within == WHOLE_SHOT:
        return window
    return within if window == WHOLE_SHOT else window.model_copy(update={"within": within})


class Expansion:
    """Expands the cameras of one file; what is wrong is added to ``faults``."""

    def __init__(self, library: Library, faults: list[Fault]) -> None:
        self._library = library
        self._faults = faults
        self._uses: dict[PresetUse, None] = {}
        self._values_placed = 0
        self._subject_distance: Fraction | None = None

    def expand(
        self, camera: Listed, subject_distance: Fraction | None = None
    ) -> tuple[list[PlacedItem], tuple[PresetUse, ...]]:
        """Return the items of a shot's camera with those of its presets, and what was used, outermost first."""
        self._uses, self._subject_distance = {}, subject_distance
        items = [
            replace(item, outermost=node)
            for node in camera
            for item in self._items(Listed([node], camera.where), WHOLE_SHOT, ())
        ]
        return items, tuple(self._uses)

    def _items(self, camera: Listed, within: Window, trail: tuple[str, ...]) -> Iterator[PlacedItem]:
        for node in camera:
            if self._values_placed > MAX_VALUES:
                return  # told where it happened
            if isinstance(node, Mapped) and "use" in node:
                yield from self._used(node, within, trail)
            else:
                yield PlacedItem(node, within)

    def _used(self, node: Mapped, within: Window, trail: tuple[str, ...]) -> Iterator[PlacedItem]:
        before = len(self._faults)
        self._check_words(node)
        window = self._window(node, within)
        preset = self._preset(node["use"], trail)
        values = self._values(preset, node) if preset is not None else {}
        if preset is None or len(self._faults) > before:
            return
        report = Report()
        inner = substituted(preset.camera, values, _used_at(node["use"]), report)
        self._faults += [where.fault(message) for where, message in report.found]
        if not report.found:
            for item in self._items(inner, window, (*trail, preset.preset)):
                yield replace(item, presets=(preset.identity, *item.presets))

    def _fault(self, node: Node, message: str) -> None:
        self._faults.append(node.where.fault(message))

    def _check_words(self, node: Mapped) -> None:
        report = Report()
        if "ease" in node:
            self._fault(node["ease"], "use takes no ease; the preset's moves have their own")
        moves = tuple(key for key in node if key in MOVES)
        for key in moves:
            self._fault(node[key], f"{key} stands beside use; write each as an item of its own")
        known(node, ("use", "with", "at", "ease", *moves), (), report)
        self._faults += [where.fault(message) for where, message in report.found]

    def _window(self, node: Mapped, within: Window) -> Window:
        if "at" not in node:
            return within
        try:
            return nested(Window.model_validate(node["at"]), within, node["at"])
        except ValidationError as error:
            self._faults += faults_of(error, node.where)
        except ValueError as error:
            self._fault(node["at"], str(error))
        return within

    def _preset(self, written: Any, trail: tuple[str, ...]) -> Preset | None:
        found = _USE.fullmatch(written) if isinstance(written, Text) and not written.missing else None
        if not found:
            self._fault(written, f"needs a preset, as in orbit-right or orbit-right@1, but got {shown(written)}")
            return None
        name, version = found[1], int(found[2]) if found[2] else None
        if name in trail:
            self._fault(written, f"presets use each other in a circle: {' → '.join((*trail, name))}")
            return None
        if len(trail) >= MAX_NESTING:
            self._fault(written, f"presets nest more than {MAX_NESTING} deep: {' → '.join((*trail, name))}")
            return None
        return self._found(written, name, version)

    def _found(self, written: Text, name: str, version: int | None) -> Preset | None:
        try:
            preset = self._library.preset(name, version)
        except ShotFileError as error:
            used = f" (used at {_used_at(written)})"
            self._faults += [replace(fault, message=fault.message + used) for fault in error.faults]
            return None
        except ValueError as error:
            hint = f"; {name} is a move: write it without use, as in - {name}: …" if name in MOVES else ""
            self._fault(written, f"{error}{hint}")
            return None
        self._values_placed += preset.size
        if self._values_placed > MAX_VALUES:
            self._fault(written, f"the presets of this file amount to more than {MAX_VALUES} values")
            return None
        use = PresetUse(name=name, version=preset.version, pinned=version is not None, sha256=preset.sha256)
        self._uses.setdefault(use)
        return preset

    def _values(self, preset: Preset, node: Mapped) -> dict[str, Quantity]:
        given = node.get("with", Mapped({}, node.where))
        values = {name: parameter.default for name, parameter in preset.params.items()}
        if isinstance(given, Text) and given.missing:
            return values
        if not isinstance(given, Mapped):
            self._fault(given, f"needs parameters, as in with: {{angle: 60deg}}, but got {shown(given)}")
            return values
        for name, value in given.items():
            try:
                values[name] = _parameter(preset, name).read(value, self._subject_distance)
            except ValueError as error:
                self._fault(value, str(error))
        return values


def _parameter(preset: Preset, name: str) -> Any:
    if name in preset.params:
        return preset.params[name]
    known_names = tuple(preset.params)
    hint = near(name, known_names) or f"; parameters: {', '.join(known_names) or 'none'}"
    raise ValueError(f"preset {preset.preset!r} has no parameter {shown(name)}{hint}")


def _used_at(node: Node) -> str:
    return f"{node.where}, {node.where.used_at}" if node.where.used_at else str(node.where)

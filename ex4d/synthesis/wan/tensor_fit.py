"""Every tensor of a file has its place in the model, and every place its tensor, or all that does not is named."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ex4d.errors import MissingPart
from ex4d.synthesis.wan.key_names import Names
from ex4d.synthesis.wan.tensor_files import TensorFiles

Shape = tuple[int, ...]
_SHOWN = 12
"""Groups of names that an error lists of each kind."""


@dataclass(frozen=True)
class Fit:
    """Which parameters each tensor of a file becomes."""

    places: Mapping[str, tuple[str, ...]]


def shapes_by_name(files: TensorFiles, names: Names) -> dict[str, Shape]:
    """Return the shape that the files have for each parameter, by the parameter's name."""
    named = ((names(key), entry) for key, entry in files.entries.items())
    return {place: _part(entry.shape, len(places)) for places, entry in named for place in places}


def fitted(files: TensorFiles, names: Names, wanted: Mapping[str, Shape], *, model: str) -> Fit:
    """Find each tensor's place.

    A shape fits when it is the wanted one but for leading axes of length 1, which Wan's files have more of.

    Raises:
        MissingPart: what is missing, unexpected, given twice, of another shape or no floating point, all at once.
    """
    places = {key: names(key) for key in files.entries}
    given = Counter(place for found in places.values() for place in found)
    wrong = {
        "missing": grouped(wanted.keys() - given.keys()),
        "of no use to the model": grouped(key for key, found in places.items() if not set(found) <= wanted.keys()),
        "given twice": grouped(name for name, count in given.items() if count > 1),
        "of another shape": grouped(_misshapen(files, places, wanted)),
        "not floating-point": grouped(
            key for key, found in places.items() if found and not files.entries[key].dtype.is_floating_point
        ),
    }
    if any(wrong.values()):
        listed = "".join(f"\n  {kind}: {', '.join(found)}" for kind, found in wrong.items() if found)
        where = ", ".join(dict.fromkeys(str(file.parent / file.name) for file in files.files))
        raise MissingPart(f"{where}: not the tensors of {model}:{listed}\n  download the files of {model} again")
    return Fit(places)


def times(shape: Iterable[int]) -> str:
    """Return a shape as people write it, as in ``5120x16``."""
    return "x".join(map(str, shape)) or "a single number"


def grouped(names: Iterable[str]) -> list[str]:
    """Return a few lines for many names: those that differ in their first number only, the block's, are one."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for name in sorted(names):
        groups[re.sub(r"\d+", "*", name, count=1)].append(name)
    shown = [group[0] if len(group) == 1 else f"{stem} ({len(group)} of them)" for stem, group in groups.items()]
    more = [f"and {len(shown) - _SHOWN} more kinds"] if len(shown) > _SHOWN else []
    return shown[:_SHOWN] + more


def _misshapen(files: TensorFiles, places: Mapping[str, tuple[str, ...]], wanted: Mapping[str, Shape]) -> Iterable[str]:
    for key, found in places.items():
        got = files.entries[key].shape
        for place in found:
            if place in wanted and not _same(got, wanted[place], len(found)):
                yield f"{key} is {times(got)}, the model's {place} is {times(wanted[place])}"
                break


def _same(got: Shape, wanted: Shape, parts: int) -> bool:
    divisible = parts == 1 or (bool(got) and got[0] % parts == 0)
    return divisible and _without_leading_ones(_part(got, parts)) == _without_leading_ones(wanted)


def _part(shape: Shape, parts: int) -> Shape:
    return (shape[0] // parts, *shape[1:]) if parts > 1 and shape else shape


def _without_leading_ones(shape: Shape) -> Shape:
    ones = next((axis for axis, length in enumerate(shape) if length != 1), len(shape))
    return shape[ones:]

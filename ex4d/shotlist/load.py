"""Read a shot list: text to records, with every fault of the file at once and where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from ex4d.errors import Fault, ShotFileError
from ex4d.shotlist.faults import faults_of, without_echoes
from ex4d.shotlist.fields import NOTHING, shown
from ex4d.shotlist.lengths import faults_of_lengths, timing_of
from ex4d.shotlist.library import Library
from ex4d.shotlist.local_files import missing_files, missing_rates
from ex4d.shotlist.model import CameraItem, Output, Shot, ShotList, Source, Synthesis
from ex4d.shotlist.nodes import Listed, Mapped, Mark, Text
from ex4d.shotlist.origin import Origin
from ex4d.shotlist.preset_file import LANGUAGE_VERSION
from ex4d.shotlist.presets import Expansion, PlacedItem
from ex4d.shotlist.records import Record, known
from ex4d.shotlist.report import Report
from ex4d.shotlist.text_file import bytes_of
from ex4d.shotlist.units import quoted, read_quantity
from ex4d.shotlist.yaml_text import compose

MAX_SHOTS = 1000
HEADING = ("title", "end", "audio")
WORDS = ("ex4d", *HEADING, "source", "output", "synthesis", "shots")
TRAINING = "ex4d-train"
"""How a training file begins."""
INHERITED = ("source", "synthesis")
"""What a shot takes from the list, key by key."""

Kind = TypeVar("Kind", bound=Record)


def load(path: Path | str, *, must_exist: bool = True) -> ShotList:
    """Read a shot list from a file; no media are opened.

    Args:
        path: of the YAML file; its paths are relative to its folder.
        must_exist: whether a video or depth file that is not there is a fault.

    Raises:
        ShotFileError: with all faults of the file.
    """
    file = Path(path)
    return parse(bytes_of(file), file, must_exist=must_exist)


def parse(text: str | bytes, file: Path | str, *, must_exist: bool = False, library: Library | None = None) -> ShotList:
    """Read a shot list from its text.

    Args:
        text: the YAML, at most 1 MiB.
        file: where it stands: names faults, and its folder resolves paths and presets.
        must_exist: whether a video or depth file that is not there is a fault.
        library: of the presets; None are those built in and those beside the file.

    Raises:
        ShotFileError: with all faults of the text.
    """
    presets = library or Library.beside(Path(file))
    return _Reading(Path(file), presets, must_exist=must_exist).shot_list(text)


class _Reading:
    """One reading of one file; collects faults."""

    def __init__(self, file: Path, library: Library, *, must_exist: bool) -> None:
        self._file = file
        self._must_exist = must_exist
        self._faults: list[Fault] = []
        self._presets = Expansion(library, self._faults)

    def shot_list(self, text: str | bytes) -> ShotList:
        """Read the whole, or raise all that is wrong with it."""
        root = self._known(_no_training_file(compose(text, str(self._file), self._faults)), WORDS)
        self._check_version(root)
        output = self._record(Output, root.get("output"), root.where)
        self._check_defaults(root)
        nodes = self._shot_nodes(root)
        shots = [self._shot(node, root) for node in nodes]
        self._check_names(nodes)
        rate = output.fps if output is not None else None
        timings = [timing_of(node, shot, _inherited(node, root), rate) for node, shot in zip(nodes, shots, strict=True)]
        heading = {word: root[word] for word in HEADING if word in root}
        whole = {"file": self._file, "output": output or Output(), "shots": tuple(filter(None, shots))}
        film = self._record(ShotList, Mapped({**heading, **whole}, root.where), root.where)
        self._faults += faults_of_lengths(nodes, timings, rate, root.get("end"), film)
        if self._faults or output is None or film is None:
            raise ShotFileError(without_echoes(self._faults))
        return film

    def _fault(self, where: Mark, message: str) -> None:
        self._faults.append(where.fault(message))

    def _known(self, node: Mapped, words: tuple[str, ...], elsewhere: Mapping[str, str] = NOTHING) -> Mapped:
        report = Report()
        kept = known(node, words, (), report, elsewhere=elsewhere)
        self._reported(report)
        return kept

    def _reported(self, report: Report) -> None:
        for where, message in report.found:
            self._fault(where, message)

    def _record(self, kind: type[Kind], node: Any, within: Mark, metres: Fraction | None = None) -> Kind | None:
        """Read a record, or note why it cannot be read; what is left out has its defaults.

        ``metres`` is the subject's distance, where the source states it.
        """
        report = Report(metres)
        try:
            return kind.model_validate(Mapped({}, within) if node is None else node, context=report)
        except ValidationError as error:
            self._faults += faults_of(error, within)
            return None
        finally:
            self._reported(report)

    def _check_version(self, root: Mapped) -> None:
        version = root.get("ex4d")
        if version is None:
            self._fault(root.where, "needs the version of the language: ex4d: 1")
        elif version != LANGUAGE_VERSION:
            self._fault(version.where, f"{shown(version)} is not a version of the language; this ex4d reads ex4d: 1")

    def _check_defaults(self, root: Mapped) -> None:
        """Find the faults of defaults that no shot may use."""
        source = root.get("source")
        if isinstance(source, Mapped) and "video" not in source:
            source = Mapped({**source, "video": Text("any", source.where)}, source.where)
        for kind, node in ((Source, source), (Synthesis, root.get("synthesis"))):
            if node is not None and not (isinstance(node, Text) and node.missing):
                self._record(kind, node, root.where)
        if self._must_exist and isinstance(root.get("source"), Mapped):
            self._faults += missing_files(root["source"])

    def _shot_nodes(self, root: Mapped) -> list[Mapped]:
        shots = root.get("shots")
        if not isinstance(shots, Listed) or not shots:
            where = root.where if shots is None else shots.where
            self._fault(where, "needs shots: a list with one shot or more, each as in - name: swing")
            return []
        if len(shots) > MAX_SHOTS:
            self._fault(shots.where, f"has {len(shots)} shots; a list holds at most {MAX_SHOTS}")
            return []
        for node in shots:
            if not isinstance(node, Mapped):
                self._fault(node.where, f"needs a shot, as in - name: swing, but got {shown(node)}")
        return [self._known(node, Shot.words(), Shot.elsewhere) for node in shots if isinstance(node, Mapped)]

    def _shot(self, node: Mapped, root: Mapped) -> Shot | None:
        merged = Mapped({**node, **_inherited(node, root)}, node.where)
        if "source" not in merged:
            self._fault(node.where, "needs a source: write source: {video: media/clip.mp4} here or for the whole list")
            return None
        if self._must_exist and isinstance(node.get("source"), Mapped):
            self._faults += missing_files(node["source"])
        self._faults += missing_rates(merged["source"], look=self._must_exist)
        camera = node.get("camera")
        metres = _stated_metres(merged["source"])
        placed, uses = self._presets.expand(camera, metres) if isinstance(camera, Listed) else ([], ())
        if isinstance(camera, Listed):
            merged["camera"] = Listed([item.node for item in placed], camera.where)
        shot = self._record(Shot, merged, node.where, metres)
        if shot is None:
            return None
        shot = shot.model_copy(update={"camera": self._placed(shot.camera, placed), "presets": uses})
        keys = {key: value.where for key, value in merged.items()}
        parts = merged.get("time")
        keys |= {f"time[{index}]": part.where for index, part in enumerate(parts if isinstance(parts, Listed) else [])}
        places, trails = tuple(item.where for item in placed), tuple(item.presets for item in placed)
        return shot.written_at(Origin(node.where, keys, places, trails))

    def _placed(self, items: tuple[CameraItem, ...], placed: list[PlacedItem]) -> tuple[CameraItem, ...]:
        found = []
        for item, place in zip(items, placed, strict=True):
            try:
                found.append(place.placed(item))
            except ValueError as error:
                at = place.node.get("at", place.node) if isinstance(place.node, Mapped) else place.node
                self._fault(at.where, str(error))
        return tuple(found)

    def _check_names(self, nodes: list[Mapped]) -> None:
        first: dict[str, str] = {}
        for node in nodes:
            name = node.get("name")
            if isinstance(name, Text) and first.setdefault(name.lower(), node.where.path) != node.where.path:
                where = first[name.lower()]
                self._fault(
                    name.where, f"{quoted(name)} is the name of {where} too; names must differ in more than case"
                )


def _no_training_file(root: Mapped) -> Mapped:
    """Refuse a training file with one answer instead of one for each of its words.

    Raises:
        ShotFileError: it is one.
    """
    if TRAINING in root and "shots" not in root:
        raise ShotFileError((root[TRAINING].where.fault("this is a training file; ex4d train check reads it"),))
    return root


def _inherited(node: Mapped, root: Mapped) -> dict[str, Any]:
    """Return what the list says and the shot does not, merged key by key."""
    merged: dict[str, Any] = {}
    for word in INHERITED:
        general, own = root.get(word), node.get(word)
        if isinstance(own, Text) and own.missing:
            own = None
        if isinstance(general, Mapped) and (own is None or isinstance(own, Mapped)):
            kept = {key: value for key, value in general.items() if not _is_of_another(key, own)}
            merged[word] = Mapped({**kept, **(own or {})}, general.where if own is None else own.where)
        elif general is not None and own is None:
            merged[word] = general
    return merged


def _is_of_another(key: str, own: Mapped | None) -> bool:
    """Tell whether the list says it of another subject than the shot has: then its metres are not the shot's."""
    return key == "subject_distance" and own is not None and ("subject" in own or "video" in own)


def _stated_metres(source: Any) -> Fraction | None:
    """Return the subject's distance as far as it can be read; what is wrong with it is a fault of the source."""
    written = source.get("subject_distance") if isinstance(source, Mapped) else None
    if not isinstance(written, Text):
        return None
    try:
        found = read_quantity(written)
    except ValueError:
        return None
    return found.value if found.unit == "m" and found.value > 0 else None

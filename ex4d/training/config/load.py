"""Read a training file: text to records, with every fault of the file at once and where it stands."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from ex4d.errors import Fault, ShotFileError
from ex4d.shotlist.faults import faults_of, without_echoes
from ex4d.shotlist.fields import shown
from ex4d.shotlist.load import TRAINING
from ex4d.shotlist.nodes import Mapped
from ex4d.shotlist.records import known
from ex4d.shotlist.report import Report
from ex4d.shotlist.text_file import bytes_of
from ex4d.shotlist.yaml_text import compose
from ex4d.training.config.files import may_hold_depth, misplaced_files, missing_files
from ex4d.training.config.modules import unknown_depth_models
from ex4d.training.config.records import TrainingConfig
from ex4d.training.config.trials import camera_faults
from ex4d.training.config.written import written_at

VERSION = "1"
UNDONE = "trained"
"""What came of a file with faults: nothing was."""


def load(path: Path | str, *, must_exist: bool = True) -> TrainingConfig:
    """Read a training file; no media are opened.

    Args:
        path: of the YAML file; its paths are relative to its folder.
        must_exist: whether a file or folder that is not there is a fault.

    Raises:
        ShotFileError: with all faults of the file.
    """
    file = Path(path)
    return parse(_bytes(file), file, must_exist=must_exist)


def parse(text: str | bytes, file: Path | str, *, must_exist: bool = False) -> TrainingConfig:
    """Read a training file from its text.

    Args:
        text: the YAML, at most 1 MiB.
        file: where it stands: names faults, and its folder resolves paths and presets.
        must_exist: whether a file or folder that is not there is a fault.

    Raises:
        ShotFileError: with all faults of the text.
    """
    faults: list[Fault] = []
    root = _composed(text, file, faults)
    report = Report()
    kept = known(_without_head(root, faults), TrainingConfig.words(), (), report, elsewhere=TrainingConfig.elsewhere)
    config = _record(Mapped({**kept, "file": Path(file)}, root.where), report, faults)
    faults += [where.fault(message) for where, message in report.found]
    faults += camera_faults(written_at(kept, "masks", "rendering", "cameras"), Path(file), config)
    faults += unknown_depth_models(kept)
    faults += misplaced_files(kept)
    faults += missing_files(kept) if must_exist else ()
    if config is not None:
        faults += _lack_of_depth(config, kept)
    if config is None or faults:
        raise ShotFileError(without_echoes(faults), undone=UNDONE)
    return config


def _bytes(file: Path) -> bytes:
    try:
        return bytes_of(file)
    except ShotFileError as error:
        raise ShotFileError(error.faults, undone=UNDONE) from error


def _composed(text: str | bytes, file: Path | str, faults: list[Fault]) -> Mapped:
    try:
        return compose(text, str(file), faults, begins=f"{TRAINING}: {VERSION}")
    except ShotFileError as error:
        raise ShotFileError(error.faults, undone=UNDONE) from error


def _without_head(root: Mapped, faults: list[Fault]) -> Mapped:
    """Check the version of the language, and return the rest.

    Raises:
        ShotFileError: it is a shot list.
    """
    version = root.get(TRAINING)
    if version is None and "ex4d" in root:
        fault = root["ex4d"].where.fault("this is a shot list or preset, not a training file; ex4d check reads it")
        raise ShotFileError((fault,), undone=UNDONE)
    if version is None:
        faults.append(root.where.fault(f"needs the version of the language: {TRAINING}: {VERSION}"))
    elif version != VERSION:
        told = f"{shown(version)} is not a version of the language; this ex4d reads {TRAINING}: {VERSION}"
        faults.append(version.where.fault(told))
    return Mapped({key: value for key, value in root.items() if key != TRAINING}, root.where)


def _record(node: Mapped, report: Report, faults: list[Fault]) -> TrainingConfig | None:
    try:
        return TrainingConfig.model_validate(node, context=report)
    except ValidationError as error:
        faults += faults_of(error, node.where)
        return None


def _lack_of_depth(config: TrainingConfig, root: Mapped) -> list[Fault]:
    clips = config.clips
    if clips.depth is not None or not config.masks.rendering.share or may_hold_depth(clips.videos):
        return []
    told = (
        "rendering masks need depth: write depth: {model: auto} in clips; or, to do without them, "
        "masks: {rendering: {share: 0}, tracking: {share: 1}}"
    )
    return [written_at(root, "clips").where.fault(told)]

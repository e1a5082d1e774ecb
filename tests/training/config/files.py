"""Training files for tests, and what comes of reading them."""

from __future__ import annotations

from pathlib import Path

from ex4d.errors import ShotFileError
from ex4d.training.config.load import parse
from ex4d.training.config.records import TrainingConfig

FILE = Path("project/train.yaml")
SHORT = """\
ex4d-train: 1
clips: {videos: clips, depth: {model: auto}}
output: out/adapter
"""


def with_cameras(*entries: str) -> str:
    """A training file with cameras, each as ``camera: [...]``."""
    lines = "".join(f"      - {entry}\n" for entry in entries)
    return f"{SHORT}masks:\n  rendering:\n    cameras:\n{lines}"


def outcome(text: str | bytes, file: Path = FILE, *, must_exist: bool = False) -> TrainingConfig | ShotFileError:
    """Read a training file, or return its error; anything else that is raised is a fault of ours."""
    try:
        return parse(text, file, must_exist=must_exist)
    except ShotFileError as error:
        return error


def messages(text: str | bytes, file: Path = FILE, *, must_exist: bool = False) -> list[str]:
    """The messages alone of a faulty training file, in the order of the file."""
    found = outcome(text, file, must_exist=must_exist)
    assert isinstance(found, ShotFileError), found
    return [fault.message for fault in found.faults]

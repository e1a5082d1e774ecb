"""Short ways to read and to fail to read a shot list in tests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ex4d.errors import ShotFileError
from ex4d.preflight.check import check
from ex4d.shotlist.load import parse
from ex4d.shotlist.model import CameraItem, ShotList
from ex4d.shotlist.shipped import shipped

FILE = Path("shots/demo.yaml")

HEAD = """\
ex4d: 1
source: {video: media/a.mp4}
output: {fps: 24}
shots:
"""


def film(shots: str) -> str:
    """A shot list around its shots."""
    return HEAD + shots


def one_shot(camera: str, *, more: str = "") -> str:
    """A shot list with one shot around its camera items, each line ``- …``."""
    items = "".join(f"      {line}\n" for line in camera.strip("\n").split("\n"))
    return film(f"  - name: a\n    clip: 0s..2s\n    camera:\n{items}{more}")


def camera(items: str) -> tuple[CameraItem, ...]:
    """Read the camera of one shot."""
    return parse(one_shot(items), FILE).shots[0].camera


def outcome(data: str | bytes, file: Path = FILE) -> ShotList | ShotFileError:
    """Read a shot list, or return its error; anything else that is raised is a fault of ours."""
    try:
        return parse(data, file)
    except ShotFileError as error:
        return error


def error_text(data: str | bytes, file: Path = FILE) -> str:
    """The whole text of the error of a faulty shot list."""
    found = outcome(data, file)
    assert isinstance(found, ShotFileError), found
    return str(found)


def checked_text(files: Mapping[str, str | bytes], folder: Path) -> str:
    """The whole text of the error of film.yaml among these files of a folder, which is left out of it."""
    for name, content in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    try:
        found = check(folder / "film.yaml")
    except ShotFileError as error:
        return str(error).replace(f"{folder}/", "").replace(f"{shipped('trajectories').parent}/", "")
    raise AssertionError(f"sound: {found.film.shots}")


def messages(data: str | bytes, file: Path = FILE) -> list[str]:
    """The messages alone of a faulty shot list, in the order of the file."""
    found = outcome(data, file)
    assert isinstance(found, ShotFileError), found
    return [fault.message for fault in found.faults]

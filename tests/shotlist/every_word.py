"""A film that uses every word of the language, with what it needs beside it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

EVERY_WORD = Path(__file__).with_name("every_word.yaml")
_STILL = [[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]]
_NEARER = [*_STILL[:2], [0.0, 0.0, 1.0, 0.1], _STILL[3]]
_CAMERAS = {
    "ex4d_cameras": 1,
    "frame_rate": "24",
    "subject_distance": 1.0,
    "lens_factor": [1.0, 1.1],
    "world_from_camera": [_STILL, _NEARER],
}


def furnish(folder: Path) -> None:
    """Put empty media, those of the shipped film too, and a file of two cameras into a folder."""
    (folder / "media" / "frames").mkdir(parents=True)
    for name in ("clip.mp4", "clip.npz", "frames/0001.png", "courtyard.mp4", "courtyard.depth.mkv"):
        (folder / "media" / name).touch()
    (folder / "cameras.json").write_text(json.dumps(_CAMERAS))


def every_word_in(folder: Path) -> Path:
    """Return a copy of the film in a folder that has all it names."""
    furnish(folder)
    return Path(shutil.copy(EVERY_WORD, folder))

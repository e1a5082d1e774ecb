"""What is checked of a film stays within bounds."""

from __future__ import annotations

from pathlib import Path

import pytest

from ex4d.errors import ShotFileError
from ex4d.preflight import check as checking
from ex4d.preflight.check import check

CLIP = Path(__file__).parents[2] / "shots" / "media" / "courtyard.mp4"


def film(folder: Path, *names: str) -> Path:
    shots = "".join(f"  - {{name: {name}, clip: 0s..1s, camera: [pan: 5deg]}}\n" for name in names)
    file = folder / "film.yaml"
    file.write_text(f"ex4d: 1\nsource: {{video: {CLIP}}}\noutput: {{fps: 24}}\nshots:\n{shots}", encoding="utf-8")
    return file


def test_a_film_of_more_frames_than_fit_is_refused_at_the_shot_that_goes_beyond(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nothing after it is looked at: a thousand shots of a hundred thousand frames would fill any memory."""
    monkeypatch.setattr(checking, "MOST_FRAMES", 48)

    assert len(check(film(tmp_path, "a", "b")).paths) == 2
    with pytest.raises(ShotFileError) as caught:
        check(film(tmp_path, "a", "b", "c", "d"))
    (fault,) = caught.value.faults
    assert (fault.line, fault.path) == (7, "shots[2]")
    assert fault.message.startswith("with it the film has 72 frames, and the shots of a film have at most 48 together")

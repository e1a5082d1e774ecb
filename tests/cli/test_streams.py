"""What commands do whose output is closed, full, read no further or of few letters."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

LIST = "ex4d: 1\nsource: {video: a.mp4}\nshots:\n  - name: a\n    clip: 0s..1s\n    camera: [use: creep-in]\n"
FULL = Path("/dev/full")


@pytest.fixture
def film(tmp_path: Path) -> Path:
    (tmp_path / "a.mp4").touch()
    file = tmp_path / "film.yaml"
    file.write_text(LIST)
    return file


def in_a_shell(line: str, film: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a line of a shell in which ``EX4D`` is the command and ``FILM`` the shot list."""
    environment = os.environ | {"PYTHONUNBUFFERED": ""} | environment  # as users have it
    line = line.replace("EX4D", f"{sys.executable} -m ex4d.cli").replace("FILM", film.name)
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", line],  # noqa: S607
        cwd=film.parent, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_closed_output_is_no_fault_of_a_sound_list(film: Path) -> None:
    done = in_a_shell("EX4D check FILM >&-", film)
    assert (done.returncode, done.stderr) == (0, "")


def test_closed_streams_keep_the_exit_code_of_a_fault(film: Path) -> None:
    film.write_text(LIST + "    camara: []\n")
    assert in_a_shell("EX4D check FILM >&- 2>&- <&-", film).returncode == 2


def test_a_reader_that_has_read_enough_is_no_fault(film: Path) -> None:
    done = in_a_shell("EX4D presets list | true; EX4D presets list --json | head -1", film)
    assert (done.returncode, done.stderr) == (0, "")
    film.with_name("bad.yaml").write_text("ex4d: 2\n")
    assert in_a_shell("EX4D check FILM bad.yaml | true", film).returncode == 2


@pytest.mark.skipif(not FULL.exists(), reason="there is no full device here")
def test_an_output_without_room_is_told_without_a_traceback(film: Path) -> None:
    done = in_a_shell(f"EX4D check FILM > {FULL}", film)
    assert done.returncode == 2
    assert done.stderr == "the output cannot be written: no space is left there\n"


def test_what_the_output_has_no_letters_for_is_spelt_out(film: Path) -> None:
    done = in_a_shell("EX4D presets pin FILM --dry-run", film, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert (done.returncode, done.stderr) == (0, "")
    assert "creep-in \\u2192 creep-in@1" in done.stdout

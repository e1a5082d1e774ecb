"""Presets and example shots are found from a wheel, an editable install and a checkout, wherever one stands."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
WITH_A_PRESET = """\
ex4d: 1
source: {video: clip.mp4}
shots:
  - name: swing
    clip: 0s..1s
    camera:
      - use: orbit-right@1
"""


def run(*command: str, cwd: Path, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(path) if path else ""}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    built = run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder), cwd=ROOT)
    assert built.returncode == 0, built.stderr
    return next(folder.glob("*.whl"))


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    (tmp_path / "clip.mp4").write_bytes(b"named, not opened")
    (tmp_path / "film.yaml").write_text(WITH_A_PRESET, encoding="utf-8")
    return tmp_path


def test_the_wheel_holds_the_package_its_presets_and_its_example(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "ex4d/_shipped/trajectories/orbit-right/v1.yaml" in names
    assert "ex4d/_shipped/shots/scene.yaml" in names
    assert "ex4d/_shipped/shots/shot-list.schema.json" in names
    assert "ex4d/_shipped/trajectories/preset.schema.json" in names
    assert "ex4d/_shipped/shots/media/courtyard.mp4" in names
    assert not [name for name in names if name.startswith(("tests/", "cli.py", "docs/"))]


def test_the_wheel_finds_its_presets_and_example(wheel: Path, elsewhere: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    command = (sys.executable, "-m", "ex4d.cli", "check")
    for file in ("film.yaml", str(site / "ex4d" / "_shipped" / "shots" / "scene.yaml")):
        checked = run(*command, file, cwd=elsewhere, path=site)
        assert checked.returncode == 0, checked.stderr
    where = run(sys.executable, "-c", "import ex4d; print(ex4d.__file__)", cwd=elsewhere, path=site)
    assert where.stdout.startswith(str(site))


def test_the_installed_command_finds_its_presets(elsewhere: Path) -> None:
    command = Path(sys.executable).with_name("ex4d")
    checked = run(str(command), "check", "film.yaml", str(ROOT / "shots" / "scene.yaml"), cwd=elsewhere)
    assert checked.returncode == 0, checked.stderr


def test_a_checkout_runs_by_itself(elsewhere: Path) -> None:
    checked = run(sys.executable, str(ROOT / "cli.py"), "check", "film.yaml", cwd=elsewhere)
    assert checked.returncode == 0, checked.stderr
    assert checked.stdout.startswith("film.yaml: sound")

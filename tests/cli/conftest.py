"""Running a command as its user does, in a folder of its own."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from ex4d.cli import main


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


Run = Callable[..., Outcome]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run a command in the folder of the tiny film."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("EX4D_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.chdir(tmp_path)

    def run_command(*arguments: str) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["ex4d", *arguments])
        with pytest.raises(SystemExit) as leaving:
            main()
        code = leaving.value.code
        return Outcome(0 if code is None else int(code), *capfd.readouterr())

    return run_command

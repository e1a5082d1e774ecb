"""What tests of pulls listen with, compare, and have brought."""

from __future__ import annotations

from pathlib import Path


class Listener:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.tasks: list[list[int | str]] = []

    def begin(self, task: str, total: int) -> None:
        self.tasks.append([task, total, 0])

    def advance(self) -> None:
        self.tasks[-1][2] += 1  # type: ignore[operator]

    def say(self, text: str) -> None:
        self.said.append(text)


def content(folder: Path) -> dict[str, bytes]:
    found = {file.relative_to(folder).as_posix(): file for file in folder.rglob("*") if file.is_file()}
    return {name: file.read_bytes() for name, file in found.items() if name != ".pull"}


def large_tensors(size: int) -> bytes:
    import numpy as np
    from safetensors.numpy import save

    return save({"z": np.zeros(size, np.uint8)})

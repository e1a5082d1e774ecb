"""The log of a training: a line of JSON for each step, made for programs that draw curves.

Every line has ``step``; of the step itself ``loss``, ``gradient_norm``, ``learning_rate``, ``seconds`` and, on a card,
``peak_gb``; where it was validated, ``validation``. Step 0 is the untrained adapter, of which there is that alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ex4d.errors import OutputError
from ex4d.media.atomic import replacing

Number = int | float
Entry = dict[str, Number]


@dataclass(frozen=True)
class Log:
    """A file that grows line by line."""

    file: Path

    @classmethod
    def going_on(cls, file: Path, *, after: int) -> Log:
        """Open a log to go on after a step; what it has of later ones, which are taken again, is dropped.

        Raises:
            OutputError: it cannot be written.
        """
        kept = [entry for entry in read_log(file) if entry["step"] <= after]
        with replacing(file) as partial:
            partial.write_text("".join(map(_line, kept)), encoding="utf-8")
        return cls(file)

    def add(self, entry: Mapping[str, Number]) -> None:
        """Write an entry.

        Raises:
            OutputError: it cannot be written.
        """
        try:
            with self.file.open("a", encoding="utf-8") as opened:
                opened.write(_line(entry))
        except OSError as cause:
            raise OutputError(f"{self.file} cannot be written: {cause.strerror or cause}") from cause


def read_log(file: Path) -> list[Entry]:
    """Read a log's entries; none where there is no file. A line that a kill cut short is no entry."""
    if not file.is_file():
        return []
    entries = []
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(entry, dict) and isinstance(entry.get("step"), int):
            entries.append(entry)
    return entries


def _line(entry: Mapping[str, Number]) -> str:
    return json.dumps(dict(entry)) + "\n"

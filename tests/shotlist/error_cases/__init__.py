"""What is wrong with shot lists and presets, by topic; each module's CASES names files that are at fault.

A text is a shot list alone. A folder, by the names of its files, is checked as ``ex4d check film.yaml`` does.
"""

from __future__ import annotations

from tests.shotlist.error_cases import (
    arithmetic,
    base_moves,
    compiling,
    documents,
    formulas,
    moves,
    other_words,
    outputs,
    preset_files,
    shots,
    sources,
    transitions,
    uses,
    yaml_files,
)

Case = str | bytes | dict[str, str | bytes]

TOPICS: dict[str, dict[str, Case]] = {
    module.__name__.rpartition(".")[2]: dict(module.CASES)
    for module in (
        yaml_files,
        documents,
        sources,
        outputs,
        shots,
        transitions,
        moves,
        other_words,
        base_moves,
        formulas,
        uses,
        preset_files,
        arithmetic,
        compiling,
    )
}

"""What ``ex4d shoot`` prints when it is done: what was made, and where it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ex4d.edit.sequence import edit_as_json, edit_length
from ex4d.production import Production
from ex4d.progress import counted
from ex4d.render.coverage import summary_of, worst_in_words
from ex4d.takes import Take

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


def print_summary(made: Production, console: Console) -> None:
    """Print a row a take, what was chosen for the user, and where everything is."""
    console.print(_table(made.takes))
    for take in made.takes:
        chosen = choices_of(take)
        if chosen:
            _line(console, f"  {take.setup.shot.name}: {'; '.join(chosen)}")
    if made.segments:
        rate = made.takes[0].setup.path.frame_rate
        frames = edit_length(made.segments)
        _line(console, f"\nfilm      {made.workspace.edit}  ({counted(frames, 'frame')}, {float(frames / rate):.2f} s)")
        if made.sound is not None:
            _line(console, f"sound     {made.sound}")
        _line(console, f"timeline  {made.workspace.timeline}")
    example = made.takes[0].movie.relative_to(made.workspace.takes)
    _line(console, f"takes     {made.workspace.takes}  ({example} and so on, with a manifest.json each)")


def choices_of(take: Take) -> list[str]:
    """Return in words what the shot list left open and was chosen for this take."""
    chosen = [f"assumed {words}" for words in take.setup.path.scene.assumed]
    chosen += take.setup.footage.source_lens.told
    chosen += [f"newest {use.name}, version {use.version}" for use in take.setup.shot.presets if not use.pinned]
    return chosen


def _table(takes: Sequence[Take]) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("shot", "frames", "uncovered", "worst", "engine", ""):
        table.add_column(title, justify="right" if title in ("frames", "uncovered") else "left")
    for take in takes:
        setup, coverage = take.setup, dict(enumerate(take.coverage))
        shares = f"{summary_of(coverage)['mean']:.1%}", worst_in_words(coverage)
        table.add_row(
            setup.shot.name, str(setup.frame_count), *shares, setup.engine.shown, "kept" if take.kept else "made"
        )
    return table


def _line(console: Console, text: str) -> None:
    """Print a line as it is: paths may hold brackets, and are not broken."""
    console.print(text, highlight=False, markup=False, soft_wrap=True)


def summary_as_json(made: Production) -> dict[str, Any]:
    """Return what was made for programs."""
    return {
        "film": str(made.workspace.edit) if made.segments else None,
        "timeline": str(made.workspace.timeline) if made.segments else None,
        "frames": edit_length(made.segments) if made.segments else None,
        "edit": edit_as_json(made.segments),
        "sound": None if made.sound is None else made.sound.by_shot,
        "takes": [
            {
                "shot": take.setup.shot.name,
                "folder": str(take.folder),
                "movie": str(take.movie),
                "frames": take.setup.frame_count,
                "uncovered": summary_of(dict(enumerate(take.coverage)))["mean"],
                "engine": take.setup.engine.name,
                "kept": take.kept,
            }
            for take in made.takes
        ],
    }

"""What ``ex4d shoot`` prints when it is done: what was made, and where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ex4d.edit.sequence import edit_length
from ex4d.production import Production

if TYPE_CHECKING:
    from rich.console import Console


def print_summary(made: Production, console: Console) -> None:
    """Print a row a take, then where everything is."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("shot", "frames", "uncovered", "worst", "engine", ""):
        table.add_column(title, justify="right" if title in ("frames", "uncovered", "worst") else "left")
    for take in made.takes:
        setup = take.setup
        shares = f"{np.mean(take.uncovered):.1%}", f"{max(take.uncovered):.1%}"
        kept = "kept" if take.kept else "made"
        chosen = setup.engine if setup.shot.synthesis.engine == setup.engine else f"{setup.engine} (auto)"
        table.add_row(setup.shot.name, str(setup.frame_count), *shares, chosen, kept)
    console.print(table)
    if made.segments:
        rate = made.takes[0].setup.path.frame_rate
        frames = edit_length(made.segments)
        console.print(
            f"\nfilm      {made.workspace.edit}  ({frames} frames, {float(frames / rate):.2f} s)",
            highlight=False,
            soft_wrap=True,
        )
        console.print(f"timeline  {made.workspace.timeline}", highlight=False, soft_wrap=True)
    example = made.takes[0].movie.relative_to(made.workspace.takes)
    console.print(
        f"takes     {made.workspace.takes}  ({example} and so on, with a manifest.json each)",
        highlight=False,
        soft_wrap=True,
    )


def summary_as_json(made: Production) -> dict[str, Any]:
    """Return what was made for programs."""
    return {
        "film": str(made.workspace.edit) if made.segments else None,
        "timeline": str(made.workspace.timeline) if made.segments else None,
        "frames": edit_length(made.segments) if made.segments else None,
        "takes": [
            {
                "shot": take.setup.shot.name,
                "folder": str(take.folder),
                "movie": str(take.movie),
                "frames": take.setup.frame_count,
                "uncovered": float(np.mean(take.uncovered)),
                "kept": take.kept,
            }
            for take in made.takes
        ],
    }

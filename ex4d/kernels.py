"""Where compiled kernels are kept: in the user's cache, so that each machine compiles them once."""

from __future__ import annotations

import os
from pathlib import Path

from ex4d import __version__
from ex4d.progress import Progress


def cache_folder() -> Path:
    """Return ex4d's folder in the user's cache, as XDG has it."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "ex4d"


def keep_compiled() -> None:
    """Have numba keep its compiled kernels in the user's cache; to be called before numba is imported."""
    os.environ.setdefault("NUMBA_CACHE_DIR", str(cache_folder() / "numba" / __version__))


def announce_compiling(progress: Progress) -> None:
    """Say, the one time that the kernels have to be compiled, why the start takes longer."""
    folder = os.environ.get("NUMBA_CACHE_DIR")
    if folder and not Path(folder).is_dir():
        progress.say("compiling the renderer for this machine, once; the next run finds it compiled")

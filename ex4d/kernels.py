"""Where compiled kernels are kept: in the user's cache, so that each machine compiles them once."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from ex4d import __version__
from ex4d.progress import Progress


def cache_folder() -> Path:
    """Return ex4d's folder in the user's cache, as XDG has it."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "ex4d"


def keep_compiled() -> None:
    """Have numba keep its compiled kernels in the user's cache; to be called before numba is imported.

    Where that cannot be written, numba keeps them beside the package, or where it finds a place.
    """
    folder = cache_folder() / "numba" / __version__
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        os.environ.setdefault("NUMBA_CACHE_DIR", str(folder))


def announce_compiling(progress: Progress) -> None:
    """Say, the one time that the kernels have to be compiled, why the start takes longer."""
    folder = os.environ.get("NUMBA_CACHE_DIR")
    if folder is None or not Path(folder).is_dir() or not any(Path(folder).iterdir()):
        progress.say("compiling the renderer for this machine, once; the next run finds it compiled")

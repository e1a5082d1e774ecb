"""One cache of compiled kernels for all tests and the processes that they start, whatever cache folder they set."""

import os
from pathlib import Path

_USERS_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
os.environ.setdefault("NUMBA_CACHE_DIR", str(_USERS_CACHE / "ex4d" / "numba" / "tests"))

"""The arrays of annotations, by kind and shape: jaxtyping's types where they are checked, which is in tests.

Elsewhere nobody looks at them, and importing jaxtyping takes a seventh of the time of ``ex4d check`` (measured by
``tests/bench/bench_compile.py``: it brings asyncio and unittest.mock along). So there each stands for its array alone.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or "jaxtyping" in sys.modules:
    from jaxtyping import (
        Bool,
        Float,
        Float32,
        Float64,
        Int32,
        Int64,
        Integer,
        Shaped,
        UInt8,
        UInt16,
        UInt32,
        UInt64,
    )
else:

    class _Unchecked:
        """``Float64[np.ndarray, "frames 3"]`` is ``np.ndarray``."""

        def __class_getitem__(cls, array_and_shape: tuple[Any, str]) -> Any:
            return array_and_shape[0]

    Bool = Float = Float32 = Float64 = Int32 = Int64 = Integer = Shaped = UInt8 = UInt16 = UInt32 = UInt64 = _Unchecked

__all__ = [
    "Bool",
    "Float",
    "Float32",
    "Float64",
    "Int32",
    "Int64",
    "Integer",
    "Shaped",
    "UInt8",
    "UInt16",
    "UInt32",
    "UInt64",
]

"""Quantiles of a stream of numbers in one pass and fixed memory."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ex4d.array_types import Float32, Int64, UInt32

_KEPT_BITS = 20
"""Of a float32: sign, exponent and 11 bits of fraction, so that a bin is 0.05 % wide everywhere."""
_DROPPED_BITS = 32 - _KEPT_BITS


@dataclass
class StreamStatistics:
    """Counts float32 numbers in bins of equal relative width: their bits, in order, are the bins."""

    count: int = 0
    smallest: float = np.inf
    """Exact."""
    largest: float = -np.inf
    """Exact."""
    _bins: Int64[np.ndarray, " bins"] = field(default_factory=lambda: np.zeros(1 << _KEPT_BITS, np.int64))

    def add(self, values: Float32[np.ndarray, " values"]) -> None:
        """Count finite numbers."""
        if not len(values):
            return
        self.count += len(values)
        self.smallest = min(self.smallest, float(values.min()))
        self.largest = max(self.largest, float(values.max()))
        bins = (_ordered(values) >> _DROPPED_BITS).astype(np.int64)
        low = int(bins.min())
        counts = np.bincount(bins - low)
        self._bins[low : low + len(counts)] += counts

    def quantile(self, share: float) -> float:
        """Return the number below which ``share`` (0 to 1) of them lie, to 0.05 %; NaN of no numbers."""
        if not self.count:
            return float("nan")
        rank = min(int(share * self.count), self.count - 1)
        bin_ = int(np.searchsorted(np.cumsum(self._bins), rank, side="right"))
        middle = np.array([(bin_ << _DROPPED_BITS) | (1 << (_DROPPED_BITS - 1))], np.uint32)
        return float(np.clip(_from_ordered(middle)[0], self.smallest, self.largest))


def _ordered(values: Float32[np.ndarray, " values"]) -> UInt32[np.ndarray, " values"]:
    """Map floats to integers of the same order: the sign bit set on positive ones, all bits turned on negative."""
    bits = np.ascontiguousarray(values).view(np.uint32)
    return np.where(bits >> 31, ~bits, bits | np.uint32(1 << 31))


def _from_ordered(keys: UInt32[np.ndarray, " values"]) -> Float32[np.ndarray, " values"]:
    return np.where(keys >> 31, keys & np.uint32((1 << 31) - 1), ~keys).astype(np.uint32).view(np.float32)

"""Seeded chance: every draw is a function of words and numbers that name it, on any machine."""

from __future__ import annotations

import hashlib
import json

import numpy as np


def seed_of(*named: str | int) -> int:
    """Return 63 bits for what is named, as ``seed_of(7, "bear-0012", "erosion")``; unlike names, unlike bits."""
    written = json.dumps(named, ensure_ascii=True).encode()
    return int.from_bytes(hashlib.sha256(written).digest()[:8], "big") >> 1


def generator(*named: str | int) -> np.random.Generator:
    """Return the source of all draws for what is named."""
    return np.random.Generator(np.random.PCG64(seed_of(*named)))


def takes_turns(share: float, offset: float, index: int) -> bool:
    """Tell whether one of two kinds has its turn, so that it has ``share`` of any run of turns within one.

    ``offset`` in 0 up to 1 says where the turns begin (systematic sampling: Madow, Ann. Math. Stat. 15, 1944).
    """
    return int((index + 1) * share + offset) > int(index * share + offset)

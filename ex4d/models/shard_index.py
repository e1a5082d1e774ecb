"""The index of a set of safetensors shards: which shard has which tensor."""

from __future__ import annotations

import json
from pathlib import Path

LARGEST_JSON = 64 << 20
"""Bytes; the largest that is published with the weights ex4d knows, a tokenizer's, has 17 million."""


def read_json(file: Path) -> dict[str, object] | None:
    """Return the object in a JSON file; None where it holds none, or is larger than any that is used."""
    if file.stat().st_size > LARGEST_JSON:
        return None
    try:
        content = json.loads(file.read_bytes())
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def weight_map(index: Path) -> dict[str, str] | None:
    """Return the file name of the shard that has each tensor; None where the file is no index of shards beside it."""
    named = (read_json(index) or {}).get("weight_map")
    if not isinstance(named, dict) or not named or not all(_is_plain(shard) for shard in named.values()):
        return None
    return named


def shards_of(index: Path) -> tuple[str, ...]:
    """Return the file names of the shards that an index names, sorted; none where it is no index."""
    return tuple(sorted(set((weight_map(index) or {}).values())))


def _is_plain(shard: object) -> bool:
    """Only a file beside the index: never one that an index from elsewhere points to."""
    return isinstance(shard, str) and shard.endswith(".safetensors") and not {"/", "\\", "\0"} & set(shard)

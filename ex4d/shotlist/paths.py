"""Paths of local files and folders, as users write them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator

from ex4d.shotlist.fields import shown
from ex4d.shotlist.nodes import Listed, Mapped, Text
from ex4d.shotlist.units import quoted

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(:|,,)")
_PLAYLISTS = (".m3u", ".m3u8", ".ffconcat", ".pls", ".mpd", ".xspf", ".sdp")


def _local_path(value: Any) -> Any:
    """Resolve a written path against the folder of the file in which it stands."""
    if isinstance(value, Listed | Mapped) or (isinstance(value, Text) and not value.strip()):
        raise ValueError(f"needs the path of a file or folder, but got {shown(value)}")
    if not isinstance(value, Text):
        return value
    if (why := why_no_path(value)) is not None:
        raise ValueError(why)
    return (Path(value.where.file).parent / str(value)).absolute()


def why_no_path(written: str) -> str | None:
    """Return what is wrong with a path as it is written, whatever is there; None where nothing is."""
    if any(ord(character) < 32 for character in written):
        return f"{quoted(written)} is not a path: it has control characters"
    if _SCHEME.match(written):
        return f"{quoted(written)} is not a local file; addresses and protocols are not read, download it first"
    if written.lower().endswith(_PLAYLISTS):
        return f"{quoted(written)} is a playlist; name the media file itself"
    return None


LocalPath = Annotated[Path, BeforeValidator(_local_path)]
"""A file or folder of this machine."""

"""The Hugging Face hub: what a repository offers, and bringing a file of it, from where the last try ended.

Its client names, signs and sends the requests, by its own settings (``HF_TOKEN``, ``HF_ENDPOINT``, proxies). Bringing a
file is done here: that client throws away what came of a file when the connection breaks, and the shards of Wan have
ten gigabytes each.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ex4d.errors import MissingPart

ATTEMPTS = 4
"""In a row without a single byte, before a file is given up."""
PAUSE_S = 2.0
"""Seconds, longer after each of them."""
WITHHELD = frozenset({401, 403})
"""What the hub answers with where it wants to know who asks, or has them accept a licence first."""


@dataclass(frozen=True)
class RemoteFile:
    """A file of a repository."""

    name: str
    size: int
    """Bytes."""
    sha256: str | None
    """Of large files alone."""


@dataclass(frozen=True)
class Offer:
    """What a repository has, at one commit."""

    commit: str
    files: dict[str, RemoteFile]


def offer(repository: str) -> Offer:
    """Return what a repository has at its newest commit."""
    from huggingface_hub import HfApi

    info = HfApi().model_info(repository, files_metadata=True)
    if not info.sha:
        raise MissingPart(f"{repository}: the hub names no commit")
    files = [
        RemoteFile(entry.rfilename, entry.size or 0, entry.lfs.sha256 if entry.lfs else None)
        for entry in info.siblings or ()
    ]
    return Offer(info.sha, {file.name: file for file in files})


def fetch(repository: str, commit: str, file: RemoteFile, to: Path, on_bytes: Callable[[int], None]) -> None:
    """Bring a file, telling how many bytes come each time; what is at ``to`` already is gone on with.

    A connection that breaks is tried again, as long as each few tries bring something.
    """
    from huggingface_hub import hf_hub_url

    url = hf_hub_url(repository, file.name, revision=commit)
    fruitless = 0
    while fruitless < ATTEMPTS and (_size(to) < file.size or not to.exists()):
        time.sleep(PAUSE_S * fruitless)
        before, last = _size(to), fruitless == ATTEMPTS - 1
        try:
            _go_on(url, to, file.size, on_bytes)
        except OSError:
            raise
        except Exception as cause:  # those of the HTTP library that the client's release is built on
            if (last and _size(to) <= before) or is_withheld(cause):
                raise
        fruitless = 0 if _size(to) > before else fruitless + 1


def _go_on(url: str, to: Path, size: int, on_bytes: Callable[[int], None]) -> None:
    """Ask for what of a file is still to come, and append it."""
    from huggingface_hub import get_session
    from huggingface_hub.utils import build_hf_headers

    begun = _size(to)
    headers = {**build_hf_headers(library_name="ex4d"), "Accept-Encoding": "identity"}
    if begun:
        headers["Range"] = f"bytes={begun}-{size - 1}"
    with get_session().stream("GET", url, headers=headers) as response:
        response.raise_for_status()
        goes_on = response.status_code == 206
        with to.open("ab" if goes_on else "wb") as stream:
            for chunk in response.iter_bytes():  # as they come: what is gathered to larger ones is lost at a break
                stream.write(chunk[: size - stream.tell()])
                on_bytes(len(chunk))
                if stream.tell() >= size:
                    break


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def is_withheld(error: Exception) -> bool:
    """Tell whether the hub refused because it does not know who asks, or that they accepted a licence."""
    return getattr(getattr(error, "response", None), "status_code", None) in WITHHELD


def page(repository: str) -> str:
    """Return the address of a repository's page on the hub."""
    from huggingface_hub import constants

    return f"{constants.ENDPOINT}/{repository}"


def arrival_fault(file: RemoteFile, at: Path) -> str | None:
    """Say in what a file that came differs from what the hub has; None where it is the same."""
    if (size := _size(at)) != file.size:
        return f"{size:,} bytes came where the hub has {file.size:,}"
    if file.sha256 is None:
        return None
    with at.open("rb") as stream:
        same = hashlib.file_digest(stream, "sha256").hexdigest() == file.sha256
    return None if same else "what came is not what the hub has"

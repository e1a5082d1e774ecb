"""The clips of a data set: which there are, by what names, and what they show; of videos or of shards.

Nothing here depends on the order in which a file system lists its files.
"""

from __future__ import annotations

import glob
import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ex4d.errors import MediaError, OutputError, SynthesisError, UserError
from ex4d.media.atomic import lent_folder
from ex4d.media.image_files import IMAGE_SUFFIXES
from ex4d.media.local_files import is_collection, local_file, natural_key
from ex4d.shotlist.depth import DepthFile, DepthModel
from ex4d.training.config.records import Clips
from ex4d.training.dataset.report import Report
from ex4d.training.dataset.shards import (
    DEPTH_SUFFIXES,
    MOST_BYTES,
    TEXT_SUFFIX,
    VIDEO_SUFFIXES,
    Member,
    Sample,
    read_shard,
)
from ex4d.training.draws import seed_of
from ex4d.workspace import content_hash

SHARD_SUFFIX = ".tar"
NAME_PLACE = "{name}"
"""In the path of a depth file, where the clip's name goes."""
LONGEST_NAME = 100
"""Bytes of a clip's name, which are not all that its files' names have; the whole name still tells clips apart."""


@dataclass(frozen=True)
class Clip:
    """A video of the data set, on the disk or in a shard."""

    name: str
    """As its file, without the suffix; in a shard, the shard's name before it. Unique, and fit to name files."""
    video: Path | Member
    """A file, a folder of images, or a place in a shard."""
    prompt: str = ""
    """What it shows, in words; empty where nobody says it."""
    depth: Member | None = None
    """What its shard has of it."""

    @property
    def called(self) -> str:
        """Return where it is, in words for the user."""
        return f"{self.video.shard}: {self.video.name}" if isinstance(self.video, Member) else str(self.video)


@dataclass(frozen=True)
class ClipFiles:
    """A clip's files where libraries can open them, and the hashes of their contents."""

    video: Path
    video_hash: str
    depth: DepthFile | None
    """None where the data set has no depth file of it."""
    depth_hash: str


def find_clips(clips: Clips, report: Report) -> tuple[Clip, ...]:
    """Return the clips that there are, by name; what cannot be one is reported.

    Raises:
        UserError: there are none, or all share one depth file.
        MediaError: no such place.
    """
    found: list[Clip] = []
    for path in _places(clips.videos):
        if path.suffix.lower() == SHARD_SUFFIX:
            found += _clips_of_shard(path, clips, report)
        else:
            with report.skipping(path.name.encode(errors="replace").decode()):
                found.append(Clip(_plain(path.stem if path.is_file() else path.name), path, _prompt_of(path, clips)))
    alone = _without_namesakes(sorted(found, key=lambda clip: (natural_key(clip.name), clip.name)), report)
    report.require_some(len(alone), clips.videos)
    depth = clips.depth
    if isinstance(depth, DepthFile) and NAME_PLACE not in str(depth.file) and len(alone) > 1:
        raise UserError(
            f"clips.depth: {depth.file} is the depth of one clip, and there are {len(alone)}; write {NAME_PLACE} where "
            f"the video's name goes, as in depth/{NAME_PLACE}.npz"
        )
    return alone


def held_out(names: Sequence[str], count: int, seed: int) -> frozenset[str]:
    """Draw clips that are never trained on; a clip more or less in the data set changes at most one of them.

    Raises:
        UserError: none would be left.
    """
    if count and count >= len(names):
        raise UserError(
            f"clips.hold_out: {count} of {len(names)} clips that can be used; leave some to train on, or bring more"
        )
    return frozenset(sorted(names, key=lambda name: seed_of(seed, "hold out", name))[:count])


@contextmanager
def on_disk(clip: Clip, clips: Clips, scratch: Path, *, with_depth: bool) -> Iterator[ClipFiles]:
    """Lend a clip's files; those of a shard are copied beside ``scratch`` and gone when the block ends.

    Without ``with_depth`` its depth file is left alone, and need not be there.

    Raises:
        MediaError: a file that cannot be read.
        OutputError: there is no room for the copy.
    """
    stated = clips.depth if isinstance(clips.depth, DepthFile) and with_depth else None
    if not isinstance(clip.video, Member):
        yield ClipFiles(clip.video, _hash(clip.video), *_depth_beside(stated, clip))
        return
    with lent_folder(scratch) as folder, _named(folder / "clip", clip):
        video = folder / f"clip{clip.video.suffix}"
        digest = clip.video.copy_to(video)
        if clip.depth is None or isinstance(clips.depth, DepthModel) or not with_depth:
            yield ClipFiles(video, digest, *_depth_beside(stated, clip))
            return
        file = folder / f"clip{clip.depth.suffix}"
        yield ClipFiles(video, digest, _of_file(stated, file), clip.depth.copy_to(file))


@contextmanager
def _named(copy: Path, clip: Clip) -> Iterator[None]:
    """Name the place in the shard in errors, not that of its copy, which is gone when they are read."""
    try:
        yield
    except (OutputError, SynthesisError):
        raise
    except UserError as fault:
        if str(copy) not in str(fault):
            raise
        raise MediaError(re.sub(rf"{re.escape(str(copy))}[\w.]*", lambda _: clip.called, str(fault))) from fault


def _of_file(stated: DepthFile | None, file: Path) -> DepthFile:
    """Return a depth file of this place, with the unit and the rest that is stated of all."""
    return stated.model_copy(update={"file": file}) if stated else DepthFile(file=file)


def _depth_beside(stated: DepthFile | None, clip: Clip) -> tuple[DepthFile | None, str]:
    if stated is None:
        return None, ""
    name = clip.name if isinstance(clip.video, Member) else _bare(clip.video)
    file = Path(str(stated.file).replace(NAME_PLACE, name))
    return _of_file(stated, file), _hash(file)


def _places(videos: Path) -> list[Path]:
    """Return what can be a clip or a shard, by name."""
    if not is_collection(videos):
        return [local_file(videos)]
    folder, pattern = (videos, "*") if videos.is_dir() else (videos.parent, videos.name)
    # Only a glob's last part is a pattern; Path.glob would find hidden files too.
    names = sorted(glob.glob(pattern, root_dir=folder))  # noqa: PTH207
    found = [path for name in names if _is_place(path := folder / name)]
    if not found:
        raise MediaError(
            f"{videos} holds no videos ({', '.join(VIDEO_SUFFIXES)}), folders of images or shards ({SHARD_SUFFIX})"
        )
    return found


def _is_place(path: Path) -> bool:
    if path.is_dir():
        return any(file.suffix.lower() in IMAGE_SUFFIXES for file in path.iterdir())
    name = path.name.lower()
    return name.endswith((*VIDEO_SUFFIXES, SHARD_SUFFIX)) and not name.endswith(DEPTH_SUFFIXES)


def _clips_of_shard(path: Path, clips: Clips, report: Report) -> Iterator[Clip]:
    shard = read_shard(path)
    for key, why in shard.faults:
        report.skip(f"{path.name}: {key}" if key else path.name, why)
    for sample in shard.samples:
        with report.skipping(f"{path.name}: {sample.key}"):
            prompt = clips.prompt if clips.prompt is not None else _words_of(sample)
            yield Clip(_plain(f"{path.stem}-{sample.key}"), sample.video, prompt, sample.depth)


def _words_of(sample: Sample) -> str:
    return "" if sample.text is None else _words(b"".join(sample.text.chunks()), sample.text.name)


def _prompt_of(video: Path, clips: Clips) -> str:
    """Return the words for a video: the config's, else those of the text file beside it, if there is one."""
    if clips.prompt is not None:
        return clips.prompt
    beside = video.with_name(f"{_bare(video)}{TEXT_SUFFIX}")
    if not beside.is_file():
        return ""
    try:
        with beside.open("rb") as file:
            return _words(file.read(MOST_BYTES["text"] + 1), beside.name)
    except OSError as cause:
        raise MediaError(f"{beside} cannot be read: {cause.strerror or cause}") from cause


def _words(text: bytes, name: str) -> str:
    if len(text) > MOST_BYTES["text"]:
        raise MediaError(f"{name} is longer than {MOST_BYTES['text']} bytes, too long for a prompt")
    try:
        return " ".join(text.decode("utf-8-sig").split())
    except UnicodeDecodeError as cause:
        raise MediaError(f"{name} is no text in UTF-8; write it anew") from cause


def _without_namesakes(clips: list[Clip], report: Report) -> tuple[Clip, ...]:
    """Return the first clip of each name; files are named by them, on some systems whatever the case."""
    first: dict[str, Clip] = {}
    for clip in clips:
        other = first.setdefault(clip.name.casefold(), clip)
        if other is not clip:
            report.skip(clip.name, f"{clip.called} has the name of {other.called}; rename one of them")
    return tuple(first.values())


def _bare(video: Path) -> str:
    """Return a video's name without its suffix; a folder has none."""
    return video.name if video.is_dir() else video.stem


def _plain(name: str) -> str:
    """Return a name that files can have: what no name should hold is replaced, and the whole name's hash added.

    Raises:
        MediaError: it is of bytes that are no text.
    """
    if name != (whole := name.encode(errors="replace")).decode():
        raise MediaError("its name is not written in UTF-8; rename it")
    plain = re.sub(r"[^\w.-]", "_", name).encode()[:LONGEST_NAME].decode(errors="ignore").lstrip(".")
    return plain if plain == name else f"{plain}-{hashlib.sha256(whole).hexdigest()[:8]}"


def _hash(path: Path) -> str:
    try:
        return content_hash(path)
    except OSError as cause:
        raise MediaError(f"{path} cannot be read: {cause.strerror or cause}") from cause

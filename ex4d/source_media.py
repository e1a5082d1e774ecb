"""A source's video and depth, opened: what the shots of one source share."""

from __future__ import annotations

from dataclasses import dataclass

from ex4d.artifacts.depth_video import DepthVideo
from ex4d.estimated_depth import USUAL_MEANS, DepthMeans, EstimatedDepth, estimated_depth, known_model, no_depth
from ex4d.media.probe import MediaInfo, probe
from ex4d.progress import SILENT, Progress
from ex4d.reconstruction.depth_file import open_depth_file
from ex4d.shotlist.model import DepthFile, Shot, Source
from ex4d.source_lens import require_knowable_lens, through_written_lens


@dataclass(frozen=True)
class Media:
    """A source's video and its depth, opened and checked; shots of one source share them."""

    clip: MediaInfo
    depth: DepthVideo
    estimated: EstimatedDepth | None
    """What the depth was estimated with; None where it is the user's own."""


def open_media(
    source: Source,
    whose: str,
    *,
    frames: int | None = None,
    progress: Progress = SILENT,
    means: DepthMeans = USUAL_MEANS,
) -> Media:
    """Open a video, and its depth: the user's is read once to check it, a model's is estimated once.

    Args:
        source: both, as the user has them.
        whose: what they belong to, in words for the user, as ``shot 'swing'``.
        frames: only the first so many of the video will be asked for, and a depth file may end with them.
        progress: is told of what is chosen, and of each frame that is estimated.
        means: what a depth model works with.

    Raises:
        MediaError: a file that cannot be used.
        UserError: no such depth model.
        TrajectoryError: a lens that is none or unknown whatever the model sees; found before it looks.
        MissingPart: there is no depth, or the model that is to estimate it is not here.
    """
    if source.depth is None:
        raise no_depth(whose)
    clip = probe(source.video, source.fps)
    if isinstance(source.depth, DepthFile):
        return Media(clip, open_depth_file(source.depth, clip, frames), None)
    known_model(source.depth, whose)
    require_knowable_lens(source, clip)
    estimated = estimated_depth(source.depth, whose, clip, progress, means)
    return Media(clip, through_written_lens(source, clip, estimated.depth), estimated)


def called(shot: Shot) -> str:
    """Return a shot's name in words for the user."""
    return f"shot '{shot.name}'"

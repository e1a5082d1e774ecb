"""Excerpts lie within their clip, evenly, and show what the clip shows there."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ex4d.errors import MediaError, UserError
from ex4d.media.fitting import Fit
from ex4d.shotlist.model import Center, DepthFile, LensSpec, Nearest
from ex4d.training.config.records import Clips, Excerpts
from ex4d.training.dataset.clips import find_clips
from ex4d.training.dataset.opening import Means, OpenClip, opened_clip, windows
from ex4d.training.dataset.report import Report
from tests.training.dataset.tiny_clips import EXCERPT, FRAMES, RATE, SIZE, pictures, write_clip, write_depth

Cuts = st.builds(
    Excerpts, frames=st.sampled_from([5, 9, 49]), step=st.integers(1, 4), each=st.integers(1, 6), size=st.just((48, 32))
)


@given(st.integers(1, 600), Cuts)
def test_excerpts_are_within_the_clip_share_no_frame_and_are_evenly_spread(count: int, cut: Excerpts) -> None:
    span = (cut.frames - 1) * cut.step + 1
    if count < span:
        with pytest.raises(MediaError):
            windows(count, cut)
        return
    found = windows(count, cut)
    firsts, lasts = [one[0] for one in found], [one[-1] for one in found]
    gaps = [after - before - 1 for before, after in zip([-1, *lasts], [*firsts, count], strict=True)]

    assert all(len(one) == cut.frames and set(np.diff(one)) == {cut.step} for one in found)
    assert len(found) == min(cut.each, count // span)
    assert min(gaps) >= 0
    assert max(gaps) - min(gaps) <= 1


def test_a_clip_that_is_too_short_is_told_in_frames() -> None:
    with pytest.raises(MediaError, match=r"^has 31 frames, an excerpt takes 49$"):
        windows(31, Excerpts())
    with pytest.raises(MediaError, match=r"^has 1 frame, an excerpt takes 5, every 2\. of 9$"):
        windows(1, Excerpts(frames=5, step=2))


def opened(folder: Path, clips: Clips, cut: Excerpts = EXCERPT, means: Means = Means()) -> OpenClip:  # noqa: B008
    """Open the only clip; it lies on the disk, so it can be read after the block."""
    (clip,) = find_clips(clips, Report())
    with opened_clip(clip, clips, cut, folder / "scratch", means) as found:
        return found


def test_an_excerpt_shows_the_middle_of_its_own_frames(tmp_path: Path) -> None:
    """An output of another aspect than the clip's takes the middle of it."""
    clip = opened(tmp_path, Clips(videos=write_clip(tmp_path / "bear.mkv")), Excerpts(frames=5, size=(48, 48)))
    (excerpt,) = clip.excerpts
    shown = clip.opened(excerpt)

    assert (excerpt.name, excerpt.frames) == ("bear-0002", (2, 3, 4, 5, 6))
    assert np.array_equal(shown.colour, pictures()[2:7, :, 8:56])
    assert (shown.frame_rate, shown.times[0]) == (RATE, Fraction(2, 12))
    assert shown.footage is None


@pytest.mark.parametrize(
    ("size", "told"), [((96, 64), ["its pictures, 64x48, are enlarged 1.5 times"]), ((64, 48), [])]
)
def test_pictures_that_are_enlarged_are_told(tmp_path: Path, size: tuple[int, int], told: list[str]) -> None:
    clip = opened(tmp_path, Clips(videos=write_clip(tmp_path / "bear.mkv")), Excerpts(frames=5, size=size))
    assert [words for words in clip.assumed(clip.opened(clip.excerpts[0])) if "enlarged" in words] == told


def test_every_other_frame_plays_half_as_fast(tmp_path: Path) -> None:
    cut = Excerpts(frames=5, size=SIZE, step=2)
    clip = opened(tmp_path, Clips(videos=write_clip(tmp_path / "bear.mkv")), cut)
    shown = clip.opened(clip.excerpts[0])

    assert np.array_equal(shown.colour, pictures()[::2])
    assert (shown.frame_rate, shown.times[1]) == (RATE / 2, 2 / RATE)


def test_depth_is_fitted_like_the_colours_with_the_lens_and_the_subject_that_are_stated(tmp_path: Path) -> None:
    depth = DepthFile(file=write_depth(tmp_path / "bear.npz"), unit="m")
    for subject, distance in ((Nearest(), 2.0), (Center(), 4.0)):
        clips = Clips(videos=write_clip(tmp_path / "bear.mkv"), depth=depth, lens=LensSpec(kind="px", value=80.0),
                      subject=subject)  # fmt: skip
        clip = opened(tmp_path, clips)
        shown = clip.opened(clip.excerpts[0])

        assert shown.footage is not None
        assert shown.footage.subject_distance == distance
        assert shown.footage.scene.lens.focal_px == pytest.approx(80 * 48 / 64)
        assert shown.footage.fit == Fit.plan(SIZE, (48, 32))
        (frame,) = shown.footage.frames(shown.times[2:3])
        assert frame.index == shown.excerpt.frames[2]
        assert np.array_equal(shown.footage.fit.view_of(frame.colour), shown.colour[2])


def test_the_subject_is_measured_on_the_excerpt_s_own_first_frame(tmp_path: Path) -> None:
    depth = np.full((FRAMES, SIZE[1], SIZE[0]), 4.0, np.float32)
    depth[2] = 3.0
    np.savez(tmp_path / "bear.npz", depth=depth, unit="m")
    clips = Clips(videos=write_clip(tmp_path / "bear.mkv"), depth=DepthFile(file=tmp_path / "bear.npz"))
    clip = opened(tmp_path, clips)
    footage = clip.opened(clip.excerpts[0]).footage
    assert footage is not None
    assert footage.subject_distance == 3.0


def test_masks_that_need_no_depth_leave_it_alone(tmp_path: Path) -> None:
    clips = Clips(videos=write_clip(tmp_path / "bear.mkv"), depth=DepthFile(file=tmp_path / "gone.npz"))
    clip = opened(tmp_path, clips, means=Means(with_depth=False))
    assert clip.opened(clip.excerpts[0]).footage is None
    with pytest.raises(UserError, match=r"gone\.npz"):
        opened(tmp_path, clips)


def test_a_folder_of_images_is_a_clip_with_the_rate_that_is_stated(tmp_path: Path) -> None:
    import imageio.v3 as imageio

    (tmp_path / "clips" / "bear").mkdir(parents=True)
    for index, picture in enumerate(pictures()):
        imageio.imwrite(tmp_path / "clips" / "bear" / f"{index:04}.png", picture)
    clip = opened(tmp_path, Clips(videos=tmp_path / "clips", fps=Fraction(10)))
    assert clip.excerpts[0].name == "bear-0002"
    assert clip.opened(clip.excerpts[0]).frame_rate == 10
    with pytest.raises(MediaError, match="say how fast they play"):
        opened(tmp_path, Clips(videos=tmp_path / "clips"))


def changes(folder: Path) -> dict[str, Clips]:
    """Data sets of one clip that differ in one thing each from the first."""
    video, depth = write_clip(folder / "bear.mkv"), DepthFile(file=write_depth(folder / "bear.npz"))
    other = write_depth(folder / "other.npz", frames=FRAMES + 1)
    stated = {"videos": video, "depth": depth}
    return {
        "the same": Clips(**stated),
        "video": Clips(**{**stated, "videos": write_clip(folder / "other" / "bear.mkv", seed=1)}),
        "rate": Clips(**stated, fps=Fraction(10)),
        "depth": Clips(**{**stated, "depth": DepthFile(file=other)}),
        "unit": Clips(**{**stated, "depth": DepthFile(file=depth.file, unit="relative")}),
        "lens": Clips(**stated, lens=LensSpec(kind="px", value=80.0)),
        "any lens": Clips(**stated, lens="auto"),
        "subject": Clips(**stated, subject=Center()),
    }


def test_whatever_changes_an_excerpt_changes_what_it_is_known_by_and_nothing_else_does(tmp_path: Path) -> None:
    def known(clips: Clips, cut: Excerpts = EXCERPT) -> str:
        clip = opened(tmp_path, clips, cut)
        return repr(clip.ingredients(clip.excerpts[0]))

    stated = changes(tmp_path)
    found = {name: known(clips) for name, clips in stated.items()}
    found["frames"] = known(stated["the same"], Excerpts(frames=9, size=(48, 32)))
    found["size"] = known(stated["the same"], Excerpts(frames=5, size=(32, 32)))
    moved = Clips(videos=write_clip(tmp_path / "moved" / "bear.mkv"),
                  depth=DepthFile(file=write_depth(tmp_path / "moved" / "bear.npz")))  # fmt: skip

    assert len(set(found.values())) == len(found)
    assert known(moved) == found["the same"]


def test_without_depth_lens_and_subject_change_nothing(tmp_path: Path) -> None:
    found = set()
    for name, clips in changes(tmp_path).items():
        if name not in ("video", "rate"):
            clip = opened(tmp_path, clips, means=Means(with_depth=False))
            found.add(repr(clip.ingredients(clip.excerpts[0])))
    assert len(found) == 1

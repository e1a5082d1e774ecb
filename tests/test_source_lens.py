"""Who says what lens a source was filmed through: the user, what made its depth, its metadata, or nobody."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ex4d.artifacts.depth_video import DepthFrame, DepthStatistics, DepthVideo
from ex4d.errors import TrajectoryError
from ex4d.geometry.pinhole import Pinhole
from ex4d.media.lens_metadata import StatedLens
from ex4d.media.probe import MediaInfo
from ex4d.shotlist.model import DepthFile, DepthModel, LensSpec, Source
from ex4d.source_lens import FoundLens, lens_of

SIZE = (64, 48)
CLIP = MediaInfo(Path("media/courtyard.mov"), *SIZE, Fraction(24), (Fraction(0),), Fraction(1, 24))
SAID = StatedLens(48.0, "26 mm on 35 mm film")
SEEN = Pinhole(*SIZE, 50.0, (31.0, 25.0))
WRITTEN = LensSpec(kind="px", value=60.0)
FILE, MODEL = DepthFile(file=Path("media/courtyard.npz")), DepthModel(model="depth-pro")


@dataclass(frozen=True)
class NoFrames:
    def frames(self, indices: Sequence[int]) -> Iterator[DepthFrame]:
        return iter(())


def found(
    written: object = None,
    depth: Pinhole | None = None,
    video: StatedLens | None = None,
    made_by: DepthFile | DepthModel = FILE,
    **stated: object,
) -> FoundLens:
    """The lens of a source of which so much is known."""
    source = Source(video=CLIP.path, depth=made_by, lens=written, **stated)
    figures = DepthStatistics(1.0, 1.0, 1.0, 1.0, 1.0)
    return lens_of(source, replace(CLIP, lens=video), DepthVideo(*SIZE, 1, True, figures, NoFrames(), depth))


@pytest.mark.parametrize(
    ("lens", "focal", "knower", "words"),
    [
        (found(WRITTEN, SEEN, SAID), 60.0, "written", "lens 56.1deg (60 px), as written"),
        (found(WRITTEN), 60.0, "written", "lens 56.1deg (60 px), as written"),
        (found(None, SEEN, SAID), 50.0, "depth", "lens 65.2deg (50 px), as courtyard.npz says"),
        (found("auto", SEEN, None, MODEL), 50.0, "depth", "lens 65.2deg (50 px), as depth-pro sees it"),
        (found(None, None, SAID), 48.0, "video", "lens 67.4deg (48 px), as courtyard.mov says (26 mm on 35 mm film)"),
        (found("auto", None, SAID), 48.0, "video", "lens 67.4deg (48 px), as courtyard.mov says (26 mm on 35 mm film)"),
        (found(), 62.8, "assumed", "lens 54.0deg (63 px): neither the depth nor courtyard.mov says it"),
        (
            found(video=StatedLens(None, "'nan' is no focal length")),
            62.8,
            "assumed",
            "lens 54.0deg (63 px): neither the depth nor courtyard.mov says it ('nan' is no focal length)",
        ),
    ],
)
def test_the_user_knows_best_then_the_depth_then_the_video(
    lens: FoundLens, focal: float, knower: str, words: str
) -> None:
    assert lens.lens.focal_px == pytest.approx(focal, abs=0.01)
    assert (lens.knower, lens.in_words) == (knower, words)
    assert lens.assumed == ((words,) if knower == "assumed" else ())
    assert lens.told == ((words,) if knower in {"depth", "video"} else ())
    told = lens.as_json()
    assert (told["from"], told["words"], told["focal_px"]) == (knower, lens.words, lens.lens.focal_px)
    assert told["angle_deg"] == math.degrees(lens.lens.horizontal_angle)


@pytest.mark.parametrize(
    ("lens", "center"),
    [
        (found(None, SEEN), (31.0, 25.0)),
        (found(None, SEEN, center=(30.0, 20.0)), (30.0, 20.0)),
        (found(None, None, SAID), (32.0, 24.0)),
        (found(None, None, SAID, center=(30.0, 20.0)), (30.0, 20.0)),
        (found(WRITTEN, SEEN), (32.0, 24.0)),
        (found(WRITTEN, SEEN, center=(30.0, 20.0)), (30.0, 20.0)),
        (found(center=(30.0, 20.0)), (30.0, 20.0)),
    ],
)
def test_the_center_is_the_user_s_else_the_depth_s_else_the_middle(
    lens: FoundLens, center: tuple[float, float]
) -> None:
    assert lens.lens.center_px == center


@given(st.floats(20, 120), st.floats(0.8, 1.2))
@example(60.0, 1.105)
@example(60.0, 1.095)
@example(60.0, 0.905)
@example(60.0, 0.895)
def test_depth_and_video_that_disagree_by_more_than_a_tenth_are_told(seen: float, ratio: float) -> None:
    """Of the angle that the depth says; a lens that the user wrote is beyond doubt."""
    depth, said = (Pinhole.from_horizontal_angle(*SIZE, math.radians(angle)) for angle in (seen, seen * ratio))
    video = StatedLens(said.focal_px, "so much")
    lens = found(None, depth, video)
    assert lens.lens.focal_px == depth.focal_px
    if abs(abs(ratio - 1) - 0.1) > 1e-6:
        assert bool(lens.doubts) == (abs(ratio - 1) > 0.1)
    assert found(WRITTEN, depth, video).doubts == ()


def test_a_doubt_says_both_and_which_was_taken() -> None:
    assert found(None, SEEN, StatedLens(70.0, "38 mm on 35 mm film"), MODEL).told == (
        "lens 65.2deg (50 px), as depth-pro sees it",
        "but lens 49.1deg (70 px), as courtyard.mov says (38 mm on 35 mm film): if that is right, write lens: 49.1deg",
    )


@pytest.mark.parametrize("video", [None, StatedLens(None, "'nan' is no focal length")])
def test_a_lens_that_is_to_be_known_and_is_not_is_refused_with_who_could(video: StatedLens | None) -> None:
    with pytest.raises(TrajectoryError) as refused:
        found("auto", None, video)
    assert refused.value.part == "source"
    why = " ('nan' is no focal length)" if video else ""
    assert str(refused.value) == (
        f"lens: auto, but neither the depth nor courtyard.mov says it{why}; write it, as in lens: 66deg or lens: 28mm, "
        "or take a depth model that measures it, as in depth: {model: depth-pro}"
    )


@pytest.mark.parametrize(("focal", "angle"), [(0.001, "180deg"), (1e6, r"0\.003667deg"), (8.4, r"150\.6deg")])
def test_a_lens_is_held_to_the_angles_of_lenses(focal: float, angle: str) -> None:
    """What angle it sees shows only on the source's own size."""
    sees = rf"courtyard\.mov is 64x48, on which .* sees {angle} across; a lens sees 2deg to 150deg"
    with pytest.raises(TrajectoryError, match=rf"{sees}$"):
        found(LensSpec(kind="px", value=focal))
    with pytest.raises(TrajectoryError, match=rf"{sees}; that is as depth-pro sees it: write source\.lens"):
        found(None, Pinhole(*SIZE, focal, (32.0, 24.0)), made_by=MODEL)


@pytest.mark.parametrize("degrees", [2.0, 150.0])
def test_the_widest_and_the_narrowest_lens_are_lenses(degrees: float) -> None:
    assert found(LensSpec(kind="angle", value=math.radians(degrees))).knower == "written"


@pytest.mark.parametrize("center", [(64.5, 20.0), (20.0, 49.0)])
def test_a_center_outside_the_picture_is_refused(center: tuple[float, float]) -> None:
    with pytest.raises(TrajectoryError, match=r"courtyard\.mov is 64x48, and the center .* outside"):
        found(center=center)

"""Who says what lens a source was filmed through: the user, what made its depth, its metadata, or nobody."""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ex4d.artifacts.depth_video import DepthFrame, DepthStatistics, DepthVideo
from ex4d.errors import TrajectoryError
from ex4d.geometry.pinhole import Pinhole
from ex4d.media.lens_metadata import StatedLens
from ex4d.media.probe import MediaInfo
from ex4d.preflight.plan import plan
from ex4d.production import shoot
from ex4d.setups import Setup, set_up, set_up_all
from ex4d.shotlist.load import load
from ex4d.shotlist.model import DepthFile, DepthModel, LensSpec, Output, Shot, ShotList, Source
from ex4d.source_lens import FoundLens, lens_of
from tests.cli.conftest import Run, run
from tests.media.phones import FILM_KEY, SIGNED, write_phone_video
from tests.tiny_depth_pro import ANGLE_DEG, write_tiny_depth_pro
from tests.tiny_film import FRAMES, HEIGHT, SHOTS, WIDTH, source_depth

__all__ = ["run"]

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


FILM = SHOTS.replace("tiny.mkv", "tiny.mov").replace(", lens: 54deg", "")
FOCAL = 30 * WIDTH / math.hypot(36, 24) / 0.8
"""Of 30 mm on film."""


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """The tiny film's list and depth, over a phone's video that says 30 mm; of its depth nobody knows the lens."""
    phone = FILM_KEY, SIGNED, struct.pack(">i", 30)
    write_phone_video(tmp_path / "tiny.mov", phone, size=(WIDTH, HEIGHT), frames=FRAMES, rate=12)
    np.savez_compressed(tmp_path / "tiny.npz", depth=source_depth())
    (tmp_path / "tiny.yaml").write_text(FILM, encoding="utf-8")
    return tmp_path / "tiny.yaml"


def swing(film: Path) -> Setup:
    return plan(film).shots[1].setup


def test_a_phone_s_clip_alone_has_its_own_lens(run: Run, film: Path) -> None:
    """In the plan and for programs, and it is what is drawn through."""
    done = run("plan", "tiny.yaml")
    assert re.search(
        r"swing: subject at 2 m; lens 60\.0deg \(55 px\), as tiny\.mov says \(30 mm on 35 mm film\)", done.out
    )
    assert "assumed: lens" not in done.out
    told = json.loads(run("plan", "tiny.yaml", "--json").out)["shots"][1]
    assert told["lens"]["focal_px"] == told["lens_seen_px"] == FOCAL
    assert (told["lens"]["from"], told["metric"]) == ("video", True)
    assert swing(film).footage.grid_lens.focal_px == FOCAL


def test_what_is_seen_of_a_lens_is_said_where_a_fit_crops(run: Run, film: Path) -> None:
    film.write_text(FILM.replace("file: tiny.mp4", "file: tiny.mp4, size: 48x48"), encoding="utf-8")
    assert "30 mm on 35 mm film); of which 46.8deg (55 px) are seen" in run("plan", "tiny.yaml").out
    film.write_text(FILM.replace("file: tiny.mp4", "file: tiny.mp4, size: 32x24"), encoding="utf-8")
    assert "are seen" not in run("plan", "tiny.yaml").out


def test_check_opens_no_media_and_says_that_it_assumes(run: Run, film: Path) -> None:
    assert re.search(r"assumed, as no media was opened: .*; lens 54deg; ", run("check", "tiny.yaml").out)


def test_a_lens_that_nobody_knows_is_told_at_its_place(run: Run, film: Path) -> None:
    write_phone_video(film.parent / "tiny.mov", size=(WIDTH, HEIGHT), frames=FRAMES, rate=12)
    film.write_text(FILM.replace("unit: m}", "unit: m}, lens: auto"), encoding="utf-8")
    done = run("plan", "tiny.yaml")
    assert done.code == 2
    place = r"^tiny\.yaml:3:1 +source: "
    assert re.search(rf"{place}lens: auto, but neither the depth nor tiny\.mov says it; write it, as", done.err)
    assert "nothing was rendered" in done.err


def test_a_take_says_its_lens_and_is_made_anew_through_another(film: Path) -> None:
    def made(lens: float | None) -> tuple[bool, dict[str, object]]:
        stated = {} if lens is None else {"horizontal_angle_deg": lens}
        np.savez_compressed(film.parent / "tiny.npz", depth=source_depth(), **stated)
        take = shoot(load(film), folder=film.parent / "out", only=["swing"]).takes[0]
        return take.kept, json.loads((take.folder / "manifest.json").read_text(encoding="utf-8"))

    kept, manifest = made(None)
    assert (kept, manifest["lens"]["from"], manifest["lens_px"]) == (False, "video", FOCAL)
    assert made(None)[0]
    kept, manifest = made(90.0)
    assert (kept, manifest["lens"]["words"], manifest["lens_px"]) == (
        False,
        "as tiny.npz says",
        pytest.approx(WIDTH / 2),
    )
    write_phone_video(film.parent / "tiny.mov", size=(WIDTH, HEIGHT), frames=FRAMES, rate=12)
    kept, manifest = made(None)
    assert (kept, manifest["lens"]["from"]) == (False, "assumed")
    assert any(words.startswith("lens 54.0deg (63 px): neither") for words in manifest["assumed"])


def test_depth_and_video_that_disagree_are_a_warning(run: Run, film: Path) -> None:
    np.savez_compressed(film.parent / "tiny.npz", depth=source_depth(), horizontal_angle_deg=90.0)
    done = run("plan", "tiny.yaml")
    assert re.search(r"swing: .*lens 90\.0deg \(32 px\), as tiny\.npz says; .*warning: but lens 60\.0deg", done.out)


def test_a_model_that_measures_the_lens_is_believed_before_the_video(run: Run, film: Path) -> None:
    """And its depth is in metres."""
    phone = FILM_KEY, SIGNED, struct.pack(">i", 30)
    write_phone_video(film.parent / "tiny.mov", phone, size=(WIDTH, HEIGHT), frames=6, rate=12)
    write_tiny_depth_pro(film.parent / "models")
    film.write_text(FILM.replace("depth: {file: tiny.npz, unit: m}", "depth: {model: depth-pro}"), encoding="utf-8")
    footage = set_up(*_first(load(film))).footage
    assert footage.depth.metric
    assert (footage.source_lens.knower, footage.source_lens.words) == ("depth", "as depth-pro sees it")
    assert abs(math.degrees(footage.grid_lens.horizontal_angle) - ANGLE_DEG) < 15


def test_metres_of_such_a_model_are_of_the_lens_that_is_written(run: Run, film: Path) -> None:
    """A lens of twice the focal length sees the same picture of a world that is twice as far away."""
    write_tiny_depth_pro(film.parent / "models")
    estimated = FILM.replace("depth: {file: tiny.npz, unit: m}", "depth: {model: depth-pro}")
    film.write_text(estimated, encoding="utf-8")
    seen = set_up(*_first(load(film))).footage
    focal = seen.source_lens.lens.focal_px
    film.write_text(estimated.replace("depth-pro}", f"depth-pro}}, lens: {2 * focal:.4f}px"), encoding="utf-8")
    written = set_up(*_first(load(film))).footage
    assert written.source_lens.knower == "written"
    ours, theirs = (next(iter(each.depth.frames([3])))[0] for each in (written, seen))
    np.testing.assert_allclose(ours, 2 * theirs, rtol=1e-4)
    assert written.depth.statistics.median == pytest.approx(2 * seen.depth.statistics.median, rel=1e-4)
    assert written.depth.statistics.known_share == seen.depth.statistics.known_share
    assert any(words.startswith("metres 2 times the model's, as it sees a lens of ") for words in written.scene.assumed)


def test_shots_of_one_clip_through_other_lenses_have_metres_of_their_own(run: Run, film: Path) -> None:
    write_tiny_depth_pro(film.parent / "models")
    estimated = FILM.replace("depth: {file: tiny.npz, unit: m}", "depth: {model: depth-pro}, lens: 30px")
    other = "\n  - name: far\n    source: {lens: 60px}\n"
    film.write_text(estimated.rstrip() + other, encoding="utf-8")
    loaded = load(film)

    setups = set_up_all(loaded.shots, loaded.output)
    medians = [setup.footage.depth.statistics.median for setup in setups]
    assert medians[-1] == pytest.approx(2 * medians[0], rel=1e-4)


@pytest.mark.parametrize(
    ("lens", "answer"), [("auto", r"lens: auto, but neither"), ("1px", r"sees 176\.4deg across; a lens sees 2deg")]
)
def test_a_lens_that_cannot_be_is_found_before_a_model_looks(
    run: Run, film: Path, lens: str, answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At its place in the file, as any other."""
    write_phone_video(film.parent / "tiny.mov", size=(WIDTH, HEIGHT), frames=FRAMES, rate=12)
    estimated = f"depth: {{model: auto}}, lens: {lens}"
    film.write_text(FILM.replace("depth: {file: tiny.npz, unit: m}", estimated), encoding="utf-8")
    monkeypatch.setattr("ex4d.footage.estimated_depth", None)
    done = run("plan", "tiny.yaml")
    assert done.code == 2
    assert re.search(rf"^tiny\.yaml:3:1 +source: .*{answer}", done.err)


def _first(film: ShotList) -> tuple[Shot, Output]:
    return film.shots[0], film.output

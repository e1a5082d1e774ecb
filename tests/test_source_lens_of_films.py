"""The lens of a film's source, from its shot list to what is planned, told, drawn through and made anew."""

from __future__ import annotations

import json
import math
import re
import struct
from pathlib import Path

import numpy as np
import pytest

from ex4d.preflight.plan import plan
from ex4d.production import shoot
from ex4d.setups import Setup, set_up, set_up_all
from ex4d.shotlist.load import load
from ex4d.shotlist.model import Output, Shot, ShotList
from tests.cli.conftest import Run, run
from tests.media.phones import FILM_KEY, SIGNED, write_phone_video
from tests.tiny_depth_pro import ANGLE_DEG, write_tiny_depth_pro
from tests.tiny_film import FRAMES, HEIGHT, SHOTS, WIDTH, source_depth

__all__ = ["run"]

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
    assert re.search(r"swing: .*lens 90\.0deg \(32 px\), as tiny\.npz says", done.out)
    assert re.search(r"^warning: swing: but lens 60\.0deg", done.out, re.MULTILINE)


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
    monkeypatch.setattr("ex4d.source_media.estimated_depth", None)
    done = run("plan", "tiny.yaml")
    assert done.code == 2
    assert re.search(rf"^tiny\.yaml:3:1 +source: .*{answer}", done.err)


def _first(film: ShotList) -> tuple[Shot, Output]:
    return film.shots[0], film.output

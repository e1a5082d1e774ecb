"""``ex4d depth``: the depth of a clip, written with what it means, once estimated and never again."""

from __future__ import annotations

import json
import re
import struct
from pathlib import Path

import numpy as np
import pytest

from ex4d.artifacts.depth_video import DepthVideo
from ex4d.media.probe import probe
from ex4d.reconstruction.depth_file import open_depth_file
from ex4d.shotlist.model import DepthFile
from tests.cli.conftest import Outcome, Run
from tests.cli.depth_runs import BASIC, OF_FILE, film, saved
from tests.cli.recon_runs import made, names
from tests.media.phones import FILM_KEY, SIGNED, write_phone_video
from tests.tiny_depth_pro import write_tiny_depth_pro
from tests.tiny_film import FRAMES, HEIGHT, WIDTH, source_depth

__all__ = ["film"]


def read(file: Path, video: Path) -> tuple[DepthVideo, np.ndarray, np.ndarray]:
    """Return the depth of a file, with every frame's numbers and what is known of them."""
    depth = open_depth_file(DepthFile(file=file), probe(video))
    frames = list(depth.frames(range(depth.frame_count)))
    return depth, np.stack([values for values, _ in frames]), np.stack([known for _, known in frames])


def told(done: Outcome) -> dict:
    return json.loads(made(done).out)


def test_depth_its_preview_and_its_figures_are_written_and_said(run: Run, film: Path, tmp_path: Path) -> None:
    done = made(run(*BASIC))
    assert names(tmp_path / "out") == ["tiny.depth.json", "tiny.depth.npz", "tiny.depth.preview.mp4"]
    first, second, third, fourth = done.out.splitlines()
    assert first.startswith("out/tiny.depth.npz, tiny.depth.preview.mp4, tiny.depth.json: 24 frames of 64x48 at 12 a s")
    assert second.startswith("depth ")
    assert "100.0% known" in second
    assert third.startswith("lens 54.0deg")
    assert "depth-anything-v2-small" in done.err
    assert "Apache-2.0" in done.err
    preview = probe(tmp_path / "out/tiny.depth.preview.mp4")
    assert (preview.frame_count, preview.frame_rate) == (FRAMES, 12)
    assert re.fullmatch(r"assumed: depth by depth-anything-v2-small in float32 on the (CPU|GPU)", fourth)


def test_the_file_is_the_depth_that_a_film_is_made_from(run: Run, film: Path, tmp_path: Path) -> None:
    """Bit for bit: what a shot's mesh is built on."""
    from ex4d.footage import open_footage
    from ex4d.shotlist.load import load

    made(run(*BASIC))
    _, values, known = read(tmp_path / "out/tiny.depth.npz", tmp_path / "tiny.mkv")
    assert known.all()
    read_film = load(film)
    footage = open_footage(read_film.shots[0], read_film.output)
    times = [footage.clip.frame_times[index] for index in (0, 5)]
    for index, frame in zip((0, 5), footage.frames(times), strict=True):
        np.testing.assert_array_equal(values[index], frame.depth)


def test_the_video_holds_the_same_depth_but_for_its_rounding(run: Run, film: Path, tmp_path: Path) -> None:
    made(run(*BASIC))
    done = told(run("depth", "tiny.mkv", "-o", "out/tiny.mkv", "--no-preview", "--json"))
    assert done["files"] == ["out/tiny.mkv", "out/tiny.json"]
    _, exact, _ = read(tmp_path / "out/tiny.depth.npz", tmp_path / "tiny.mkv")
    _, coded, known = read(tmp_path / "out/tiny.mkv", tmp_path / "tiny.mkv")
    assert known.all()
    assert 0 < done["largest_rounding"] < 1e-4
    np.testing.assert_allclose(coded, exact, rtol=1.01 * done["largest_rounding"] + 1e-6)


def test_a_clip_is_seen_once_whatever_asks_for_its_depth(run: Run, film: Path, tmp_path: Path) -> None:
    """A depth file, a film, another file of it under another name, and a film of that."""
    assert "estimating the depth" in made(run(*BASIC)).err
    (tmp_path / "copy.mkv").write_bytes((tmp_path / "tiny.mkv").read_bytes())
    again = made(run("depth", "copy.mkv", "-o", "out/copy.npz"))
    shot = made(run("shoot", "tiny.yaml", "--out", "film"))
    assert "estimating" not in again.err + shot.err
    assert len(list((tmp_path / "cache/ex4d/depth").iterdir())) == 1
    assert (tmp_path / "out/copy.npz").read_bytes() == (tmp_path / "out/tiny.depth.npz").read_bytes()


def test_other_settings_are_another_depth_but_refining_is_not(run: Run, film: Path, tmp_path: Path) -> None:
    made(run(*BASIC))
    assert "estimating" not in made(run(*BASIC, "--no-sharpen")).err
    assert "estimating" in made(run(*BASIC, "--longest", "70")).err
    assert len(list((tmp_path / "cache/ex4d/depth").iterdir())) == 2


def test_a_depth_file_is_written_anew_with_its_meaning_and_unchanged(run: Run, film: Path, tmp_path: Path) -> None:
    depth = source_depth()
    depth[:, :4, :9] = 0
    np.savez(tmp_path / "mine.npz", depth=depth)
    given = ("depth", "tiny.mkv", "--depth", "mine.npz", "--depth-unit", "m", "--lens", "60deg", "-o", "out/m.npz")
    done = told(run(*given, "--json"))
    assert done["figures"]["unit"] == "m"
    assert done["figures"]["known_share"] == pytest.approx(1 - 36 / (WIDTH * HEIGHT))
    written, values, known = read(tmp_path / "out/m.npz", tmp_path / "tiny.mkv")
    np.testing.assert_array_equal(values, depth)
    np.testing.assert_array_equal(known, depth > 0)
    assert written.metric
    assert written.lens is not None
    assert written.lens.horizontal_angle == pytest.approx(np.radians(60))
    made(run(*given, "--fill"))
    _, values, known = read(tmp_path / "out/m.npz", tmp_path / "tiny.mkv")
    assert known.all()
    np.testing.assert_array_equal(values[depth > 0], depth[depth > 0])
    np.testing.assert_allclose(values, 4.0 - 2.0 * (source_depth() == 2.0), rtol=1e-6)


def test_an_assumed_lens_is_not_written_as_if_it_were_known(run: Run, film: Path, tmp_path: Path) -> None:
    done = told(run(*BASIC, "--json"))
    assert done["lens"]["from"] == "assumed"
    assert read(tmp_path / "out/tiny.depth.npz", tmp_path / "tiny.mkv")[0].lens is None


def test_the_figures_are_those_of_the_file(run: Run, film: Path, tmp_path: Path) -> None:
    figures = told(run(*BASIC, "--json"))["figures"]
    _, values, _ = read(tmp_path / "out/tiny.depth.npz", tmp_path / "tiny.mkv")
    assert figures["nearest"] == pytest.approx(float(values.min()))
    assert figures["farthest"] == pytest.approx(float(values.max()))
    assert figures["median"] == pytest.approx(float(np.median(values)), rel=2e-3)
    assert json.loads((tmp_path / "out/tiny.depth.json").read_text())["figures"] == figures


def test_what_was_assumed_of_a_file_is_said(run: Run, film: Path, tmp_path: Path) -> None:
    """Numbers without a unit are millimetres if they are whole."""
    saved((1000 * source_depth()).astype(np.uint16))(tmp_path)
    done = made(run(*OF_FILE))
    assert "assumed: depth in mm, as its numbers are whole\n" in done.out


def test_metadata_that_contradict_what_a_model_sees_are_said(run: Run, film: Path, tmp_path: Path) -> None:
    write_phone_video(tmp_path / "phone.mov", (FILM_KEY, SIGNED, struct.pack(">i", 90)), frames=2)
    write_tiny_depth_pro(tmp_path / "models")
    arguments = ("depth", "phone.mov", "-o", "phone.npz", "--model", "depth-pro")
    done = made(run(*arguments))
    doubt = r"as phone\.mov says \(90 mm on 35 mm film\): if that is right, write lens: "
    assert re.search(rf"lens .*, as depth-pro sees it; but lens .*{doubt}", done.out)
    assert re.search(doubt, told(run(*arguments, "--json"))["lens"]["doubts"][0])


def test_stopped_in_the_middle_nothing_is_left(run: Run, film: Path, tmp_path: Path, monkeypatch) -> None:
    from ex4d.cli.progress import ProgressBars

    count = 0

    def advance(_: ProgressBars) -> None:
        nonlocal count
        count += 1
        if count in {5, FRAMES + 5}:
            raise KeyboardInterrupt

    monkeypatch.setattr(ProgressBars, "advance", advance)
    done = run(*BASIC)  # while the model looks
    assert done.code == 130
    assert "begin anew" in done.err
    assert list((tmp_path / "cache/ex4d/depth").iterdir()) == []
    assert not (tmp_path / "out").exists()

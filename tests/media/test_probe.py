"""What a video is: exact rates, exact times, refusals."""

import os
from fractions import Fraction

import numpy as np
import pytest

from ex4d.errors import MediaError
from ex4d.media.local_files import natural_key
from ex4d.media.probe import probe
from ex4d.media.timestamps import nominal_rate
from tests.media.footage import SIZE, write_depth_png, write_images, write_numbered, write_stamped
from tests.shared_data import shared_data

RATES = [Fraction(24), Fraction(30_000, 1001), Fraction(15), Fraction(16), Fraction(24_000, 1001), Fraction(6)]


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize("rate", RATES, ids=str)
def test_a_written_rate_is_read_back_exactly(tmp_path, rate, suffix):
    info = probe(write_numbered(tmp_path / f"clip{suffix}", 31, rate))
    assert info.frame_rate == rate
    assert info.frame_times == tuple(Fraction(i) / rate for i in range(31))
    assert info.duration == 31 / rate
    assert not info.variable_rate
    assert info.size == SIZE


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_single_frame_has_a_rate(tmp_path, suffix):
    info = probe(write_numbered(tmp_path / f"clip{suffix}", 1, Fraction(24)))
    assert (info.frame_count, info.frame_rate, info.duration) == (1, 24, Fraction(1, 24))


def test_a_variable_rate_keeps_the_time_of_every_frame_and_begins_at_zero(tmp_path):
    stamps = [9000, 12_000, 15_010, 18_000, 24_000, 27_003, 30_000, 33_000, 39_000, 42_000]
    info = probe(write_stamped(tmp_path / "phone.mp4", stamps))
    assert info.variable_rate
    assert info.frame_times == tuple(Fraction(stamp - 9000, 90_000) for stamp in stamps)
    assert info.duration >= info.frame_times[-1]
    assert info.frame_rate == nominal_rate(Fraction(9 * 90_000, 33_000))


def test_mpegts_begins_at_zero_too(tmp_path):
    info = probe(write_stamped(tmp_path / "clip.ts", range(0, 3000 * 20, 3000)))
    assert info.frame_times[:3] == (0, Fraction(1, 30), Fraction(2, 30))
    assert not info.variable_rate


@pytest.mark.parametrize(("mean", "nominal"), [("29.9", "30000/1001"), ("30.3", "30"), ("23.9", "24000/1001"),
                                               ("17.6", "18"), ("0.3", "1"), ("59.99", "60")])  # fmt: skip
def test_a_variable_rate_is_named_by_the_usual_one_beside_it(mean, nominal):
    assert nominal_rate(Fraction(mean)) == Fraction(nominal)


def test_a_stated_rate_conforms_a_video(tmp_path):
    info = probe(write_numbered(tmp_path / "clip.mp4", 12, Fraction(24)), Fraction(16))
    assert (info.frame_rate, info.duration, info.frame_times[8]) == (16, Fraction(12, 16), Fraction(1, 2))


def test_images_are_sorted_as_people_count(tmp_path):
    info = probe(write_images(tmp_path / "shots", 12), Fraction(6))
    assert [image.name for image in info.images] == [f"{i}.png" for i in range(12)]
    assert (info.size, info.frame_count, info.duration) == ((8, 6), 12, 2)
    assert sorted(["a10", "a9", "b1", "a09"], key=natural_key)[-1] == "b1"


def test_a_glob_takes_one_kind_of_a_mixed_folder(tmp_path):
    folder = write_images(tmp_path / "mixed", 3, name="{}.rgb.jpg")
    write_images(folder, 3, name="{}.depth.png")
    assert probe(folder / "*.rgb.jpg", Fraction(6)).frame_count == 3
    with pytest.raises(MediaError, match=r"holds .jpg and .png files; say which with a glob"):
        probe(folder, Fraction(6))


def test_images_need_a_rate(tmp_path):
    with pytest.raises(MediaError, match="fps: 24"):
        probe(write_images(tmp_path / "shots", 2))


def test_images_of_two_sizes_name_the_odd_one_out(tmp_path):
    folder = write_images(tmp_path / "shots", 3)
    write_images(tmp_path / "other", 1, size=(10, 6))
    (tmp_path / "other" / "0.png").rename(folder / "7.png")
    with pytest.raises(MediaError, match=r"7\.png is 10x6, but 0\.png is 8x6"):
        probe(folder, Fraction(6))


def test_depth_images_are_no_video(tmp_path):
    write_depth_png(tmp_path / "0.png", np.ones((6, 8)))
    with pytest.raises(MediaError, match="a depth image"):
        probe(tmp_path, Fraction(6))


def test_an_empty_folder_says_what_it_lacks(tmp_path):
    with pytest.raises(MediaError, match=r"holds no \.jpg or \.jpeg or \.png files"):
        probe(tmp_path, Fraction(6))


def test_a_turned_video_has_its_upright_size(tmp_path):
    info = probe(write_stamped(tmp_path / "phone.mp4", range(0, 30_000, 3000), rotation=90))
    assert info.size == (SIZE[1], SIZE[0])


def test_a_slanted_video_is_refused(tmp_path):
    with pytest.raises(MediaError, match=r"turned by (29|30) degrees; only quarter turns"):
        probe(write_stamped(tmp_path / "phone.mp4", range(0, 30_000, 3000), rotation=30))


def test_untagged_colours_are_said_to_be_assumed(tmp_path):
    assert "BT.601" in probe(write_stamped(tmp_path / "clip.mp4", [0, 3000])).assumed[0]
    assert probe(write_numbered(tmp_path / "tagged.mp4", 2)).assumed == ()


def test_real_clips_are_read_to_their_last_frame():
    for name, count in (("clips/cotracker_bear.mp4", 82), ("ex4d_flower/input.mp4", 49)):
        info = probe(shared_data(name))
        assert (info.frame_count, info.frame_rate, info.variable_rate) == (count, 30, False)


def test_importing_media_imports_no_heavy_library():
    import subprocess
    import sys

    heavy = "{'av', 'numba', 'imageio', 'scipy'}"
    code = f"import sys, ex4d.media.probe, ex4d.media.fitting, ex4d.media.writing; print({heavy} & set(sys.modules))"
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == "set()"

"""What depth files say of themselves: a video's tag, an .npz file's words, and what of it is not believed."""

import contextlib
import json
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ex4d.errors import MediaError
from ex4d.media.depth_files import open_raw_depth
from ex4d.media.depth_meaning import TAG, DepthCodes, DepthMeaning, read_tag, tag_of
from ex4d.media.writing import LosslessWriter
from tests.media.written_depth import RELATIVE

LARGEST = float(np.finfo(np.float32).max)


@pytest.mark.parametrize("angle", [1.9, 150.1, math.nan])
def test_an_angle_that_no_lens_sees_is_refused(angle):
    with pytest.raises(MediaError, match=f"its lens sees {angle:g} degrees across"):
        DepthMeaning("m", angle)


GOOD = {"version": 1, "codes": "log", "nearest": 1.5, "farthest": 4, "unit": "m", "horizontal_angle_deg": 60}


def test_the_tag_says_all_of_it():
    text = tag_of(DepthMeaning("m", 60.0), DepthCodes(1.5, 4.0))
    assert json.loads(text) == GOOD
    assert read_tag(text) == (DepthMeaning("m", 60.0), DepthCodes(1.5, 4.0))
    assert json.loads(tag_of(RELATIVE, DepthCodes(1.0, 2.0))) == {
        "version": 1, "codes": "log", "nearest": 1, "farthest": 2, "unit": "relative",
    }  # fmt: skip


def changed(**fields):
    return json.dumps({**GOOD, **fields})


def without(name):
    return json.dumps({key: value for key, value in GOOD.items() if key != name})


DAMAGED = {
    "nothing": ("", "damaged"),
    "no JSON": ("{'version': 1}", "damaged"),
    "cut short": (changed()[:-4], "damaged"),
    "a list": ("[1, 2]", "no record with a version"),
    "a number": ("1", "no record with a version"),
    "deep": ("[" * 500, "damaged"),
    "deep in place of a number": (changed().replace("1.5", "[" * 300 + "]" * 300), "is no number"),
    "long": (changed(more="x" * 2000), "has 2114 characters; such a tag has at most 1024"),
    "a later version": (changed(version=2), "has version 2; this ex4d reads version 1: take a newer one"),
    "a version of words": (changed(version="1"), "no record with a version"),
    "a version that is true": (changed(version=True), "no record with a version"),
    "a huge version": (changed(version=10**400), "has version 10000000000000000000;"),
    "no version": (without("version"), "there is no 'version'"),
    "no bounds": (without("nearest"), "there is no 'nearest'"),
    "no far bound": (without("farthest"), "there is no 'farthest'"),
    "no unit": (without("unit"), "there is no 'unit'"),
    "no codes": (without("codes"), "there is no 'codes'"),
    "other codes": (changed(codes="linear"), "codes 'linear' are not known"),
    "bounds the wrong way": (changed(nearest=5), "from 5 to 4; that is no range above 0"),
    "a bound at 0": (changed(nearest=0), "no range above 0"),
    "a negative bound": (changed(nearest=-1), "no range above 0"),
    "NaN": (changed(nearest=math.nan), "NaN is no number"),
    "infinity": (changed(farthest=math.inf), "Infinity is no number"),
    "infinity in disguise": (changed().replace("4,", "1e999,"), "no range above 0"),
    "beyond float32": (changed(farthest=1e300), "no range above 0"),
    "below float32": (changed(nearest=1e-300), "no range above 0"),
    "beyond float64": (changed(farthest=10**400), "too large|no range"),
    "a bound of words": (changed(nearest="1.5"), "'1.5' is no number"),
    "a bound that is true": (changed(nearest=True), "'True' is no number"),
    "a bound that is nothing": (changed(farthest=None), "'None' is no number"),
    "another unit": (changed(unit="mm"), "its unit is 'mm'; known are m and relative"),
    "a unit that is a list": (changed(unit=[]), r"its unit is \'\[\]\'"),
    "too wide a lens": (changed(horizontal_angle_deg=170), "sees 170 degrees across"),
    "a lens of words": (changed(horizontal_angle_deg="60"), "'60' is no number"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_tag_that_cannot_be_believed_is_an_error_that_names_the_file(tmp_path, name):
    tag, says = DAMAGED[name]
    path = tmp_path / "depth.mkv"
    with LosslessWriter(path, (8, 8), Fraction(24), "gray16", tags={TAG: tag}) as video:
        video.write(np.ones((8, 8), np.uint16))
    with pytest.raises(MediaError, match=rf"depth\.mkv: its tag EX4D_DEPTH.*({says})"):
        open_raw_depth(path)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from([*GOOD.values()]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*GOOD]), inner, max_size=6),
    max_leaves=12,
))  # fmt: skip
def test_whatever_a_tag_holds_it_is_read_or_refused(value):
    with contextlib.suppress(MediaError):
        meaning, codes = read_tag(json.dumps(value))
        assert meaning.unit in {"m", "relative"}
        assert 0 < codes.nearest <= codes.farthest <= LARGEST


def test_gray_video_without_the_tag_is_whole_numbers_as_ever(tmp_path):
    codes = np.arange(65_536 - 64, 65_536, dtype=np.uint16).reshape(8, 8)
    with LosslessWriter(tmp_path / "plain.mkv", (8, 8), Fraction(24), "gray16") as video:
        video.write(codes)
    raw = open_raw_depth(tmp_path / "plain.mkv")
    assert (raw.is_integer, raw.unit, raw.unknown, raw.horizontal_angle_deg) == (True, None, None, None)
    assert np.array_equal(next(raw.read([0])), codes)


@pytest.mark.parametrize(("stored", "says"), [
    ({"horizontal_angle_deg": np.array("wide")}, "'horizontal_angle_deg' is 'wide', not a number"),
    ({"horizontal_angle_deg": np.array(0.5)}, "its lens sees 0.5 degrees across"),
    ({"horizontal_angle_deg": np.array(np.nan)}, "its lens sees nan degrees across"),
    ({"horizontal_angle_deg": np.array([50.0, 60.0])}, "not one number or word"),
    ({"unknown": np.array("none")}, "'unknown' is 'none', not a number"),
])  # fmt: skip
def test_what_an_npz_says_of_itself_is_checked(tmp_path, stored, says):
    np.savez(tmp_path / "depth.npz", depth=np.ones((1, 2, 3), np.float32), **stored)
    with pytest.raises(MediaError, match=rf"depth\.npz: .*{says}"):
        open_raw_depth(tmp_path / "depth.npz")

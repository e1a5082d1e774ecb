"""How much is uncovered, and where: measured of masks, told in words."""

import json

import numpy as np
import pytest
from hypothesis import given, seed, settings
from hypothesis.extra.numpy import array_shapes, arrays

from ex4d.render.coverage import PLACES, Coverage, coverage_of, summary_of, worst_frame, worst_in_words

MASKS = arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=12))
MIRRORED = {"left": "right", "right": "left", "top": "top", "bottom": "bottom"}
TURNED = {"left": "left", "right": "right", "top": "bottom", "bottom": "top"}


def reworded(words: str, by: dict[str, str]) -> str:
    said = " ".join(by.get(word, word) for word in words.split())
    return said.replace("the bottom and the top", "the top and the bottom")


def frame(*pictures: str) -> np.ndarray:
    """A mask of a hundred pixels a ninth, in which the marked ones are uncovered: a digit for how many tenths."""
    rows = [row for picture in pictures for row in picture.split()]
    shares = np.array([[0.1 * int(mark.replace("x", "9").replace(".", "0")) for mark in row] for row in rows])
    fine = np.repeat(np.repeat(shares, 10, axis=0), 10, axis=1)
    return fine <= (np.arange(30) % 10 + 0.5) / 10


@seed(1)
@settings(max_examples=100, deadline=None)
@given(MASKS)
def test_the_ninths_make_up_the_whole(visible):
    """Each pixel is in one ninth: weighted by their pixels, the ninths' mean is the frame's share."""
    coverage, pixels = coverage_of(visible), np.ones(visible.shape)
    weights = [
        [part.sum() for part in np.split(band, cuts(visible.shape[1]), axis=1)]
        for band in np.split(pixels, cuts(visible.shape[0]), axis=0)
    ]
    assert coverage.uncovered == pytest.approx((~visible).mean())
    assert np.average(coverage.ninths, weights=weights) == pytest.approx(coverage.uncovered)
    assert all(0 <= share <= 1 for row in coverage.ninths for share in row)


def cuts(side: int) -> list[int]:
    """Where a side is cut in three: its ends alike, the middle at most one pixel larger or smaller."""
    ends = {0: side // 3, 1: side // 3, 2: side // 3 + 1}[side % 3]
    return [ends, side - ends]


@seed(2)
@settings(max_examples=200, deadline=None)
@given(MASKS)
def test_a_mirrored_mask_has_mirrored_ninths_and_words(visible):
    coverage = coverage_of(visible)
    mirrored, turned = coverage_of(visible[:, ::-1]), coverage_of(visible[::-1])

    assert mirrored.ninths == tuple(row[::-1] for row in coverage.ninths)
    assert turned.ninths == coverage.ninths[::-1]
    assert mirrored.where == reworded(coverage.where, MIRRORED)
    assert turned.where == reworded(coverage.where, TURNED)
    assert mirrored.uncovered == turned.uncovered == coverage.uncovered


def test_every_picture_s_mirror_image_has_its_mirrored_name():
    """Or words would depend on the side."""
    for picture, words in PLACES.items():
        rows = picture.split()
        assert PLACES[" ".join(row[::-1] for row in rows)] == reworded(words, MIRRORED)
        assert PLACES[" ".join(rows[::-1])] == reworded(words, TURNED)


@pytest.mark.parametrize(("picture", "words"), PLACES.items())
def test_a_frame_uncovered_like_a_picture_is_called_by_its_name(picture, words):
    assert coverage_of(frame(picture)).where == words


@pytest.mark.parametrize(
    ("picture", "words"),
    [
        ("3.. 3.. 3..", "on the left"),  # a band of a tenth of the frame
        ("96. 96. 96.", "on the left"),  # most of the frame, from the left
        ("93. 93. 93.", "on the left"),
        ("511 511 511", "on the left"),  # and a little everywhere
        ("535 3.3 535", "round the edges"),  # the camera stepped back
        ("777 777 777", "all over"),
        ("999 997 999", "all over"),
        (".11 .91 ...", "in the middle"),
        ("1.. 2.. 9..", "at the bottom left"),
        ("995 9.. 5..", "at the top and on the left"),
        ("3.3 ... 3.3", "in the corners"),  # the camera rolled
        ("9.. ... ..9", "here and there"),
        ("... ... ...", "nowhere"),
    ],
)
def test_what_a_film_s_frames_are_like(picture, words):
    assert coverage_of(frame(picture)).where == words


@seed(3)
@settings(max_examples=50, deadline=None)
@given(MASKS)
def test_what_is_stored_is_read_back(visible):
    """Whole: one pixel of 4K is more than nothing."""
    coverage = coverage_of(visible)

    assert Coverage.from_json(json.loads(json.dumps(coverage.as_json()))) == coverage


@pytest.mark.parametrize(
    "stored", [0.25, {}, {"uncovered": 0.2}, {"uncovered": 0.2, "ninths": [[1, 2], [1], []]}, None]
)
def test_what_is_no_coverage_is_not_read(stored):
    with pytest.raises((ValueError, TypeError, KeyError)):
        Coverage.from_json(stored)


def test_a_summary_names_the_first_of_the_worst_frames():
    left, right = coverage_of(frame("6.. 6.. 6..")), coverage_of(frame("..6 ..6 ..6"))
    shots = {0: coverage_of(frame("... ... ...")), 5: left, 9: right}

    assert worst_frame(shots) == 5
    assert summary_of(shots) == {
        "mean": pytest.approx((left.uncovered + right.uncovered) / 3),
        "worst": left.uncovered,
        "worst_frame": 5,
        "where": "on the left",
    }


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.0, "nothing uncovered"),
        (0.004, "0.4% uncovered, on the left"),
        (0.0994, "9.9% uncovered, on the left"),
        (0.0996, "10% uncovered, on the left"),
        (1 / 3, "33% uncovered, on the left"),
    ],
)
def test_shares_are_said_in_two_digits(share, words):
    coverage = Coverage(share, ((3 * share, 0.0, 0.0),) * 3)
    assert coverage.in_words == words
    shots = {0: Coverage(0.0, ((0.0, 0.0, 0.0),) * 3), 48: coverage}
    assert worst_in_words(shots) == (words.replace(" uncovered", " at 48f") if share else "none")


@pytest.mark.parametrize("width", [1, 2, 3, 40])
def test_a_frame_of_a_pixel_or_two_is_measured_too(width):
    assert coverage_of(np.zeros((1, width), np.bool_)).uncovered == 1.0

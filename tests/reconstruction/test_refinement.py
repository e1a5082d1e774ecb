"""What is done to depth before it is drawn: asked for, or else by where it comes from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ex4d.media.fitting import Fit
from ex4d.reconstruction.edge_sharpening import sharpen
from ex4d.reconstruction.guided_upsampling import colour_of_depth, upsample_guided
from ex4d.reconstruction.refinement import Refinement
from ex4d.shotlist.model import DepthFile, DepthModel

FILE, MODEL = DepthFile(file=Path("a.npz")), DepthModel(model="auto")
WIDTH, HEIGHT = 512, 384
STEP = 1.3


@pytest.mark.parametrize(
    ("asked", "done"),
    [
        (MODEL, Refinement("guided", sharpen=True)),
        (FILE, Refinement("surfaces", sharpen=False)),
        (MODEL.model_copy(update={"sharpen": False, "upsample": "surfaces"}), Refinement("surfaces", sharpen=False)),
        (FILE.model_copy(update={"sharpen": True, "upsample": "guided"}), Refinement("guided", sharpen=True)),
    ],
)
def test_what_is_asked_is_done_and_else_what_suits_its_source(
    asked: DepthFile | DepthModel, done: Refinement
) -> None:  # fmt: skip
    assert Refinement.of(asked) == done


def soft_edge(width: int, height: int) -> np.ndarray:
    """A near square before a wall, its edge four pixels wide in 1/z."""
    from scipy import ndimage

    inverse = np.full((height, width), 0.25)
    inverse[height // 4 : 3 * height // 4, width // 4 : 3 * width // 4] = 0.5
    return (1 / ndimage.gaussian_filter(inverse, 1.0)).astype(np.float32)


def picture() -> np.ndarray:
    colour = np.full((HEIGHT, WIDTH, 3), 60, np.uint8)
    colour[HEIGHT // 4 : 3 * HEIGHT // 4, WIDTH // 4 : 3 * WIDTH // 4] = 200
    return colour


def refined(refinement: Refinement, depth: np.ndarray) -> np.ndarray:
    fit = Fit.plan((WIDTH, HEIGHT), (WIDTH, HEIGHT))
    values, known = refinement.refined(depth, np.ones(depth.shape, bool), picture(), fit, STEP)
    assert known.all()
    assert values.shape == (HEIGHT, WIDTH)
    return values


def mid_air(depth: np.ndarray) -> int:
    return int(((depth > 2.2) & (depth < 3.6)).sum())


def test_nothing_asked_of_whole_depth_changes_nothing() -> None:
    depth = soft_edge(WIDTH, HEIGHT)
    np.testing.assert_array_equal(refined(Refinement(), depth), depth)


def test_depth_of_the_grid_s_own_size_is_sharpened_on_it() -> None:
    depth = soft_edge(WIDTH, HEIGHT)
    made = refined(Refinement(sharpen=True), depth)
    np.testing.assert_array_equal(made, sharpen(depth, np.ones(depth.shape, bool), picture()))
    assert mid_air(made) < mid_air(depth) / 10


@pytest.mark.parametrize("upsample", ["surfaces", "guided"])
def test_smaller_depth_is_sharpened_before_it_is_enlarged(upsample: str) -> None:
    depth = soft_edge(WIDTH // 2, HEIGHT // 2)
    known = np.ones(depth.shape, bool)
    fit = Fit.plan((WIDTH, HEIGHT), (WIDTH, HEIGHT))
    scale, origin = fit.placed((WIDTH // 2, HEIGHT // 2))
    clean = sharpen(depth, known, colour_of_depth(depth.shape, picture(), scale, origin)[0])
    assert mid_air(clean) < mid_air(depth) / 10
    expected = (
        upsample_guided(clean, known, picture(), scale, origin, STEP)[0]
        if upsample == "guided"
        else fit.depth(clean, known, STEP)[0]
    )
    made = refined(Refinement(upsample, sharpen=True), depth)  # type: ignore[arg-type]
    np.testing.assert_array_equal(made, expected)


def test_the_colour_decides_where_an_enlarged_edge_is() -> None:
    """Along its sides: a square that is two pixels of the picture larger, each way, than depth of a quarter has it."""
    depth = np.full((HEIGHT // 4, WIDTH // 4), 4.0, np.float32)
    depth[24:72, 32:96] = 2.0
    colour = np.full((HEIGHT, WIDTH, 3), 60, np.uint8)
    colour[94:290, 126:386] = 200
    fit = Fit.plan((WIDTH, HEIGHT), (WIDTH, HEIGHT))
    known = np.ones(depth.shape, bool)
    near = {way: Refinement(way).refined(depth, known, colour, fit, STEP)[0] < 3 for way in ("surfaces", "guided")}  # type: ignore[arg-type]
    wrong = {way: int((near[way] != (colour[..., 0] > 100)).sum()) for way in near}
    assert wrong["guided"] < wrong["surfaces"] / 4, wrong

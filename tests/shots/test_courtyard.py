"""The sample film is what its script makes, and its depth, layers and other views tell one and the same scene."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from ex4d.media.probe import probe
from ex4d.media.reading import read_frames
from shots.media import make_courtyard as courtyard

MEDIA = Path(courtyard.__file__).parent
SMALL = {"width": 160, "height": 120, "samples": 1}
LIMIT_BYTES = 8_000_000
LUMA = np.array([0.2126, 0.7152, 0.0722])


@pytest.fixture(scope="module")
def film() -> list[np.ndarray]:
    info = probe(MEDIA / "courtyard.mp4")
    return list(read_frames(info, range(info.frame_count)))


@pytest.fixture(scope="module")
def film_depth() -> list[np.ndarray]:
    with av.open(str(MEDIA / "courtyard.depth.mkv")) as container:
        return [frame.to_ndarray(format="gray16le") for frame in container.decode(video=0)]


def _halved(image: np.ndarray) -> np.ndarray:
    """Means of 2 x 2 pixels: what H.264's 4:2:0 keeps of colour."""
    height, width, channels = image.shape
    return image.astype(float).reshape(height // 2, 2, width // 2, 2, channels).mean(axis=(1, 3))


def _psnr(a: np.ndarray, b: np.ndarray) -> float:
    return float(10.0 * np.log10(255.0**2 / np.mean((a.astype(float) - b.astype(float)) ** 2)))


def _warped(depth: np.ndarray, world_from_camera: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where another camera sees every pixel's own point, and at what depth."""
    height, width = depth.shape
    focal = courtyard.focal_px(width)
    x, y = np.meshgrid(np.arange(width) + 0.5 - width / 2, np.arange(height) + 0.5 - height / 2)
    points = np.stack([x / focal, y / focal, np.ones_like(x)], axis=-1) * depth[..., None]
    seen = (points - world_from_camera[:3, 3]) @ world_from_camera[:3, :3]
    return seen[..., :2] / seen[..., 2:] * focal + np.array([width / 2, height / 2]), seen[..., 2]


def test_film_and_depth_are_one_length_one_size_and_small(film: list[np.ndarray], film_depth: list[np.ndarray]) -> None:
    assert len(film) == len(film_depth) == courtyard.FRAMES
    assert {frame.shape[:2] for frame in (*film, *film_depth)} == {(courtyard.HEIGHT, courtyard.WIDTH)}
    assert sum((MEDIA / name).stat().st_size for name in ("courtyard.mp4", "courtyard.depth.mkv")) < LIMIT_BYTES


def test_film_is_what_the_script_makes(film: list[np.ndarray], film_depth: list[np.ndarray]) -> None:
    for index in (20, 101):
        view = courtyard.render_view(index / courtyard.FRAME_RATE, np.eye(4))

        assert _psnr(view.colour @ LUMA, film[index] @ LUMA) >= 40.0
        assert _psnr(_halved(view.colour), _halved(film[index])) >= 35.0
        assert np.abs(courtyard.depth_mm(view.depth).astype(int) - film_depth[index]).max() <= 1


def test_depth_is_known_everywhere(film_depth: list[np.ndarray]) -> None:
    assert all(frame.min() > 1000 and frame.max() < courtyard.FAR_MM for frame in film_depth)


def test_the_same_moment_is_the_same_picture() -> None:
    first = courtyard.render_view(1.25, np.eye(4), **SMALL)
    courtyard._place.cache_clear()
    again = courtyard.render_view(1.25, np.eye(4), **SMALL)

    assert np.array_equal(first.colour, again.colour)
    assert np.array_equal(first.depth, again.depth)
    assert np.array_equal(first.subject_mask, again.subject_mask)


def test_more_rays_change_neither_depth_nor_mask() -> None:
    """Depth belongs to the pixel's centre: it is not averaged across an edge."""
    coarse = courtyard.render_view(2.0, np.eye(4), **SMALL)
    fine = courtyard.render_view(2.0, np.eye(4), **{**SMALL, "samples": 3})

    assert np.allclose(coarse.depth, fine.depth, rtol=1e-6)
    assert np.array_equal(coarse.subject_mask, fine.subject_mask)


def test_an_even_number_of_rays_is_refused() -> None:
    with pytest.raises(ValueError, match="odd"):
        courtyard.render_view(0.0, np.eye(4), samples=2)


@pytest.mark.parametrize("right_deg", [-30.0, 30.0, 60.0])
def test_true_depth_leads_to_the_true_second_view(right_deg: float) -> None:
    camera = courtyard.orbit(right_deg)
    source = courtyard.render_view(2.7, np.eye(4), **SMALL)
    other = courtyard.render_view(2.7, camera, **SMALL)
    pixels, depth = _warped(source.depth, camera)
    inside = (depth > 0.1) & (pixels >= 0).all(axis=-1) & (pixels < (SMALL["width"], SMALL["height"])).all(axis=-1)
    expected = depth[inside]
    columns, rows = np.floor(pixels[inside]).astype(int).T
    found = other.depth[rows, columns]
    visible = expected < 1.05 * found

    assert visible.mean() > 0.5
    assert np.median(np.abs(expected / found - 1.0)[visible]) < 0.005


def test_the_fox_stands_in_front_and_covers_only_itself() -> None:
    """Off the fox, the picture and the clean plate are equal: the same light, the same shadow."""
    with_fox = courtyard.render_view(2.7, np.eye(4), **SMALL)
    plate = courtyard.render_view(2.7, np.eye(4), subject=False, **SMALL)
    mask = with_fox.subject_mask

    assert 0.02 < mask.mean() < 0.15
    assert not plate.subject_mask.any()
    assert (with_fox.depth[mask] < plate.depth[mask]).all()
    assert np.array_equal(with_fox.depth[~mask], plate.depth[~mask])
    assert np.abs(with_fox.colour[~mask].astype(int) - plate.colour[~mask]).mean() < 1.0


def test_the_fox_walks_to_the_right_through_the_middle() -> None:
    middles = []
    for time_s in (0.0, 1.5, 3.0, courtyard.FRAMES / courtyard.FRAME_RATE):
        mask = courtyard.render_view(time_s, np.eye(4), **SMALL).subject_mask
        middles.append(float(np.nonzero(mask)[1].mean()) / SMALL["width"])

    assert np.all(np.diff(middles) > 0.05)
    assert middles[0] < 0.4
    assert middles[-1] > 0.6


def test_colour_and_depth_have_the_same_edges(film: list[np.ndarray], film_depth: list[np.ndarray]) -> None:
    """Where the decoded film changes from one moment to another most, depth says that the fox came or went."""
    moved = np.abs(film_depth[30].astype(int) - film_depth[80]) > 1500
    changed = np.abs(film[30].astype(int) - film[80]).sum(axis=-1)

    assert changed[moved].mean() > 4.0 * changed[~moved].mean()

"""Pull-push keeps what is known and fills the rest from within its range."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ex4d.media.pull_push import pull_push


def drawn(height: int, width: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    draws = np.random.default_rng(seed)
    image = draws.uniform(1, 200, (height, width, 3)).astype(np.float32)
    return image, (draws.random((height, width)) < draws.random()).astype(np.float32)


frames = st.builds(drawn, st.integers(1, 33), st.integers(1, 33), st.integers(0, 2**31))


@settings(derandomize=True, deadline=None)
@given(frames, st.booleans())
def test_the_known_is_kept_and_the_rest_lies_within_its_range(frame, favour_far):
    image, weight = frame

    filled = pull_push(image, weight, favour_far=favour_far)

    known = weight > 0
    np.testing.assert_array_equal(filled[known], image[known])
    if known.any():
        assert (filled >= image[known].min(axis=0) * (1 - 1e-5)).all()
        assert (filled <= image[known].max(axis=0) * (1 + 1e-5)).all()
    else:
        assert not filled.any()


def test_one_colour_fills_everything():
    image = np.zeros((19, 40, 2), np.float32)
    weight = np.zeros((19, 40), np.float32)
    image[7, 31], weight[7, 31] = (5.0, 9.0), 1.0

    np.testing.assert_allclose(pull_push(image, weight), np.broadcast_to([5.0, 9.0], image.shape), rtol=1e-6)


def test_the_farther_of_two_neighbours_wins_when_favoured():
    """Left of the gap disparity 0.1 in colour 0, right of it disparity 1 in colour 1."""
    image = np.zeros((16, 16, 2), np.float32)
    image[:, :5], image[:, 10:] = (0.1, 0.0), (1.0, 1.0)
    weight = np.ones((16, 16), np.float32)
    weight[:, 5:10] = 0.0

    plain = pull_push(image, weight)[:, 5:10, 1].mean()
    favoured = pull_push(image, weight, favour_far=True)[:, 5:10, 1].mean()

    assert favoured < plain - 0.02

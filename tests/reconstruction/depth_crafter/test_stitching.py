"""Windows, their noise, and the joining of their latents, against an obvious twin that holds the whole clip."""

from __future__ import annotations

from itertools import pairwise

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from ex4d.reconstruction.depth_crafter.draws import augmentation_noise, start_noise
from ex4d.reconstruction.depth_crafter.stitching import in_groups, noise_of_window, stitched, windows_of

CLIPS = st.tuples(st.integers(1, 60), st.integers(2, 20)).flatmap(
    lambda sizes: st.tuples(st.just(sizes[0]), st.just(sizes[1]), st.integers(1, sizes[1] - 1))
)
"""Frames, window, overlap."""


@given(CLIPS)
def test_windows_cover_the_clip_and_each_shares_the_overlap_with_the_one_before(clip: tuple[int, int, int]) -> None:
    count, window, overlap = clip
    windows = windows_of(count, window, overlap)
    assert windows[0].start == 0
    assert windows[-1].stop == count
    for before, after in pairwise(windows):
        assert len(before) == window
        assert before.stop - after.start == overlap
        assert after.stop > before.stop


def whole_clip(latents: list[Tensor], overlap: int) -> Tensor:
    """Join windows as the reference does: all of the clip in memory, its end overwritten by what is blended."""
    joined = latents[0].clone()
    for more in latents[1:]:
        share = torch.linspace(0, 1, overlap).view(-1, 1, 1, 1)
        joined[-overlap:] = more[:overlap] * share + joined[-overlap:] * (1 - share)
        joined = torch.cat([joined, more[overlap:]])
    return joined


@settings(deadline=None)
@given(CLIPS, st.integers(0, 5))
def test_joining_in_pieces_equals_joining_the_whole_clip(clip: tuple[int, int, int], seed: int) -> None:
    count, window, overlap = clip
    windows = windows_of(count, window, overlap)
    draws = torch.Generator().manual_seed(seed)
    latents = [torch.randn(len(each), 2, 1, 3, generator=draws) for each in windows]
    befores: list[Tensor | None] = []

    def denoise(index: int, frames: range, before: Tensor | None) -> Tensor:
        assert frames == windows[index]
        befores.append(None if before is None else before.clone())
        return latents[index].clone()

    pieces = list(stitched(windows, overlap, denoise))
    torch.testing.assert_close(torch.cat(pieces), whole_clip(latents, overlap))
    assert befores[0] is None
    for index, before in enumerate(befores[1:], 1):
        torch.testing.assert_close(before, whole_clip(latents[:index], overlap)[-overlap:])
    assert all(len(piece) == window - overlap for piece in pieces[:-1])


@given(st.integers(2, 20).flatmap(lambda window: st.tuples(st.just(window), st.integers(1, window - 1))))
def test_a_window_starts_from_the_noise_of_the_one_before_turned_by_the_overlap(sizes: tuple[int, int]) -> None:
    window, overlap = sizes
    noise = torch.arange(float(window)).view(-1, 1, 1, 1)
    turned = noise
    for index in range(4):
        assert torch.equal(noise_of_window(noise, index, window, overlap), turned)
        assert torch.equal(noise_of_window(noise, index, 1, overlap), turned[:1])
        turned = torch.cat([turned[-overlap:], turned[:-overlap]])


@given(st.lists(st.integers(1, 9), min_size=1, max_size=9), st.integers(1, 9))
def test_groups_are_counted_from_the_first_frame_whatever_the_pieces(lengths: list[int], size: int) -> None:
    frames = torch.arange(float(sum(lengths))).view(-1, 1, 1, 1)
    groups = list(in_groups(iter(frames.split(lengths)), size))
    assert torch.equal(torch.cat(groups), frames)
    assert [len(group) for group in groups] == [len(group) for group in frames.split(size)]


@given(st.integers(0, 4), st.integers(1, 4), st.integers(0, 2**31))
def test_noise_in_pieces_is_what_two_draws_of_the_whole_clip_give(frames: int, window: int, seed: int) -> None:
    frame, start = (3, 16, 32), (window, 4, 2, 4)
    draws = torch.Generator().manual_seed(seed)
    clip, expected = torch.randn(frames, *frame, generator=draws), torch.randn(start, generator=draws)
    torch.set_default_dtype(torch.bfloat16)  # as transformers does for a moment, while another thread draws
    try:
        drawn, started = list(augmentation_noise(seed, frames, frame)), start_noise(seed, frames, frame, start)
    finally:
        torch.set_default_dtype(torch.float32)
    assert len(drawn) == frames
    assert all(map(torch.equal, drawn, clip))
    assert torch.equal(started, expected)

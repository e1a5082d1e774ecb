"""Equality with the reference's own pipeline, stage by stage, and from a clip to its depth."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from ex4d.media.probe import MediaInfo, probe
from ex4d.media.writing import LosslessWriter
from ex4d.reconstruction.depth_crafter import DepthCrafter
from ex4d.reconstruction.depth_crafter.autoencoder import decoded, encoded
from ex4d.reconstruction.depth_crafter.denoising import Condition, Denoising
from ex4d.reconstruction.depth_crafter.draws import augmentation_noise, start_noise
from ex4d.reconstruction.depth_crafter.estimating import disparity_of
from ex4d.reconstruction.depth_crafter.picture_encoder import embedded, seen_by
from ex4d.reconstruction.depth_crafter.stitching import in_groups, noise_of_window, stitched, windows_of
from ex4d.reconstruction.depth_crafter.unet import velocity
from tests.reconstruction.depth_crafter.conftest import Networks

CLOSE = 1e-4
"""Of a tensor's largest value. The reference in float64 differs from itself in float32 by 7e-6 at most."""
RUNS = {"one_window": (110, 25, 1.0), "stitched": (6, 2, 1.0), "guided": (110, 25, 1.2)}
"""Window, overlap and guidance of the reference's runs."""


def assert_equal(ours: Tensor, theirs: Tensor) -> None:
    assert ours.shape == theirs.shape
    error = float((ours - theirs).abs().max() / theirs.abs().max())
    assert error < CLOSE, f"{error:.1e} of the largest value"


def pixels(frames: Tensor) -> Tensor:
    return frames.movedim(-1, -3) / 255.0 * 2.0 - 1.0


def condition(golden: dict[str, Tensor]) -> Condition:
    return Condition(golden["video_latents"], golden["embeddings"])


def denoising(networks: Networks, run: str) -> Denoising:
    return Denoising(networks.unet, networks.download.scheduler(), 5, RUNS[run][2])


@pytest.mark.parametrize("run", RUNS)
def test_noise_is_the_references_own_in_the_order_in_which_it_draws(golden: dict[str, Tensor], run: str) -> None:
    frame, start = (3, 64, 128), golden[f"{run}.start_noise"][0]
    assert torch.equal(torch.stack(list(augmentation_noise(42, 12, frame))), golden["augmentation_noise"])
    assert torch.equal(start_noise(42, 12, frame, tuple(start.shape)), start)


@pytest.mark.parametrize(
    ("frames", "seen", "said"),
    [
        ("frames", "clip_pixels_frame0", "embeddings"),
        ("large_frame", "large_frame_clip_pixels", "large_frame_embedding"),
    ],
)
def test_the_image_encoder_sees_and_says_what_the_references_does(
    golden: dict[str, Tensor], networks: Networks, frames: str, seen: str, said: str
) -> None:
    pictures = pixels(golden[frames]).reshape(-1, 3, *golden[frames].shape[-3:-1])
    assert_equal(seen_by(pictures[:1], 224, *networks.download.colours)[0], golden[seen])
    ours = embedded(networks.picture_encoder, pictures, *networks.download.colours)
    assert_equal(ours.reshape(golden[said].shape), golden[said])


@pytest.mark.parametrize("together", [12, 5])
def test_latents_of_the_frames_whoever_is_encoded_with_whom(
    golden: dict[str, Tensor], networks: Networks, together: int
) -> None:
    noisy = pixels(golden["frames"]) + 0.02 * golden["augmentation_noise"]
    ours = torch.cat([encoded(networks.encoder, networks.to_moments, some) for some in noisy.split(together)])
    assert_equal(ours, golden["video_latents"])


def test_the_schedule(golden: dict[str, Tensor], networks: Networks) -> None:
    scheduler = denoising(networks, "one_window").scheduled(torch.device("cpu"))
    assert_equal(scheduler.sigmas, golden["sigmas"])
    assert_equal(scheduler.timesteps, golden["timesteps"])
    assert_equal(torch.as_tensor(scheduler.init_noise_sigma)[None], golden["init_noise_sigma"])


def test_one_pass_of_the_unet(golden: dict[str, Tensor], networks: Networks) -> None:
    scaled, video = golden["one_window.unet_input"][0].chunk(2, dim=1)
    timestep, time_ids = golden["one_window.unet_timestep"][0], golden["added_time_ids"][0]
    ours = velocity(networks.unet, scaled, video, timestep, golden["embeddings"], time_ids)
    assert_equal(ours, golden["one_window.unet_output"][0])


@pytest.mark.parametrize("piece", [1, 300, 1000])
def test_a_pass_is_the_same_however_few_tokens_are_worked_on_at_a_time(
    golden: dict[str, Tensor], networks: Networks, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ex4d.reconstruction.depth_crafter.unet.PIECE", piece)
    test_one_pass_of_the_unet(golden, networks)


@pytest.mark.parametrize("run", ["one_window", "guided"])
def test_latents_after_each_step(golden: dict[str, Tensor], networks: Networks, run: str) -> None:
    steps: list[Tensor] = []
    start = golden[f"{run}.start_noise"][0]
    ours = denoising(networks, run).latents(start, condition(golden), None, steps.append)
    assert_equal(torch.stack(steps), golden[f"{run}.step_latents"])
    assert_equal(ours, golden[f"{run}.latents"][0])


def seen_inputs(monkeypatch: pytest.MonkeyPatch) -> list[Tensor]:
    """Return a list that each input of the UNet will be in."""
    inputs: list[Tensor] = []

    def noted(unet: object, scaled: Tensor, video: Tensor, *more: Tensor) -> Tensor:
        inputs.append(torch.cat([scaled, video], dim=1))
        return velocity(unet, scaled, video, *more)

    monkeypatch.setattr("ex4d.reconstruction.depth_crafter.denoising.velocity", noted)
    return inputs


def test_windows_before_and_after_they_are_joined(
    golden: dict[str, Tensor], networks: Networks, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, overlap, _ = RUNS["stitched"]
    windows = windows_of(12, window, overlap)
    assert [each.start for each in windows] == golden["stitched.window_starts"].tolist()
    frames, apart = condition(golden), []
    inputs = seen_inputs(monkeypatch)

    def denoise(index: int, frames_of: range, before: Tensor | None) -> Tensor:
        at = slice(frames_of.start, frames_of.stop)
        noise = noise_of_window(golden["stitched.start_noise"][0], index, len(frames_of), overlap)
        some = Condition(frames.video[at], frames.pictures[at])
        apart.append(denoising(networks, "stitched").latents(noise, some, before))
        return apart[-1].clone()

    joined = torch.cat(list(stitched(windows, overlap, denoise)))
    for index, ours in enumerate(apart):
        assert_equal(ours, golden[f"stitched.window{index}_latents"][0])
    assert_equal(inputs[5], golden["stitched.window1_first_unet_input"][0])
    assert_equal(joined, golden["stitched.latents"][0])


@pytest.mark.parametrize("run", RUNS)
def test_pictures_and_disparity_of_the_final_latents(golden: dict[str, Tensor], networks: Networks, run: str) -> None:
    groups = in_groups(iter(golden[f"{run}.latents"][0].split(5)), 8)
    pictures = torch.cat([decoded(networks.decoder, group / networks.download.scaling) for group in groups])
    assert_equal((pictures / 2 + 0.5).clamp(0, 1).permute(0, 2, 3, 1), golden[f"{run}.decoded"])
    ours = disparity_of(pictures)
    assert_equal((ours - ours.min()) / (ours.max() - ours.min()), golden[f"{run}.disparity"])


@pytest.fixture(scope="module")
def clip(golden: dict[str, Tensor], tmp_path_factory: pytest.TempPathFactory) -> MediaInfo:
    file = tmp_path_factory.mktemp("clips") / "golden.mkv"
    with LosslessWriter(file, (128, 64), Fraction(7)) as video:
        for frame in golden["frames"].numpy():
            video.write(frame)
    return probe(file)


@pytest.mark.parametrize("run", RUNS)
def test_a_clip_has_the_depth_that_ex4d_makes_of_the_references_disparity(
    golden: dict[str, Tensor], reference_folders: tuple[Path, Path], clip: MediaInfo, tmp_path: Path, run: str
) -> None:
    """Compared as reciprocals: where disparity is close to 0, depth magnifies every difference without bound."""
    window, overlap, guidance = RUNS[run]
    estimator = DepthCrafter(*reference_folders, "cpu", window=window, overlap=overlap, guidance=guidance)
    depth = estimator.estimate(clip, tmp_path / "depth")
    ours = np.stack([values for values, _ in depth.frames(range(12))])
    assert_equal(torch.from_numpy(1.0 / ours), 1.0 / golden[f"{run}.depth"][:, 0])

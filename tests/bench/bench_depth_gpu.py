"""Speed and memory of depth models at their true size on random weights. Run on a machine with CUDA.

    python -m tests.bench.bench_depth_gpu plain ours compiled     49 frames of 1024x576 by stage: diffusers' and ours
    python -m tests.bench.bench_depth_gpu window                  the peak of a window of 110 frames, ours
    python -m tests.bench.bench_depth_gpu whole                   a clip of 49 frames from file to depth, ours
    python -m tests.bench.bench_depth_gpu profile                 which kernels take the time
    python -m tests.bench.bench_depth_gpu anything                Depth Anything V2 Large, a frame

``--tiny`` is for trying this file itself. Random weights tell true speed and memory, and no depth.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from torch import Tensor

from ex4d.reconstruction.depth_crafter import DepthCrafter, autoencoder, denoising, estimating, unet
from ex4d.reconstruction.depth_crafter.denoising import Condition
from ex4d.reconstruction.depth_crafter.download import Download, open_download
from ex4d.reconstruction.depth_crafter.draws import augmentation_noise, start_noise
from ex4d.reconstruction.depth_crafter.framing import Framing
from ex4d.reconstruction.depth_crafter.stitching import in_groups
from tests.bench import plain_depth_crafter as plain
from tests.bench.depth_gpu_clock import DTYPE, FRAMES, LONG, SIZE, TINY, SilentCount, clip, clock, frames, release
from tests.bench.random_depth_models import CARD, write_depth_anything, write_depth_crafter


def run_plain(folders: tuple[Path, Path]) -> Tensor:
    """Time the plain pipeline twice; the first run warms up. Return its final latents."""
    print("plain: diffusers' layers, staged as the reference", flush=True)
    pipeline = clock("load", lambda: plain.open_pipeline(*folders, CARD, DTYPE))
    pipeline.enable_attention_slicing()  # as the reference; the next line tells what it does to these networks
    print("  attention by", {type(one).__name__ for one in pipeline.unet.attn_processors.values()}, flush=True)
    pixels = np.stack(list(frames(FRAMES))).astype(np.float32) / 255.0
    shape = (FRAMES, 4, SIZE[1] // 8, SIZE[0] // 8)
    start = start_noise(42, FRAMES, (3, SIZE[1], SIZE[0]), shape).to(CARD)
    noise = torch.stack(list(augmentation_noise(42, FRAMES, (3, SIZE[1], SIZE[0]))))

    def encode() -> tuple[Tensor, Tensor]:
        video = torch.from_numpy(pixels).permute(0, 3, 1, 2).to(CARD, DTYPE) * 2.0 - 1.0
        pictures = plain.embeddings(pipeline, video)
        release()
        return pictures, plain.video_latents(pipeline, video + 0.02 * noise.to(CARD, DTYPE))

    latents = start
    for turn in ("first", "again"):
        began = time.perf_counter()
        pictures, video = clock(f"{turn}: encode", encode)
        release()
        latents = clock(f"{turn}: denoise", lambda: plain.denoised(pipeline, start, video, pictures, 5))  # noqa: B023
        release()
        clock(f"{turn}: decode", lambda: plain.decoded(pipeline, latents))  # noqa: B023
        print(f"  {turn}: all three {time.perf_counter() - began:.3f} s", flush=True)
    return latents.float().cpu()


def run_ours(folders: tuple[Path, Path], count: int, truth: Tensor | None, *, compiled: bool = False) -> None:
    """Time our stages twice, and compare the final latents with those of the plain pipeline."""
    print(f"ours: {count} frames{', compiled' if compiled else ''}", flush=True)
    download = clock("check the files", lambda: open_download(*folders))
    network = clock("load the UNet", lambda: download.loaded_unet(DTYPE, CARD))
    settings = DepthCrafter(*folders, CARD.type)
    framing = Framing.fitting(SIZE, 1024, download.multiple)
    shape = (count, 4, SIZE[1] // 8, SIZE[0] // 8)
    noise = clock("pass over noise", lambda: start_noise(42, count, (3, SIZE[1], SIZE[0]), shape).to(CARD))
    velocity = torch.compile(unet.velocity, dynamic=False) if compiled else unet.velocity
    latents = noise
    for turn in ("first", "again"):
        loaded = clock(f"{turn}: load the encoders", lambda: Loaded(download))
        task = estimating.Estimation(settings, loaded, clip(count), framing, CARD, DTYPE, SilentCount())
        del loaded
        with patch.object(estimating, "read_frames", lambda info, _: frames(info.frame_count)):
            seen = clock(f"{turn}: prepare and encode", lambda: list(task.encoded()))  # noqa: B023
        del task
        window = Condition(torch.cat([one.video for one in seen]), torch.cat([one.pictures for one in seen]))
        job = denoising.Denoising(network, download.scheduler(), 5, 1.0)
        with patch.object(denoising, "velocity", velocity):
            latents = clock(f"{turn}: denoise", lambda: job.latents(noise, window, None))  # noqa: B023
        decoder = clock(f"{turn}: load the decoder", lambda: download.loaded_decoder(DTYPE, CARD))
        clock(f"{turn}: decode", lambda: decode(download, decoder, latents))  # noqa: B023
        del decoder
        release()
    if truth is not None and truth.shape == latents.shape:
        difference = (latents.cpu() - truth).square().mean().sqrt() / truth.square().mean().sqrt()
        print(f"  latents differ from the plain ones by {float(difference):.2%} (rms)", flush=True)


class Loaded:
    """A download whose encoders are in memory already, so that loading and encoding are timed apart."""

    def __init__(self, download: Download) -> None:
        self._download = download
        self._seeing = download.loaded_picture_encoder(DTYPE, CARD)
        self._encoder = download.loaded_encoder(DTYPE, CARD)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._download, name)

    def loaded_picture_encoder(self, *_: object) -> Any:
        return self._seeing

    def loaded_encoder(self, *_: object) -> Any:
        return self._encoder


def decode(download: Download, decoder: Any, latents: Tensor) -> None:
    for group in in_groups(iter([latents]), estimating.TOGETHER):
        estimating.disparity_of(autoencoder.decoded(decoder, (group / download.scaling).to(DTYPE))).cpu()


def run_whole(folders: tuple[Path, Path], models: Path) -> None:
    """Time an estimate from reading to the depth on the disk."""
    print("ours, from frames to the depth on the disk", flush=True)
    with patch.object(estimating, "read_frames", lambda info, _: frames(info.frame_count)):
        for turn in ("first", "again"):
            estimator = DepthCrafter(*folders, CARD.type)
            clock(turn, lambda: estimator.estimate(clip(FRAMES), models / turn))  # noqa: B023
            release()


def run_profile(folders: tuple[Path, Path]) -> None:
    """Print the kernels of one pass through the UNet, and of decoding and encoding eight frames."""
    download = open_download(*folders)
    network = download.loaded_unet(DTYPE, CARD)
    decoder = download.loaded_decoder(DTYPE, CARD)
    encoder = download.loaded_encoder(DTYPE, CARD)
    latents = torch.randn(FRAMES, 4, SIZE[1] // 8, SIZE[0] // 8, device=CARD, dtype=DTYPE)
    pictures = torch.randn(FRAMES, network.config.cross_attention_dim, device=CARD, dtype=DTYPE)
    ids, level = torch.tensor([7, 127, 0.02], device=CARD), torch.tensor(1.6, device=CARD)
    noisy = torch.randn(8, 3, SIZE[1], SIZE[0], device=CARD, dtype=encoder[1].weight.dtype)
    for label, work in (
        ("one pass", lambda: unet.velocity(network, latents, latents, level, pictures, ids)),
        ("decoding 8", lambda: autoencoder.decoded(decoder, latents[:8])),
        ("encoding 8", lambda: autoencoder.encoded(*encoder, noisy)),
    ):
        clock(f"{label}, first", work)
        clock(label, work)
        activities = [torch.profiler.ProfilerActivity.CPU, torch.profiler.ProfilerActivity.CUDA]
        with torch.profiler.profile(activities=activities) as profile:
            work()
            if CARD.type == "cuda":
                torch.cuda.synchronize()
        order = "self_device_time_total" if CARD.type == "cuda" else "self_cpu_time_total"
        kernels = [one for one in profile.key_averages() if CARD.type == "cpu" or not one.key.startswith("aten::")]
        averages = sorted(kernels, key=lambda one: -getattr(one, order))
        whole = sum(getattr(one, order) for one in averages)
        for one in averages[:16]:
            spent = getattr(one, order)
            print(f"    {spent / whole:6.1%} {spent / 1e3:9.2f} ms x{one.count:5} {one.key[:120]}")


def run_anything(models: Path) -> None:
    """Time Depth Anything V2 Large: the network alone in batches and precisions, and our adapter's frames."""
    from transformers import DepthAnythingForDepthEstimation

    folder = write_depth_anything(models, tiny=TINY)
    network = DepthAnythingForDepthEstimation.from_pretrained(folder).to(CARD).eval()
    size = (70, 56) if TINY else (924, 518)
    print(f"Depth Anything V2 Large: the network alone, {size[0]}x{size[1]}", flush=True)
    truth = None
    for kind in (torch.float32, torch.float16, torch.bfloat16):
        network = network.to(kind)
        for batch in (1, 4, 16):
            torch.manual_seed(1)
            pixels = torch.randn(batch, 3, size[1], size[0]).to(CARD, kind)
            seen = network(pixel_values=pixels).predicted_depth.float()
            truth = seen if truth is None else truth
            error = float((seen[0] - truth[0]).abs().max() / truth[0].abs().max()) if batch == 1 else float("nan")
            repeats = 2 if TINY else 8
            begin = time.perf_counter()
            for _ in range(repeats):
                network(pixel_values=pixels)
            if CARD.type == "cuda":
                torch.cuda.synchronize()
            each = (time.perf_counter() - begin) / repeats / batch * 1e3
            print(f"  {str(kind)[6:]:9} batch {batch:2}  {each:7.2f} ms a frame   error {error:.1e}", flush=True)
    run_adapter(folder, models)


def run_adapter(folder: Path, models: Path) -> None:
    from ex4d.reconstruction import depth_anything

    with patch.object(depth_anything, "read_frames", lambda info, _: frames(info.frame_count)):
        for turn in ("first", "again"):
            estimator = depth_anything.DepthAnything(folder, CARD.type)
            start = time.perf_counter()
            estimator.estimate(clip(FRAMES), models / f"anything-{turn}")
            each = (time.perf_counter() - start) / FRAMES * 1e3
            print(f"  adapter, {turn}: {each:.1f} ms a frame, loading and the depth on the disk included", flush=True)


def main() -> None:
    wanted = [word for word in sys.argv[1:] if not word.startswith("-")]
    frames(LONG)
    if CARD.type == "cuda":
        print(torch.cuda.get_device_name(), "torch", torch.__version__, flush=True)
    with tempfile.TemporaryDirectory() as name, torch.inference_mode():
        models = Path(name)
        crafting = {"plain", "ours", "compiled", "window", "whole", "profile"}.intersection(wanted)
        folders = clock("write weights", lambda: write_depth_crafter(models, tiny=TINY)) if crafting else None
        release()
        truth = run_plain(folders) if "plain" in wanted else None
        release()
        for word, count, compiled in (("ours", FRAMES, False), ("window", LONG, False), ("compiled", FRAMES, True)):
            if word in wanted:
                run_ours(folders, count, truth, compiled=compiled)
                release()
        for word, work in (
            ("profile", lambda: run_profile(folders)),
            ("whole", lambda: run_whole(folders, models)),
            ("anything", lambda: run_anything(models)),
        ):
            if word in wanted:
                work()
                release()


if __name__ == "__main__":
    main()

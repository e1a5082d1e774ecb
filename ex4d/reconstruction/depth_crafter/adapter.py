"""DepthCrafter as a depth estimator: its settings, the device it runs on, and what is said when that is too small."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ex4d.artifacts.depth_video import DepthVideo
from ex4d.errors import Faults, UserError
from ex4d.media.probe import MediaInfo
from ex4d.progress import SILENT, Progress
from ex4d.reconstruction.depth_crafter.framing import Framing
from ex4d.reconstruction.depth_estimator import Device
from ex4d.reconstruction.torch_device import device_here

LEAST_LONGEST = 64


@dataclass(frozen=True)
class DepthCrafter:
    """A depth estimator of clips: frames are seen together, in windows that continue one another.

    The defaults are those that EX-4D uses. Memory grows with ``longest`` and ``window``, not with the clip.
    """

    unet: Path
    """The folder of DepthCrafter's download: config.json and diffusion_pytorch_model.safetensors."""
    parts: Path
    """The folder of Stable Video Diffusion's: vae, image_encoder, scheduler, feature_extractor."""
    device: Device | None = None
    """None takes the GPU where there is one, and the CPU where there is none; the result says which it was."""
    longest: int = 1024
    """Pixels of the longer side of what the network sees, and of the depth: a clip is never enlarged."""
    window: int = 110
    """Frames that are seen together."""
    overlap: int = 25
    """Frames that a window shares with the one before it."""
    steps: int = 5
    """Of denoising."""
    guidance: float = 1.0
    """How far to go away from what is seen without the clip; 1 does not ask for that, more takes twice the time."""
    seed: int = 42
    """Of all noise."""

    def __post_init__(self) -> None:
        faults = Faults()
        for fault in self._faults():
            faults.found.append(UserError(f"depthcrafter: {fault}"))
        faults.tell()

    def _faults(self) -> Iterator[str]:
        if self.longest < LEAST_LONGEST:
            yield f"longest {self.longest}: write at least {LEAST_LONGEST} pixels"
        if not 0 < self.overlap < self.window:
            yield f"window {self.window}, overlap {self.overlap}: a window is longer than its overlap of 1 or more"
        if self.steps < 1:
            yield f"steps {self.steps}: write at least 1"
        if not 1.0 <= self.guidance < float("inf"):
            yield f"guidance {self.guidance}: write 1 or more"

    @property
    def passes(self) -> int:
        """How often the UNet sees each window."""
        return self.steps * (2 if self.guidance > 1.0 else 1)

    def estimate(self, clip: MediaInfo, folder: Path, *, progress: Progress = SILENT) -> DepthVideo:
        """Estimate the depth of a clip; see :class:`~ex4d.reconstruction.depth_estimator.DepthEstimator`.

        Frames stream: a window of them is encoded and denoised, and as many as no later window changes are decoded and
        written down. Progress is told of the clip's frames in proportion to all three.

        Raises:
            UserError: the GPU's memory is too small for a window.
        """
        import torch

        from ex4d.reconstruction.depth_crafter.download import open_download
        from ex4d.reconstruction.depth_crafter.estimating import Estimation
        from ex4d.reconstruction.depth_spool import spooling

        download = open_download(self.unet, self.parts)
        device = torch.device(device_here(self.device))
        dtype = torch.float16 if device.type == "cuda" else torch.float32
        made = f"depth by {self.unet.name} in {_plain(dtype)} on the {'GPU' if device.type == 'cuda' else 'CPU'}"
        progress.say(made)
        framing = Framing.fitting(clip.size, self.longest, download.multiple)
        estimation = Estimation(self, download, clip, framing, device, dtype, progress)
        with spooling(clip, framing.size, "disparity", folder) as spool:
            with self._room(framing, min(self.window, clip.frame_count), device), torch.inference_mode():
                for disparity in estimation.disparities():
                    spool.write(disparity)
            return spool.depth((made,))

    @contextmanager
    def _room(self, framing: Framing, frames: int, device: object) -> Iterator[None]:
        """Say what a window needs where the device runs out of memory."""
        import torch

        try:
            yield
        except torch.OutOfMemoryError as cause:
            free, whole = (size / 2**30 for size in torch.cuda.mem_get_info(device))
            needed = needed_gib(framing.padded, frames)
            raise UserError(
                f"depthcrafter ran out of memory: a window of {frames} frames of "
                f"{framing.padded[0]}x{framing.padded[1]} needs about {needed:.0f} GiB, and the GPU has {whole:.0f}, "
                f"{free:.0f} of them free; set longest below {self.longest}, or window below {self.window}"
            ) from cause


def needed_gib(padded: tuple[int, int], window: int) -> float:
    """Return about how much memory a GPU needs at least, by measurements of the released sizes in float16."""
    megapixels = padded[0] * padded[1] / 1e6
    return max(4.1 + 0.09 * megapixels * window, 3.1 + 9.5 * megapixels)


def _plain(dtype: object) -> str:
    return str(dtype).removeprefix("torch.")

"""What adapters learn from: clips of one camera each, with the masks that the product simulates on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor

from ex4d.synthesis.wan.conditioning import colour_video, encode, first_frame, image_condition, mask_video
from ex4d.training.config.draws import CameraDraws
from ex4d.training.config.load import parse
from ex4d.training.config.records import RenderingMasks, TrackingMasks
from ex4d.training.dataset.prepared import Example
from ex4d.training.masks.drawing import MaskMaker
from ex4d.training.masks.flow_tracker import FlowTracker
from tests.bench.adapter_learning.base import told_of
from tests.bench.adapter_learning.filming import RASTERIZER, opened
from tests.bench.adapter_learning.scenes import drawn_camera, drawn_scene
from tests.bench.adapter_learning.work import Work, autoencoder

Kinds = Literal["rendering", "tracking", "both"]
KINDS: tuple[Kinds, ...] = ("rendering", "tracking", "both")
CONFIG = """\
ex4d-train: 1
clips: {{videos: scenes, depth: {{file: "{{name}}.npz"}}, subject: nearest}}
excerpts: {{frames: {frames}, size: {side}x{side}}}
masks:
  rendering:
    cameras:
      - camera: [{{orbit: {{right: 15deg to 45deg, up: 0deg to 10deg}}}}]
      - camera: [{{orbit: {{left: 15deg to 45deg, up: 0deg to 10deg}}}}]
  erode: {erode}
output: out
"""
"""The training file whose masks are drawn; the clips are in memory."""


class Encoded(NamedTuple):
    """Latents of a clip, and of each of its masks."""

    target: Tensor
    condition: Tensor
    guides: Tensor
    """(masks, 16, k + 1, rows, columns)."""
    masks: Tensor


@dataclass(frozen=True)
class Lessons:
    """Examples by number: every clip with the masks of one kind, or half of either."""

    tensors: dict[str, Tensor]
    text: Tensor
    chosen: tuple[int, ...]
    """Which masks of each clip."""

    @property
    def count(self) -> int:
        """Clips."""
        return len(self.tensors["target"])

    @property
    def draws(self) -> int:
        """Masks of each."""
        return len(self.chosen)

    def name(self, index: int) -> str:
        """Return a clip's name."""
        return f"scene-{index:04}"

    def example(self, index: int, draw: int) -> Example:
        """Return a clip with one of its masks."""
        own = {name: self.tensors[name][index] for name in ("target", "condition", "image")}
        mask = self.chosen[draw]
        return Example(
            **own, text=self.text, guide=self.tensors["guides"][index, mask], mask=self.tensors["masks"][index, mask]
        )


def makers(work: Work) -> tuple[MaskMaker, MaskMaker]:
    """Return what draws rendering masks alone, and tracking masks alone."""
    scale = work.scale
    config = parse(CONFIG.format(frames=scale.frames, side=scale.side, erode=scale.erode), work.folder / "train.yaml")
    rendering, tracking = config.masks.rendering, config.masks.tracking

    def maker(share: float) -> MaskMaker:
        masks = config.masks.model_copy(
            update={
                "rendering": RenderingMasks.model_copy(rendering, update={"share": share}),
                "tracking": TrackingMasks.model_copy(tracking, update={"share": 1 - share}),
            }
        )
        return MaskMaker(masks, CameraDraws.of(config), RASTERIZER, FlowTracker())

    return maker(1.0), maker(0.0)


def lessons(work: Work, words: str, count: int) -> dict[str, Tensor]:
    """Return the latents of so many clips, each with ``draws`` masks of the one kind, then as many of the other."""
    code = autoencoder(work)

    def make() -> dict[str, Tensor]:
        both = makers(work)
        found = [_encoded(work, code, both, words, k) for k in range(count)]
        return {name: torch.stack([getattr(one, name) for one in found]) for name in Encoded._fields}

    tensors = work.kept(f"lessons_{words}", make)
    told = told_of(tensors["condition"][:, 4:, 0], tensors["condition"][0, 4:, 1], tensors["target"].shape[2])
    return tensors | {"image": told.image}


def of_kind(work: Work, tensors: dict[str, Tensor], kinds: Kinds) -> Lessons:
    """Return the lessons of one kind, or of both: as many masks a clip in each case."""
    draws = work.scale.draws
    first = {"rendering": range(draws), "tracking": range(draws, 2 * draws)}
    half = draws // 2
    chosen = first.get(kinds) or (*range(half), *range(draws, 2 * draws - half))
    return Lessons(tensors, told_of(tensors["target"][:1, :, 0], tensors["target"][0, :, 0], 1).text, tuple(chosen))


def _encoded(work: Work, code: object, both: tuple[MaskMaker, MaskMaker], words: str, number: int) -> Encoded:
    frames, side = work.scale.frames, work.scale.side
    scene = drawn_scene(frames, words, number)
    clip = scene.filmed(drawn_camera(frames, scene.distance, words, number), side)
    excerpt = opened(clip, f"{words}-{number:04}")
    visible = [maker.draw(excerpt, k).visible for maker in both for k in range(work.scale.draws)]
    return Encoded(*encoded(code, clip.colour, clip.colour, visible))


def encoded(
    code: object, target: np.ndarray, colour: np.ndarray, visible: list[np.ndarray]
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return target, condition, guides and masks as the product's conditioning makes them."""
    whole = colour_video(target, np.ones(target.shape[:3], np.bool_))
    guides = [colour_video(colour, one) for one in visible]
    return (
        encode(code, whole)[0],
        image_condition(code, first_frame(guides[0]), len(target))[0],
        torch.cat([encode(code, guide) for guide in guides]),
        torch.cat([encode(code, mask_video(one)) for one in visible]),
    )

"""The experiment that shows what adapters learn: its scenes are true, and it runs."""

import json
import math

import numpy as np
import pytest
import torch

from ex4d.training.adapter.flow_matching import noise_like
from ex4d.training.adapter.samples import sample
from ex4d.training.draws import seed_of
from tests.bench.adapter_learning import autoencoder as coding
from tests.bench.adapter_learning.base import PATCHES, WORDS, new_transformer
from tests.bench.adapter_learning.experiment import Watch, learned_adapter, new_adapter
from tests.bench.adapter_learning.lessons import KINDS, lessons, of_kind
from tests.bench.adapter_learning.results import TITLES, interval, measured, tables
from tests.bench.adapter_learning.scales import SCALES
from tests.bench.adapter_learning.scenes import drawn_scene, focal_of, orbit, second_path, standing
from tests.bench.adapter_learning.trials import denoised, filmed_trial
from tests.bench.adapter_learning.work import Work

SIDE = 48
TOLD = ("text", "image", "condition", "guide", "mask")


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    torch.set_num_threads(1)
    return Work(tmp_path_factory.mktemp("learning"), SCALES["smoke"], torch.device("cpu"))


def looked_up(clip, other, frame):
    """Carry each pixel of another view to a clip by its true depth; return its colour there, and where it is seen."""
    rows, columns = np.indices((SIDE, SIDE))
    focal = focal_of(SIDE)
    rays = np.stack([(columns + 0.5 - SIDE / 2) / focal, (rows + 0.5 - SIDE / 2) / focal, np.ones((SIDE, SIDE))], -1)
    points = rays * other.depth[frame][..., None]
    source_from_other = np.linalg.inv(clip.world_from_camera[frame]) @ other.world_from_camera[frame]
    points = points @ source_from_other[:3, :3].T + source_from_other[:3, 3]
    x, y = (np.floor(focal * points[..., axis] / points[..., 2] + SIDE / 2).astype(int) for axis in (0, 1))
    inside = (x >= 0) & (x < SIDE) & (y >= 0) & (y < SIDE) & (points[..., 2] > 0)
    x, y = np.where(inside, x, 0), np.where(inside, y, 0)
    seen = inside & (np.abs(clip.depth[frame, y, x] / points[..., 2] - 1) < 0.01)
    return clip.colour[frame, y, x], seen


@pytest.mark.parametrize("number", range(6))
def test_a_second_view_shows_the_same_world(number):
    """What both views see looks alike in both, at the place that the true depth says, in every frame."""
    scene = drawn_scene(3, "test", number)
    clip = scene.filmed(standing(3), SIDE)
    other = scene.filmed(second_path(3, scene.distance, "test", number), SIDE)
    for frame in range(3):
        colour, seen = looked_up(clip, other, frame)
        error = np.abs(colour.astype(int) - other.colour[frame])[seen].mean(axis=-1)

        assert seen.mean() > 0.4
        assert np.median(error) < 6
        assert np.quantile(error, 0.9) < 30
    assert np.abs(clip.colour[-1].astype(int) - other.colour[-1]).mean() > 8


@pytest.mark.parametrize("degrees", [-40.0, 15.0])
def test_an_orbit_faces_the_subject_from_as_far_away(degrees):
    poses = orbit(np.array([0.0, math.radians(degrees)]), np.array([0.0, 0.1]), 2.0)
    inside = np.linalg.inv(poses) @ [0.0, 0.0, 2.0, 1.0]

    assert np.allclose(inside, [0, 0, 2, 1])
    assert np.allclose(poses[0], np.eye(4))
    assert np.sign(poses[1, 0, 3]) == np.sign(degrees)
    assert poses[1, 1, 3] < 0


def test_guides_show_the_truth_where_they_show_anything(work):
    """The product's mesh, seen from elsewhere, agrees with the scene from there."""
    trial = filmed_trial(work, "test", 0)

    assert 0.02 < trial.region("uncovered")[1:].mean() < 0.8
    assert trial.psnr(trial.guide.colour, "covered") > 22
    assert trial.psnr(trial.guide.colour, "uncovered") < 12
    assert not (trial.region("uncovered") & trial.guide.visible).any()
    assert not trial.region("covered")[0].any() and trial.guide.visible[0].all()


def test_chunks_hold_every_frame_once(work):
    video = torch.arange(5.0).view(1, 1, 5, 1, 1).expand(1, 3, 5, 8, 8)

    chunks = coding.chunked(video)

    assert chunks[:, ::3, 0, 0].tolist() == [[0, 0, 0, 0], [1, 2, 3, 4]]


def test_attention_to_a_brief_context_is_diffusers_own(work):
    """With prompts of 512 words, where diffusers' can be asked."""
    from diffusers.models.transformers.transformer_wan import WanAttnProcessor

    own, theirs = new_transformer(work), new_transformer(work)
    theirs.set_attn_processor(WanAttnProcessor())
    draws = torch.Generator().manual_seed(3)
    latents, text = torch.randn(2, 36, 2, 4, 4, generator=draws), torch.randn(2, 512, 16, generator=draws)
    image, times = torch.randn(2, PATCHES, 16, generator=draws), torch.tensor([30.0, 900.0])
    with torch.no_grad():
        one, other = (model(latents, times, text, image, return_dict=False)[0] for model in (own, theirs))
        brief = own(latents, times, text[:, :WORDS], image, return_dict=False)[0]

    assert torch.allclose(one, other, atol=1e-5)
    assert not torch.allclose(one, brief, atol=1e-3)


def test_bootstrap_intervals_hold_the_mean_and_narrow_with_more_clips():
    values = np.random.default_rng(0).normal(2.0, 1.0, 400)
    (mean, low, high), (_, lower, higher) = interval(values), interval(values[:25])

    assert low < mean < high
    assert math.isclose(high - low, 2 * 1.96 * values.std() / 20, rel_tol=0.1)
    assert higher - lower > 2 * (high - low)


def test_the_whole_experiment_runs_and_goes_on_where_it_stopped(work):
    results = measured(work, 1)
    times = {file: file.stat().st_mtime_ns for file in work.folder.glob("*.safetensors")}
    again = measured(work, 1)

    assert json.loads(json.dumps(again)) == json.loads(json.dumps(results))
    assert times == {file: file.stat().st_mtime_ns for file in work.folder.glob("*.safetensors")}
    assert all(f"| {title} | 0 |" in tables(results) for title in TITLES.values())
    assert all(len(of_region) == 2 for one in results["dB"].values() for of_region in one.values())


def test_losses_on_fixed_clips_fall_and_masks_are_of_their_kind(work):
    """Even a tiny adapter on a transformer that knows next to nothing learns something in a few steps."""
    watch = Watch(work)
    before = watch.seen(work, new_adapter(work, 0), 0)
    after = watch.seen(work, learned_adapter(work, "both", 0, watch), 2)
    tensors = lessons(work, "taught", work.scale.clips)
    chosen = {kinds: of_kind(work, tensors, kinds).chosen for kinds in KINDS}

    assert after["rendering"] < before["rendering"]
    assert after["tracking"] < before["tracking"]
    assert chosen == {"rendering": (0, 1), "tracking": (2, 3), "both": (0, 2)}


def test_several_clips_at_once_are_completed_as_one_is(work):
    """The experiment denoises clips together to save time; each is what the product's own sampler gives."""
    adapter = new_adapter(work, 5)
    for value in adapter.learned().values():
        value.data += 0.05
    tensors = lessons(work, "taught", work.scale.clips)
    examples = [of_kind(work, tensors, "both").example(k, 0) for k in range(2)]
    told = {name: torch.stack([getattr(one, name) for one in examples]) for name in TOLD}
    noise = torch.stack([noise_like(one.target, seed_of(9, "sample")) for one in examples])
    with torch.no_grad():
        together = denoised(adapter, told, noise, 3)

    for one, example in zip(together, examples, strict=True):
        assert torch.allclose(one, sample(adapter, example, 3, seed=9)[0], atol=1e-4)
    assert not torch.allclose(together[0], together[1], atol=0.1)

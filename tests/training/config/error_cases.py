"""What is wrong with training files: each case by what its faults are of, in a folder with clips and a shot list."""

from __future__ import annotations

from pathlib import Path

from tests.training.config.files import SHORT, with_cameras

FILM = """\
ex4d: 1
source: {video: a.mp4, subject_distance: 2m}
shots:
  - {name: swing, clip: 0s..2s, camera: [{orbit: {right: 20deg}}]}
  - {name: still, clip: 0s..2s}
  - {name: timed, clip: 0s..2s, camera: [{pan: 20deg, at: 0s..1s}]}
"""
BROKEN_FILM = "ex4d: 1\nsource: {video: a.mp4}\nshots: [{name: a, camera: [{pan: 20}]}]\n"


def _clips(words: str) -> str:
    return SHORT.replace("depth: {model: auto}", words)


def _of(*sections: str) -> str:
    return SHORT + "".join(f"{section}\n" for section in sections)


def _camera(*moves: str) -> str:
    return with_cameras(*(f"camera: [{each}]" for each in moves))


CASES: dict[str, str] = {
    "nothing at all": "",
    "a list": "- a\n",
    "not YAML": SHORT + "masks: {draws: 4\n",
    "no version": SHORT.replace("ex4d-train: 1\n", ""),
    "another version": SHORT.replace("train: 1", "train: 2"),
    "a shot list": FILM,
    "nothing but a version": "ex4d-train: 1\n",
    "words of other trainers at the top": _of(
        "lr: 0.1", "epochs: 3", "batch_size: 8", "num_frames: 49", "resolution: 512", "lora_rank: 16", "dataset: x",
        "resume: true", "ema: 0.9", "mixed_precision: bf16", "save_steps: 3", "report_to: wandb", "shift: 5",
        "optimizer: adam", "gpus: 8", "caption: a", "base_model: wan", "erosion: 3", "cameras: []", "val_split: 0.1",
    ),
    "a misspelt section": _of("trainig: {steps: 5, lr: 3}"),
    "a section that is a word": _of("training: fast", "masks: []", "keep: all", "model: wan", "excerpts: 49"),
    "an alias": _of("training: &a {steps: 5}"),
    "a key twice": _of("training: {steps: 5, steps: 6}"),
    "a glued key": _of("training: {steps:5}"),
    "clips that are not there": SHORT.replace("videos: clips", "videos: clpis"),
    "clips of nowhere": SHORT.replace("videos: clips", "videos: https://example.org/a.mp4"),
    "clips without videos": SHORT.replace("videos: clips, ", ""),
    "clips' other words": _clips("folder: a, captions: b, caption_dir: c, frame_rate: 3, fov: 3"),
    "rendering masks without depth": _clips("hold_out: 3"),
    "a depth model of no such name": _clips("depth: {model: depth-anything-v2-smal}"),
    "a depth model of a quite other name": _clips("depth: {model: zzz}"),
    "a setting that a depth model does not heed": _clips("depth: {model: depth-pro, window: 10f}"),
    "depth by another word": _clips("depth: auto"),
    "depth files that are not there": _clips('depth: "depths/{name}.npz"'),
    "depth files by another sign": _clips('depth: {file: "depth/{stem}.npz", unit: mm}'),
    "a lens, a rate and a subject that are none": _clips(
        "depth: {model: auto}, lens: 54, fps: 29.97, subject: [50%, 50%], hold_out: -1"
    ),
    "a subject by another word": _clips("depth: {model: auto}, subject: centre"),
    "lengths and sizes off the grid": _of("excerpts: {frames: 48, size: 500x300, step: 0, each: 2.5}"),
    "an odd size": _of("excerpts: {frames: 2, size: 511x512}"),
    "excerpts' other words": _of("excerpts: {num_frames: 49, width: 512, stride: 2, fps: 8, batch: 3}"),
    "absurd numbers": _of(
        "excerpts: {frames: 1000001, size: 99999x99999, step: 1001, each: 99999999}",
        "masks: {draws: 1000000000000, seed: 9999999999999, erode: 65}",
        "model: {rank: 999999999999, hidden: 999999}",
        "training: {steps: 10000001, batch: 99999999, at_once: 99999, warmup: 99999999, seed: -1, learning_rate: 2}",
        "keep: {checkpoint_every: 0, keep: 0, samples: 65, sample_steps: 1001, validate_every: 99999999}",
    ),
    "shares that make no whole": _of("masks: {rendering: {share: 0.7}}"),
    "shares that are none": _of("masks: {rendering: {share: 120%}, tracking: {share: half}}"),
    "a tracker of another name": _of("masks: {tracking: {tracker: cotracker}}"),
    "a tracker that is close": _of("masks: {tracking: {tracker: cotraker3}}"),
    "trackers of elsewhere": _of("masks: {tracking: {tracker: raft, most_regions: 0}}"),
    "a smallest region that is larger": _of("masks: {tracking: {smallest: 50%, largest: 0.1}}"),
    "regions of nothing": _of("masks: {tracking: {smallest: 0, largest: 2}}"),
    "erosion by a word": _of("masks: {erode: much, dilate: 3, draw: 4}"),
    "weights of no such name": _of("model: {weights: wan2.1-i2v-14b-720p}"),
    "weights of quite another name": _of("model: {weights: sdxl}"),
    "weights that are an adapter": _of("model: {weights: ex4d}"),
    "weights that are no such model": _of("model: {weights: depth-pro}"),
    "weights by their name on the hub": _of("model: {weights: Wan-AI/Wan2.1-I2V-14B-480P}"),
    "weights and an adapter that are not there": _of("model: {weights: models/wan, adapter: old/ex4d.ckpt}"),
    "weights and an adapter of the wrong kind": _of("model: {weights: ./film.yaml, adapter: clips/}"),
    "weights of no words": _of('model: {weights: ""}'),
    "a model's other words": _of("model: {lora_rank: 8, alpha: 8, target_modules: [q], name: wan, ckpt: a}"),
    "numbers with exponents": _of("training: {learning_rate: 1e-4, steps: 2e3, weight_decay: 1e-13}"),
    "numbers that are none": _of(
        "training: {steps: many, batch: 1.5, learning_rate: 0, weight_decay: -0.1, average: 1, without_prompt: 2}"
    ),
    "ranges where none is drawn from": _of(
        "training: {steps: 5 to 9, learning_rate: 0.1 to 0.2}", "masks: {draws: 2 to 4}"
    ),
    "a batch that cannot be divided": _of("training: {batch: 10, at_once: 4}"),
    "switches and precisions": _of("training: {checkpointing: yes, precision: fp16}"),
    "precisions by other words": _of("training: {precision: bfloat16, checkpointing: }"),
    "training's other words": _of(
        "training: {lr: 1, epochs: 2, batch_size: 3, gradient_accumulation_steps: 4, warmup_steps: 5, "
        "max_grad_norm: 6, gradient_checkpointing: true, ema: 0.9, dtype: bf16, cfg_dropout: 0.1, stepps: 8}"
    ),
    "keeping's other words": _of(
        "keep: {save_every: 1, save_total_limit: 2, eval_steps: 3, num_samples: 4, inference_steps: 5, wandb: true}"
    ),
    "an output where the clips are": SHORT.replace("out/adapter", "./clips/"),
    "an output that is a file": SHORT.replace("out/adapter", "film.yaml"),
    "an output at home": SHORT.replace("out/adapter", "~/adapter"),
    "no output": SHORT.replace("output: out/adapter\n", ""),
    "cameras that are none": _of("masks: {rendering: {cameras: orbit}}"),
    "entries that are no cameras": with_cameras(
        "5", "orbit: {right: 20deg}", "weight: 2", "{camera: [], weight: 0}", "{camera: pan, chance: 3}",
        "{camera: [{pan: 20deg}], shot: film.yaml#swing}", "shots/film.yaml#swing",
    ),
    "too many cameras": with_cameras(*["camera: [dolly: 20%]"] * 101),
    "faults of moves": _camera("obrit: {right: 20deg}", "{dolly: 20}", "pan: {left: 2deg, right: 3deg}", "pan_left: 3"),
    "ranges that are none": _camera(
        "orbit: {right: 20 to 90deg}", "orbit: {right: 90deg to 20deg}", "orbit: {right: 20deg to 1rad}",
        "dolly: {in: 10% to lots}", "dolly: 20deg to 40deg", "pan: 10deg..20deg",
        "orbit: {right: 20deg - 90deg}", "orbit: {right: 20deg TO 90deg}", "orbit: {right: 20 deg to 90 deg}",
    ),
    "a range that goes too far": _camera("orbit: {up: 20deg to 95deg}", "orbit: {closer: 50% to 150%}"),
    "a range of whole numbers": _camera("handheld: {seed: 0 to 3}"),
    "a range that no camera can film": _camera("dolly-zoom: 50% to 120%", "{pan: 5deg}, {dolly-zoom: 99%}"),
    "presets": _camera(
        "use: orbt-right", "{use: orbit-right@99}", "{use: orbit-right, with: {angel: 3deg}}",
        "{use: orbit-right, with: {angle: 20deg to 999deg}}",
    ),
    "metres and seconds": _camera(
        "dolly: 0.5m", "dolly: 0.5m to 1m", "{pan: 20deg, at: 0s..1s}", "{use: orbit-right@1, at: 0s..1s}",
        "{use: arc-sway@1, at: 12f..20f}",
        "spline: {keys: [{at: 0f}, {at: 100%, position: [5%, 0%, 0%]}]}",
    ),
    "shots that are not there": with_cameras("shot: film.yaml", "shot: flim.yaml#a", "shot: film.yaml#swng"),
    "shots that are no cameras": with_cameras("shot: film.yaml#still", "shot: film.yaml#timed", "shot: broken.yaml#a"),
    "a shot of nowhere": with_cameras("shot: https://example.org/a.yaml#b"),
}  # fmt: skip


def write_folder(folder: Path) -> None:
    """Put what the cases name beside a training file."""
    (folder / "clips").mkdir()
    (folder / "film.yaml").write_text(FILM)
    (folder / "broken.yaml").write_text(BROKEN_FILM)

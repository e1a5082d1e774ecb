"""Words that other trainers use, and how a training file says what they mean."""

from __future__ import annotations

from collections.abc import Mapping

from ex4d.shotlist.camera import MOVES

_CLIPS = "the videos stand in clips, as in clips: {videos: clips}"
_RATE = "how fast it learns is training: {learning_rate: 0.0001}"
_STEPS = "how long it learns is counted in steps: training: {steps: 2000}; a step takes batch excerpts"
_BATCH = "excerpts of one step, over all cards, are training: {batch: 8}; of one card at once, at_once: 1"
_SIZE = "width and height are excerpts: {size: 512x512}"
_FRAMES = "frames that are trained on together are excerpts: {frames: 49}"
_RANK = "the rank of the low-rank layers is model: {rank: 16}"
_DEPTH = "where depth comes from is clips: {depth: {model: auto}}"
_PROMPT = "what clips show is clips: {prompt: ...}, or a text file beside each video, as bear.txt"
_WEIGHTS = "the frozen model is model: {weights: wan2.1-i2v-14b-480p}"
_RESUME = "training always goes on from the newest checkpoint of its output; model: {adapter: FILE} starts from another"
_AVERAGE = "a running average of the weights is training: {average: 0.999}"
_PRECISION = "how exactly it counts is training: {precision: bf16}"
_EVERY = "checkpoints are written every so many steps: keep: {checkpoint_every: 250}"
_HELD = "clips that are never trained on are counted in clips: {hold_out: 8}"
_LOG = "losses always go to log.jsonl in the output"
_OUTPUT = "what is written goes to one folder: output: out/adapter"
_ERODE = "how far holes grow is masks: {erode: 5} or {erode: random}"
_CAMERAS = "cameras of rendering masks are masks: {rendering: {cameras: [...]}}"
_SHIFT = "noise levels are drawn as the model's own schedule has them at inference, with its shift"
_OPTIMIZER = "the optimizer is AdamW; of it are set learning_rate, warmup, weight_decay and largest_gradient"
_CARDS = "how many cards take part is said where training is started: accelerate launch"

ANYWHERE: Mapping[str, str] = {
    **dict.fromkeys(("data", "dataset", "datasets", "data-dir", "train-data", "train-data-dir", "videos"), _CLIPS),
    **dict.fromkeys(("video", "video-folder", "video-dir", "instance-data-root", "shards", "urls"), _CLIPS),
    **dict.fromkeys(("lr", "learning-rate", "lr-rate", "rate"), _RATE),
    **dict.fromkeys(("epochs", "epoch", "num-epochs", "num-train-epochs", "max-epochs", "iterations"), _STEPS),
    **dict.fromkeys(("iters", "max-steps", "num-steps", "train-steps", "max-train-steps", "steps"), _STEPS),
    **dict.fromkeys(("batch", "batch-size", "train-batch-size", "global-batch-size"), _BATCH),
    **dict.fromkeys(("per-device-train-batch-size", "micro-batch-size", "gradient-accumulation"), _BATCH),
    **dict.fromkeys(("gradient-accumulation-steps", "accumulate-grad-batches", "accumulation"), _BATCH),
    **dict.fromkeys(("resolution", "width", "height", "size", "image-size", "resize"), _SIZE),
    **dict.fromkeys(("num-frames", "frames", "n-frames", "max-num-frames", "window", "clip-length", "length"), _FRAMES),
    **dict.fromkeys(("lora", "lora-rank", "lora-r", "lora-alpha", "r", "alpha", "network-dim", "rank"), _RANK),
    **dict.fromkeys(("depth", "depth-model", "depths"), _DEPTH),
    **dict.fromkeys(("prompt", "prompts", "caption", "captions", "caption-dir", "text"), _PROMPT),
    **dict.fromkeys(("base-model", "pretrained", "pretrained-model", "model-id", "dit-path", "weights"), _WEIGHTS),
    **dict.fromkeys(("pretrained-model-name-or-path", "model-path", "model-name", "ckpt", "base"), _WEIGHTS),
    **dict.fromkeys(("resume", "resume-from", "resume-from-checkpoint", "load", "checkpoint", "init-from"), _RESUME),
    **dict.fromkeys(("ema", "ema-decay", "use-ema"), _AVERAGE),
    **dict.fromkeys(("mixed-precision", "dtype", "fp16", "bf16", "amp", "precision"), _PRECISION),
    **dict.fromkeys(("save-steps", "save-every", "checkpointing-steps", "ckpt-every", "save-interval"), _EVERY),
    **dict.fromkeys(("validation", "val", "val-split", "validation-split", "test", "eval", "holdout"), _HELD),
    **dict.fromkeys(("report-to", "wandb", "tensorboard", "logging", "log", "logger", "logging-dir"), _LOG),
    **dict.fromkeys(("output-dir", "out", "out-dir", "save-dir", "results", "output-path", "workdir"), _OUTPUT),
    **dict.fromkeys(("erosion", "dilate", "dilation", "thicken"), _ERODE),
    **dict.fromkeys(("camera", "cameras", "trajectories", "moves", "path", "paths"), _CAMERAS),
    **dict.fromkeys(("shift", "flow-shift", "timestep-sampling", "weighting-scheme", "scheduler"), _SHIFT),
    **dict.fromkeys(("optimizer", "optim", "adam", "betas", "adam-beta1", "adam-beta2", "lr-scheduler"), _OPTIMIZER),
    **dict.fromkeys(("gpus", "num-gpus", "devices", "num-processes", "world-size"), _CARDS),
}
"""Keys of other trainers' files, and keys of this one, wherever they do not belong."""

IN_THE_CLIPS: Mapping[str, str] = {
    **ANYWHERE,
    **dict.fromkeys(("folder", "path", "dir", "glob", "root", "files", "source", "video"), "write videos: clips"),
    **dict.fromkeys(("rate", "frame-rate", "framerate"), "frames a second are fps, as in fps: 24"),
    **dict.fromkeys(("fov", "focal", "focal-length", "intrinsics"), "the lens is lens, as in lens: 54deg or 35mm"),
}
IN_THE_EXCERPTS: Mapping[str, str] = {
    **ANYWHERE,
    **dict.fromkeys(("stride", "interval", "sample-stride", "frame-interval", "frame-skip"), "write step: 2"),
    **dict.fromkeys(("fps", "rate"), "excerpts keep the rate of their clips; every second frame is step: 2"),
    **dict.fromkeys(("length", "window", "num-frames", "n-frames", "count"), "write frames: 49"),
    **dict.fromkeys(("width", "height", "resolution", "image-size"), "write both sides as size: 512x512"),
}
IN_A_CAMERA: Mapping[str, str] = dict.fromkeys(
    (*MOVES, "use", "moves", "move"), "moves stand in camera, as in - camera: [{orbit: {right: 20deg to 60deg}}]"
) | {**dict.fromkeys(("probability", "odds", "chance", "p"), "how often it is drawn is weight, as in weight: 2")}
IN_TRAINING: Mapping[str, str] = {
    **ANYWHERE,
    **dict.fromkeys(("lr", "rate", "learning-rate"), "write learning_rate: 0.0001"),
    **dict.fromkeys(("epochs", "iterations", "iters", "max-steps", "num-epochs"), "it is counted in steps: 2000"),
    **dict.fromkeys(("batch-size", "train-batch-size", "global-batch-size"), "write batch: 8, over all cards"),
    **dict.fromkeys(("per-device-train-batch-size", "micro-batch-size"), "excerpts of a card at once are at_once: 1"),
    **dict.fromkeys(("gradient-accumulation-steps", "gradient-accumulation"), "it follows from batch and at_once"),
    **dict.fromkeys(("warmup-steps", "lr-warmup-steps", "num-warmup-steps"), "write warmup: 100"),
    **dict.fromkeys(("max-grad-norm", "grad-clip", "gradient-clip-val", "clip"), "write largest_gradient: 1"),
    **dict.fromkeys(("gradient-checkpointing", "use-gradient-checkpointing"), "write checkpointing: true"),
    **dict.fromkeys(("ema", "ema-decay", "use-ema"), "a running average is average: 0.999"),
    **dict.fromkeys(("mixed-precision", "dtype", "fp16", "bf16", "amp"), "write precision: bf16 or float32"),
    **dict.fromkeys(("prompt-dropout", "caption-dropout", "cfg-dropout", "dropout"), "write without_prompt: 0.1"),
}
IN_THE_MODEL: Mapping[str, str] = {
    **ANYWHERE,
    **dict.fromkeys(
        ("path", "name", "id", "base-model", "pretrained", "folder"), "write weights: and a name or folder"
    ),
    **dict.fromkeys(("lora-rank", "lora-r", "r", "network-dim", "dim"), "write rank: 16"),
    **dict.fromkeys(("lora", "checkpoint", "resume"), "an adapter to go on from is adapter: ex4d.ckpt"),
    **dict.fromkeys(("alpha", "lora-alpha"), "of the low-rank layers only the rank is chosen: rank: 16"),
    **dict.fromkeys(("target-modules", "modules", "layers"), "the low-rank layers are EX-4D's ten a block"),
}
IN_KEEPING: Mapping[str, str] = {
    **ANYWHERE,
    **dict.fromkeys(("save-every", "save-steps", "checkpointing-steps", "every"), "write checkpoint_every: 250"),
    **dict.fromkeys(("checkpoints", "save-total-limit", "checkpoints-total-limit", "max-keep"), "write keep: 3"),
    **dict.fromkeys(("eval-every", "eval-steps", "validation-steps", "val-every"), "write validate_every: 100"),
    **dict.fromkeys(("num-samples", "num-validation-videos", "videos"), "write samples: 4"),
    **dict.fromkeys(("steps", "inference-steps", "num-inference-steps"), "denoising steps are sample_steps: 25"),
}

TRACKERS_ELSEWHERE: Mapping[str, str] = {
    **dict.fromkeys(("cotracker", "co-tracker", "co-tracker3", "cotracker-3", "points"), "write cotracker3"),
    **dict.fromkeys(("raft", "farneback", "dis", "optical-flow", "opencv", "lucas-kanade"), "write flow"),
    **dict.fromkeys(("tapir", "tapnet", "bootstapir", "locotrack"), "that is not among the trackers here"),
    **dict.fromkeys(("none", "off"), "to do without, write rendering: {share: 1} and tracking: {share: 0}"),
}
PRECISIONS_ELSEWHERE: Mapping[str, str] = {
    **dict.fromkeys(("bfloat16", "bf-16", "amp", "mixed", "auto"), "write bf16; what learns is float32 always"),
    **dict.fromkeys(("fp16", "float16", "half", "16", "fp8"), "its gradients would vanish; write bf16"),
    **dict.fromkeys(("fp32", "full", "32", "single", "no", "tf32"), "write float32"),
}
SUBJECTS_ELSEWHERE: Mapping[str, str] = dict.fromkeys(("centre", "middle"), "write center") | dict.fromkeys(
    ("near", "front", "foreground", "closest"), "write nearest"
)

"""Speed, error and memory of EX-4D's transformer at its true size, on random weights: run on a CUDA machine.

    python tests/bench/bench_wan.py [link] [precision] [streaming] [loop] ...

Random weights of the true size tell true speed and memory; errors are against a float32 run of the same weights, and
tell how the precisions compare, not how large their errors are with the true weights.
"""

from __future__ import annotations

import sys
import time
from types import SimpleNamespace

import torch
from diffusers import WanTransformer3DModel
from torch import nn

from ex4d.synthesis.wan.float8 import use_float8
from ex4d.synthesis.wan.transformer import Replica, at_work, velocities

LATENT = (13, 64, 64)
TRUE_SIZE = {
    "patch_size": (1, 2, 2), "num_attention_heads": 40, "attention_head_dim": 128, "in_channels": 36,
    "out_channels": 16, "text_dim": 4096, "freq_dim": 256, "ffn_dim": 13824, "num_layers": 40, "cross_attn_norm": True,
    "image_dim": 1280, "added_kv_proj_dim": 5120,
}  # fmt: skip
ADAPTED = ("to_q", "to_k", "to_v", "to_out.0", "net.0.proj", "net.2")
RANK = 16
TFLOP_A_FORWARD = 478.0
PEAK_TFLOPS = 989.0
CUDA = torch.device("cuda:0")


def random_transformer(layers: int = 40) -> WanTransformer3DModel:
    """Draw a transformer on the card: on the host that takes minutes."""
    with torch.device("meta"):
        model = WanTransformer3DModel(**{**TRUE_SIZE, "num_layers": layers})
    rope = type(model.rope)(128, (1, 2, 2), 1024)
    model.rope = rope
    draws = torch.Generator(CUDA).manual_seed(0)
    for name, parameter in list(model.named_parameters()):
        value = torch.empty(parameter.shape, dtype=torch.bfloat16, device=CUDA)
        if "norm" in name and name.endswith("weight"):
            value.fill_(1.0)
        else:
            value.normal_(0.0, (parameter.shape[-1] if parameter.ndim == 2 else 400) ** -0.5, generator=draws)
        module, _, own = name.rpartition(".")
        setattr(model.get_submodule(module), own, nn.Parameter(value, requires_grad=False))
    return model.eval()


def random_lora(model: WanTransformer3DModel) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    draws = torch.Generator(CUDA).manual_seed(1)
    found = {}
    for name, module in model.blocks.named_modules():
        if isinstance(module, nn.Linear) and name.endswith(ADAPTED):
            down = torch.empty(RANK, module.in_features, device=CUDA, dtype=torch.bfloat16)
            up = torch.empty(module.out_features, RANK, device=CUDA, dtype=torch.bfloat16)
            found[name] = (down.normal_(0, module.in_features**-0.5, generator=draws), up.normal_(0, 0.1 / 4, generator=draws))
    return found


def fuse(model, lora) -> None:
    for name, (down, up) in lora.items():
        linear = model.blocks.get_submodule(name)
        fused = linear.weight.float() + up.float() @ down.float()
        linear.weight.data = fused.to(linear.weight.dtype)


def add_lora(model, lora) -> None:
    from peft import LoraConfig

    model.add_adapter(LoraConfig(r=RANK, lora_alpha=RANK, target_modules=[f"blocks.{n}" for n in lora]), adapter_name="ex4d")
    for name, (down, up) in lora.items():
        layer = model.blocks.get_submodule(name)
        layer.lora_A["ex4d"].weight.data, layer.lora_B["ex4d"].weight.data = down, up
    model.requires_grad_(False)


def drop_lora(model, lora) -> None:
    for name in lora:
        parent, _, own = name.rpartition(".")
        setattr(model.blocks.get_submodule(parent), own, model.blocks.get_submodule(name).base_layer)


def task():
    draws = torch.Generator(CUDA).manual_seed(2)
    def normal(*shape):
        return torch.randn(shape, generator=draws, device=CUDA)
    conditioning = SimpleNamespace(
        image=normal(1, 257, 1280), image_condition=normal(1, 20, *LATENT), camera_latent=normal(1, 5120, 13, 32, 32).bfloat16()
    )
    return conditioning, [normal(1, 512, 4096), normal(1, 512, 4096)], normal(1, 16, *LATENT)


def measure(step, repeats=4, warmups=2):
    start = time.perf_counter()
    first = step()
    torch.cuda.synchronize()
    first_s = time.perf_counter() - start
    for _ in range(warmups):
        step()
    torch.cuda.reset_peak_memory_stats()
    torch.cuda.synchronize()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        step()
        torch.cuda.synchronize()
        seconds.append((time.perf_counter() - start) / 2)
    seconds.sort()
    return seconds[len(seconds) // 2], first_s, torch.cuda.max_memory_allocated() / 2**30, first


def error(got, truth) -> float:
    return max(float((a.float() - b).norm() / b.norm()) for a, b in zip(got, truth, strict=True))


def report(label, result, truth):
    seconds, first, peak, got = result
    print(f"{label:58s} {seconds:.3f} s/forward  first {first:5.1f} s  peak {peak:5.1f} GiB  rel L2 {error(got, truth):.2e}"
          f"  MFU {TFLOP_A_FORWARD / seconds / PEAK_TFLOPS:.0%}", flush=True)


def profile(step, label):
    from torch.profiler import ProfilerActivity, profile as record
    with record(activities=[ProfilerActivity.CUDA]) as seen:
        step()
        torch.cuda.synchronize()
    print(f"--- {label}: kernels, ms of two forwards")
    rows = sorted(seen.key_averages(), key=lambda row: -row.device_time_total)[:16]
    for row in rows:
        print(f"   {row.device_time_total / 1000:8.1f} ms {row.count:5d}x {row.key[:110]}")


def reference(model, lora, work):
    from ex4d.synthesis.wan.key_names import transformer_name
    from peft import LoraConfig, inject_adapter_in_model
    from reference_dit.wan_video_dit import WanModel

    sys.path.insert(0, ".reference")
    with torch.device("meta"):
        its = WanModel(model_type="i2v", in_dim=36, dim=5120, ffn_dim=13824, out_dim=16, num_heads=40, num_layers=40, cross_attn_norm=True)
    from reference_dit.wan_video_dit import rope_params
    its.freqs = torch.cat([rope_params(1024, 44), rope_params(1024, 42), rope_params(1024, 42)], dim=1)
    ours = dict(model.named_parameters())
    names = dict(its.named_parameters())
    for name in names:
        module, _, own = name.rpartition(".")
        setattr(its.get_submodule(module), own, nn.Parameter(ours[transformer_name(name)], requires_grad=False))
    inject_adapter_in_model(LoraConfig(r=RANK, lora_alpha=RANK, target_modules=["q", "k", "v", "o", "ffn.0", "ffn.2"]), its)
    for name, parameter in list(its.named_parameters()):
        if "lora_" in name:
            linear = name.split(".lora_")[0]
            down, up = lora[transformer_name(linear + ".weight").removeprefix("blocks.").removesuffix(".weight")]
            value = down if "lora_A" in name else up
            module, _, own = name.rpartition(".")
            setattr(its.get_submodule(module), own, nn.Parameter(value, requires_grad=False))
    its.eval()
    conditioning, texts, latents = work

    def step():
        with torch.amp.autocast("cuda", dtype=torch.bfloat16):
            return [
                its([latents[0]], torch.tensor([500.0], device=CUDA), [text[0].bfloat16()], 13312,
                    clip_fea=conditioning.image.bfloat16(), y=[conditioning.image_condition[0].bfloat16()],
                    ray_latent=conditioning.camera_latent)
                for text in texts
            ]
    return step


@torch.no_grad()
def main() -> None:
    import copy

    torch._dynamo.config.recompile_limit = 64
    sys.path.insert(0, ".reference")
    model = random_transformer()
    lora = random_lora(model)
    work = task()
    conditioning, texts, latents = work
    start = time.perf_counter()
    exact = copy.deepcopy(model).float()
    fuse(exact, lora)
    replica = Replica(exact, CUDA, residual=torch.float32)
    with at_work([replica]):
        truth = velocities([replica.hear(conditioning, texts)], latents, 500.0)
    torch.cuda.synchronize()
    print(f"float32 truth in {time.perf_counter() - start:.1f} s", flush=True)
    del exact, replica
    torch.cuda.empty_cache()
    bf16, f32 = torch.bfloat16, torch.float32

    def variant(label, prof=False, keep=True, **options):
        torch._dynamo.reset()
        replica = Replica(model, CUDA, **options)
        with at_work([replica]):
            hearing = replica.hear(conditioning, texts, keep_memories=keep)
            step = lambda: velocities([hearing], latents, 500.0)
            report(label, measure(step), truth)
            if prof:
                profile(step, label)

    try:
        step = reference(model, lora, work)
        report("the reference's own model", measure(step, repeats=3, warmups=1), truth)
        del step
    except Exception as fault:
        import traceback; traceback.print_exc()
    torch.cuda.empty_cache()
    add_lora(model, lora)
    variant("peft, fp32 residual, compiled", residual=f32, compile_blocks=True)
    drop_lora(model, lora)
    fuse(model, lora)
    variant("fused, fp32 residual, compiled", residual=f32, compile_blocks=True, prof=True)
    variant("fused, fp32 residual, compiled, no memories", residual=f32, compile_blocks=True, keep=False)
    variant("fused, fp32 residual, eager", residual=f32)
    variant("fused, bf16 residual, compiled", residual=bf16, compile_blocks=True)
    model.set_attention_backend("_native_cudnn")
    torch._dynamo.reset()
    model.compile_repeated_blocks(fullgraph=True)
    its = lambda: [model(torch.cat([latents, conditioning.image_condition], 1).bfloat16(), torch.tensor([500.0], device=CUDA), text.bfloat16(), conditioning.image.bfloat16(), return_dict=False)[0] for text in texts]
    report("diffusers' own forward, compiled, no camera latent", measure(its), truth)
    for block in model.blocks:
        use_float8(block)
    torch.cuda.empty_cache()
    variant("fp8, fp32 residual, compiled", residual=f32, compile_blocks=True)
    variant("fp8, bf16 residual, compiled", residual=bf16, compile_blocks=True, prof=True)
    for resident in (3,):
        variant(f"fp8, bf16 residual, compiled, {resident} resident", residual=bf16, compile_blocks=True, resident=resident, keep=False)


main()

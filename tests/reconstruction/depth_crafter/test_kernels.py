"""The kernels for a card against PyTorch's own layers, in both precisions. Run where there is CUDA: pytest -m gpu."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

CARD = "cuda"
SHAPES = [(3, 5, 7, 64), (2, 9, 11, 320), (4, 16, 16, 96), (1, 3, 3, 960), (2, 33, 40, 128)]
CLOSE = {torch.float32: 2e-6, torch.float16: 6e-4}

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]


def assert_close(ours: Tensor, theirs: Tensor, dtype: torch.dtype) -> None:
    assert ours.dtype == dtype
    assert float((ours.float() - theirs).abs().max() / theirs.abs().max()) < CLOSE[dtype]


@pytest.mark.parametrize("dtype", CLOSE)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("silu", [False, True])
@pytest.mark.parametrize("biased", [False, True])
def test_a_norm_is_pytorchs(
    dtype: torch.dtype, shape: tuple[int, ...], together: bool, silu: bool, biased: bool
) -> None:
    from ex4d.reconstruction.depth_crafter import kernels

    torch.manual_seed(1)
    x = (torch.randn(shape) * 3 + 5).to(CARD, dtype)
    bias = torch.randn(shape[-1]).to(CARD, dtype) if biased else None
    layer = nn.GroupNorm(32, shape[-1], eps=1e-5).to(CARD, dtype)
    nn.init.normal_(layer.weight)
    nn.init.normal_(layer.bias)
    sum_ = x.float() if bias is None else x.float() + bias.float()
    first = sum_.permute(3, 0, 1, 2)[None] if together else sum_.permute(0, 3, 1, 2)
    wanted = functional.group_norm(first, 32, layer.weight.float(), layer.bias.float(), layer.eps)
    wanted = functional.silu(wanted) if silu else wanted
    wanted = wanted[0].permute(1, 2, 3, 0) if together else wanted.permute(0, 2, 3, 1)
    assert_close(kernels.normed(layer, x, bias, together=together, silu=silu), wanted, dtype)


@pytest.mark.parametrize("dtype", CLOSE)
@pytest.mark.parametrize("size", [1, 96, 1280])
def test_a_gate_is_pytorchs(dtype: torch.dtype, size: int) -> None:
    from ex4d.reconstruction.depth_crafter import kernels

    torch.manual_seed(2)
    wide = torch.randn(3, 5, 2 * size).to(CARD, dtype)
    value, gate = wide.float().chunk(2, dim=-1)
    assert_close(kernels.gated(wide), value * functional.gelu(gate), dtype)


@pytest.mark.parametrize("dtype", CLOSE)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_sum_is_pytorchs(dtype: torch.dtype, shape: tuple[int, ...]) -> None:
    from ex4d.reconstruction.depth_crafter import kernels

    torch.manual_seed(3)
    x, more = (torch.randn(shape).to(CARD, dtype) for _ in range(2))
    bias, share = (torch.randn(size).to(CARD, dtype) for size in (shape[-1], 1))
    wanted = x.float() + share.float() * (more.float() + bias.float())
    assert_close(kernels.joined(x, more, bias, share), wanted, dtype)

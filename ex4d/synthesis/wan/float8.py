"""Matrix products in float8: the Linears of the blocks, with one scale a row of activations and one a row of weights.

Weights are rounded once, activations at each call; both to e4m3, whose largest number is 448. The products run on the
card's float8 units (Ada, Hopper and later) at twice the rate of bfloat16; attention stays as it is.
Source of the scheme: Micikevicius et al., FP8 Formats for Deep Learning, arXiv 2209.05433; PyTorch's scaled matmul.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ex4d.array_types import Float

KIND = torch.float8_e4m3fn
LARGEST = torch.finfo(KIND).max
LEAST_SCALE = 1e-12
"""So that a row of zeros divides by something."""


class Float8Linear(nn.Module):  # type: ignore[misc] # mypy does not read torch
    """A Linear whose product is taken in float8; bias and result are bfloat16."""

    weight: Tensor
    """(outputs, inputs), e4m3."""
    scale: Tensor
    """(1, outputs), float32."""
    bias: Tensor | None

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        weight, scale = _rounded(linear.weight.detach())
        self.register_buffer("weight", weight)
        self.register_buffer("scale", scale.T.contiguous())
        self.register_buffer("bias", None if linear.bias is None else linear.bias.detach().to(torch.bfloat16))

    def forward(self, values: Float[Tensor, "*rows inputs"]) -> Float[Tensor, "*rows outputs"]:
        """Return the products."""
        rows, scale = _rounded(values.flatten(0, -2))
        product = torch._scaled_mm(
            rows, self.weight.T, scale_a=scale, scale_b=self.scale, bias=self.bias, out_dtype=torch.bfloat16,
            use_fast_accum=True,
        )  # fmt: skip
        return product.unflatten(0, values.shape[:-1])


def _rounded(rows: Float[Tensor, "rows columns"]) -> tuple[Tensor, Float[Tensor, "rows 1"]]:
    """Round each row to e4m3 with its own scale."""
    scale = rows.abs().amax(-1, keepdim=True).float().clamp(min=LEAST_SCALE) / LARGEST
    return (rows.float() / scale).clamp(-LARGEST, LARGEST).to(KIND), scale


def use_float8(block: nn.Module) -> None:
    """Put float8 Linears in the place of a block's, in place: the plain ones, so fuse adapters before."""
    for name, module in list(block.named_modules()):
        if type(module) is nn.Linear:
            parent, _, own = name.rpartition(".")
            setattr(block.get_submodule(parent), own, Float8Linear(module))

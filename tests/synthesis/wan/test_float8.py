"""Rounding to float8, and the products that come of it."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from ex4d.synthesis.wan.float8 import KIND, LARGEST, Float8Linear, _rounded, use_float8
from ex4d.synthesis.wan.loading import load_transformer
from ex4d.synthesis.wan.weight_folders import find_wan_folder
from tests.synthesis.wan.random_transformer import draw, make_transformer

HALF_STEP = 2.0**-4
"""Of a value: e4m3 keeps three binary digits behind the first."""
LEAST_STEP = 2.0**-9
"""Between the smallest numbers of e4m3, which are not normal."""


def rows_of(seed, rows, columns, span):
    """Draw rows of very different sizes, whose entries span many orders of magnitude."""
    values = draw(rows, columns, seed=seed) * 10.0 ** (span * draw(rows, columns, seed=seed + 1))
    return values * 10.0 ** (3 * draw(rows, 1, seed=seed + 2))


@settings(derandomize=True, deadline=None)
@given(
    st.integers(0, 1000), st.integers(1, 6), st.integers(1, 40), st.floats(0, 2),
    st.sampled_from([torch.float32, torch.bfloat16]),
)  # fmt: skip
def test_each_number_is_rounded_to_a_sixteenth_or_to_the_smallest_step(seed, rows, columns, span, kind):
    values = rows_of(seed, rows, columns, span).to(kind)

    rounded, scale = _rounded(values)

    exact, got = values.double(), rounded.double() * scale.double()
    allowed = torch.maximum(HALF_STEP * exact.abs(), LEAST_STEP / 2 * scale.double())
    assert rounded.dtype == KIND
    assert scale.shape == (rows, 1)
    assert bool(((got - exact).abs() <= 1.000001 * allowed).all())


@settings(derandomize=True, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 6), st.integers(1, 40))
def test_each_rows_largest_number_is_the_largest_there_is(seed, rows, columns):
    values = rows_of(seed, rows, columns, 1.0)

    rounded, scale = _rounded(values)

    assert bool((rounded.float().abs().amax(-1) == LARGEST).all())
    torch.testing.assert_close(scale[:, 0], values.abs().amax(-1) / LARGEST)


def test_rows_do_not_hear_each_other():
    values = rows_of(3, 5, 16, 1.0)

    together, scales = _rounded(values)

    for row in range(5):
        alone, scale = _rounded(values[row : row + 1])
        assert torch.equal(alone.float(), together[row : row + 1].float())
        assert torch.equal(scale[0], scales[row])


def test_rows_of_zeros_stay_zero():
    rounded, scale = _rounded(torch.stack([torch.zeros(16), torch.ones(16)]))

    assert bool((rounded[0].float() == 0).all())
    assert bool(torch.isfinite(scale).all()) and bool((scale > 0).all())


def test_the_linears_of_a_block_are_replaced_and_nothing_else():
    block = make_transformer().blocks[0]
    before = {name: (type(module), module) for name, module in block.named_modules()}

    use_float8(block)

    after = dict(block.named_modules())
    linears = {name for name, (kind, _) in before.items() if kind is nn.Linear}
    assert len(linears) == 12, "queries, keys, values and results twice, the image's keys and values, two to feed on"
    assert after.keys() == before.keys()
    assert {name for name, module in after.items() if type(module) is Float8Linear} == linears
    assert all(after[name] is module for name, (_, module) in before.items() if name not in linears)


def test_a_float8_linear_holds_its_linears_weights():
    linear = nn.Linear(32, 48).requires_grad_(False)

    made = Float8Linear(linear)

    assert (made.weight.shape, made.scale.shape, made.weight.dtype) == ((48, 32), (1, 48), KIND)
    error = (made.weight.float() * made.scale.T - linear.weight).abs()
    assert bool((error <= HALF_STEP * linear.weight.abs() + LEAST_STEP * made.scale.T).all())
    assert torch.equal(made.bias, linear.bias.to(torch.bfloat16))
    assert sum(one.nbytes for one in made.buffers()) == 48 * 32 + 48 * 4 + 48 * 2


def test_a_linear_without_bias_keeps_none():
    assert Float8Linear(nn.Linear(16, 16, bias=False)).bias is None


def product_error(device, *, bias, rows=(3, 40), inputs=256, outputs=128):
    """Return how far a float8 product is from the float32 one: of a row, in the root mean square over the rows."""
    linear = nn.Linear(inputs, outputs, bias=bias).requires_grad_(False)
    linear.weight.copy_(draw(outputs, inputs, seed=1))
    values = draw(*rows, inputs, seed=2) * 10.0 ** draw(*rows, 1, seed=3)
    wanted = linear(values)
    got = Float8Linear(linear.to(device, torch.bfloat16))(values.to(device, torch.bfloat16))
    # A row for itself: large rows must not hide what small ones lose.
    lost = (got.float().cpu() - wanted).norm(dim=-1) / wanted.norm(dim=-1)
    assert (got.shape, got.dtype) == ((*rows, outputs), torch.bfloat16)
    assert float(lost.max()) < 0.06
    return float(lost.square().mean().sqrt())


def scaled_products_on(device):
    """Tell whether this torch has scaled products for a device; not all have them for the CPU."""
    try:
        product_error(device, bias=False)
    except (RuntimeError, NotImplementedError):
        return False
    return True


@pytest.mark.parametrize("bias", [False, True])
def test_a_product_is_the_float32_one_within_four_percent(bias):
    if not scaled_products_on("cpu"):
        pytest.skip("this torch has no scaled float8 products on the CPU")

    assert product_error("cpu", bias=bias) < 0.04


@pytest.mark.gpu
@pytest.mark.skipif(
    not torch.cuda.is_available() or torch.cuda.get_device_capability() < (8, 9), reason="needs a card with float8"
)
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize(("rows", "lost"), [((3, 40), 0.04), ((1, 769), 0.04), ((1, 1), 0.05)])
def test_a_cards_product_is_the_float32_one_within_four_percent(bias, rows, lost):
    """A single row, of which there is no mean, may lose more."""
    assert product_error("cuda:0", bias=bias, rows=rows) < lost


def test_blocks_rounded_as_they_arrive_are_those_rounded_afterwards(tiny_wan):
    """Each block is told of once, when nothing of it is missing; so no more than a few wait in full precision."""

    def loaded(whole):
        folder = find_wan_folder(tiny_wan.original)
        cpu = torch.device("cpu")
        return load_transformer(folder, dtype=torch.bfloat16, device_of=lambda _: cpu, fuse=True, whole=whole)

    told = []

    def rounded(block):
        assert not any(parameter.is_meta for parameter in block.parameters())
        told.append(block)
        use_float8(block)

    arriving, afterwards = loaded(rounded), loaded(lambda block: None)
    for block in afterwards.blocks:
        use_float8(block)

    assert len(told) == len(arriving.blocks) == len(set(map(id, told)))
    wanted = afterwards.state_dict()
    assert arriving.state_dict().keys() == wanted.keys()
    assert all(torch.equal(value.float(), wanted[name].float()) for name, value in arriving.state_dict().items())

"""Settings that VACE cannot follow are refused, all at once, not overlooked."""

from dataclasses import fields
from pathlib import Path

import pytest

from ex4d.errors import SynthesisError, UserError
from ex4d.synthesis.settings import DiffusionSettings
from ex4d.synthesis.vace.limits import KNOWN_SIZE, VACE_DEFAULTS, flow_shift, require_supported

UNHEARD = {
    "precision": "fp8",
    "cache": 0.1,
    "distilled": True,
    "devices": 2,
    "preview_every": 1,
    "prompt_embeds": Path("prompt.safetensors"),
}
LOOKS = Path("looks")
"""Where previews would go; settings ask for it, this engine never gets so far."""


def test_its_own_defaults_and_ex4d_s_are_followed():
    require_supported(VACE_DEFAULTS)
    require_supported(DiffusionSettings())


@pytest.mark.parametrize("name", UNHEARD)
def test_each_wish_that_it_cannot_follow_is_refused(name):
    with pytest.raises(SynthesisError):
        require_supported(DiffusionSettings(**{name: UNHEARD[name]}, preview_folder=LOOKS))


def test_all_are_named_at_once():
    with pytest.raises(SynthesisError) as error:
        require_supported(DiffusionSettings(**UNHEARD, preview_folder=LOOKS))

    assert len(str(error.value).splitlines()) == len(UNHEARD)
    assert UNHEARD.keys() <= {field.name for field in fields(DiffusionSettings)}


@pytest.mark.parametrize("size", [(40, 32), (48, 33)])
def test_sizes_that_its_tokens_do_not_tile_are_refused(size):
    with pytest.raises(UserError, match="multiples of 16"):
        DiffusionSettings(size=size)


@pytest.mark.parametrize(
    ("size", "shift"), [(KNOWN_SIZE, 3.0), ((512, 512), 3.0), ((480, 832), 3.0), ((1280, 720), 5.0)]
)
def test_larger_frames_lean_more_towards_noise(size, shift):
    assert flow_shift(size) == shift

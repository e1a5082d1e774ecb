"""Settings that cannot be meant are refused, all at once."""

import math

import pytest

from ex4d.errors import SynthesisError, UserError
from ex4d.synthesis.settings import DiffusionSettings
from ex4d.synthesis.wan.limits import require_supported


@pytest.mark.parametrize("name", ["vram_gb", "cache", "guidance"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -1.0])
def test_no_setting_is_a_number_that_means_nothing(name, value):
    with pytest.raises(UserError, match=name.split("_")[0]):
        DiffusionSettings(**{name: value})


def test_all_faults_are_told_at_once():
    with pytest.raises(UserError) as told:
        DiffusionSettings(steps=0, size=(500, 512), window=50)

    assert [word for word in ("steps", "496x512", "4k + 1") if word not in str(told.value)] == []


@pytest.mark.parametrize(("devices", "guidance", "cache", "possible"), [
    (1, 5.0, 0.1, True), (2, 5.0, 0.1, True), (4, 5.0, 0.1, False), (2, 1.0, 0.1, False), (4, 5.0, 0.0, True),
    (3, 5.0, 0.0, False),
])  # fmt: skip
def test_cards_and_cache_have_to_agree(devices, guidance, cache, possible):
    settings = DiffusionSettings(devices=devices, guidance=guidance, cache=cache)

    if possible:
        require_supported(settings)
    else:
        with pytest.raises(SynthesisError):
            require_supported(settings)

"""What a user chooses about the engines beyond what the shot list says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from ex4d.artifacts.mesh_profile import ProfileName
from ex4d.errors import UserError
from ex4d.render.choice import RasterizerName
from ex4d.synthesis.settings import DiffusionSettings

DISTILLED = {"steps": 4, "guidance": 1.0}
"""What the step-distillation LoRA was made for."""
DEVICE = re.compile(r"cpu|cuda(:\d{1,2})?")


@dataclass(frozen=True)
class EngineOptions:
    """Choices that hold for a whole run."""

    stated: Mapping[str, Any] = field(default_factory=dict)
    """Fields of DiffusionSettings that the user chose; the others are each engine's own."""
    device: str | None = None
    """Where engines with weights work: cuda, cuda:1 or cpu; None is as many graphics cards as are stated, or one."""
    guide: ProfileName | None = None
    """How guides are drawn; None is each engine's own way."""
    rasterizer: RasterizerName = "cpu"
    """Who draws them."""
    models: Path | None = None
    """The folder of all weights; None is the usual one."""
    loras: tuple[Path, ...] = ()
    """More LoRAs for engines that take any, each at full strength."""
    previews: Path = Path("previews")
    """The folder of previews, where any are stated."""
    adapter: Path | None = None
    """An adapter of the engine ex4d, as ``ex4d train`` makes them, instead of EX-4D's own."""

    def __post_init__(self) -> None:
        faults = [text for wrong, text in self._faults() if wrong]
        try:
            self.applied_to(DiffusionSettings())
        except UserError as fault:
            faults.append(str(fault))
        if faults:
            raise UserError("\n".join(faults))

    def _faults(self) -> list[tuple[bool, str]]:
        device, cards = self.device or "cuda", self.stated.get("devices", 1)
        embeds = self.stated.get("prompt_embeds")
        unheard = [name for name in DISTILLED if name in self.stated and self.stated.get("distilled")]
        return [
            (not DEVICE.fullmatch(device), f"device {device}: write cuda, cuda:1 or cpu"),
            (cards > 1 and device != "cuda", f"device {device} is one, but {cards} graphics cards are asked for"),
            (self.models is not None and not self.models.is_dir(), f"models {self.models}: no such folder"),
            (bool(unheard), f"fast is four steps without guidance; leave out {' and '.join(unheard)}"),
            *((not file.is_file(), f"lora {file}: no such file") for file in self.loras),
            (self.adapter is not None and not self.adapter.is_file(), f"adapter {self.adapter}: no such file"),
            (device == "cpu" and self.stated.get("precision") == "fp8", "precision fp8 needs a card; write bf16"),
            (
                bool(embeds and self.stated.get("negative_prompt")),
                "prompt embeds hold both prompts; leave out negative",
            ),
            (embeds is not None and not embeds.is_file(), f"prompt embeds {embeds}: no such file"),
        ]

    def applied_to(self, defaults: DiffusionSettings) -> DiffusionSettings:
        """Return an engine's own settings with what the user chose."""
        implied = DISTILLED if self.stated.get("distilled") else {}
        return replace(defaults, **{**implied, "preview_folder": self.previews, **self.stated})

    def with_cards(self, count: int) -> EngineOptions:
        """Return the options for ``count`` graphics cards, the first ones."""
        return replace(self, stated={**self.stated, "devices": count})

    def written(self) -> dict[str, Any]:
        """Return the options as JSON-like values, for :meth:`read`."""
        plain = {field.name: getattr(self, field.name) for field in fields(self)}
        texts = {name: str(value) for name, value in plain.items() if isinstance(value, Path)}
        stated = {name: str(value) if isinstance(value, Path) else value for name, value in self.stated.items()}
        return {**plain, **texts, "stated": stated, "loras": [str(file) for file in self.loras]}

    @classmethod
    def read(cls, written: Mapping[str, Any]) -> EngineOptions:
        """Return the options of what :meth:`written` returned.

        Raises:
            UserError: they mean nothing here; says all.
        """
        kinds = {"size": tuple, "prompt_embeds": Path, "preview_folder": Path}
        stated = {
            name: kinds[name](value) if name in kinds and value is not None else value
            for name, value in written["stated"].items()
        }
        models, adapter = (written[name] and Path(written[name]) for name in ("models", "adapter"))
        loras = tuple(map(Path, written["loras"]))
        plain = {name: written[name] for name in ("device", "guide", "rasterizer")}
        return cls(stated, **plain, models=models, loras=loras, previews=Path(written["previews"]), adapter=adapter)

    @property
    def devices(self) -> tuple[str, ...]:
        """The devices by the names that torch has for them."""
        if self.device is None or self.device == "cuda":
            return tuple(f"cuda:{index}" for index in range(self.stated.get("devices", 1)))
        return (self.device,)


AS_IS = EngineOptions()
"""Nothing chosen: every engine in its own way."""

"""The engines that complete guides: what each needs, how it is opened, and what its results are known by.

``mesh`` needs nothing. ``ex4d`` and ``vace`` have weights, and need packages and a graphics card, too; their modules,
which import torch, are imported when one is opened and not before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ex4d.artifacts.mesh_profile import PROFILES, ProfileName
from ex4d.engines.cards import GraphicsCard, graphics_cards
from ex4d.engines.options import EngineOptions
from ex4d.guide import GuideRecipe
from ex4d.models import DISTILLATION, EX4D, VACE, WAN, Weights
from ex4d.progress import Progress
from ex4d.shotlist.model import Synthesis
from ex4d.synthesis.mesh_engine import MeshEngine
from ex4d.synthesis.settings import CARDS_A_SHOT, DiffusionSettings
from ex4d.synthesis.synthesizer import Synthesizer
from ex4d.synthesis.vace.limits import VACE_DEFAULTS, require_supported
from ex4d.synthesis.vram import GB, WAN_14B, MemoryPlan, plan_memory
from ex4d.synthesis.wan.limits import require_supported as require_ex4d_supports
from ex4d.synthesis.windows import Window, plan_windows

TERMS_OF_OWN = "on its maker's terms, and those of what it was trained on"
"""How an adapter of the user's own may be used."""
PACKAGES = ("torch", "diffusers", "transformers", "peft")
"""Whose versions may change what engines with weights make."""


@dataclass(frozen=True)
class Engine:
    """One kind of engine."""

    name: str
    profile: ProfileName
    """Of the guides that it gets where nothing else is asked for."""
    open: Callable[[EngineOptions, Progress], Synthesizer]
    """Loads it; slow where it has weights."""
    code: tuple[str, ...]
    """The parts of ex4d that its results come from."""
    own_weights: tuple[Weights, ...] = ()
    defaults: DiffusionSettings = field(default_factory=DiffusionSettings)
    """How it works where the user says nothing; the size and the length of its windows are those that it knows."""
    drawn_erosion: bool = False
    """Whether visibility is eroded at random where the shot list says nothing; else it then is not."""
    own_prompt: str = ""
    """Which prompt it takes where there is none."""
    cards_a_shot: tuple[int, ...] = (1,)
    """How many graphics cards can share one shot."""
    memory: Callable[[DiffusionSettings, float], MemoryPlan] | None = None
    """Plans what goes where on a card of so many bytes; raises a UserError that says what would fit."""
    takes_loras: bool = False
    """Whether it takes more than its own."""
    adapter: Weights | None = None
    """Those of its own weights that an adapter of the user's takes the place of; None where it takes none."""
    require_supported: Callable[[DiffusionSettings], None] = lambda settings: None
    """Raises a UserError for settings that mean nothing to it."""

    def for_one_shot(self, options: EngineOptions) -> EngineOptions:
        """Return the options with no more graphics cards than one shot can use."""
        return options.with_cards(max(count for count in self.cards_a_shot if count <= len(options.devices)))

    def lanes(self, options: EngineOptions, cards: int) -> int:
        """Return how many of the cards that share a shot share the tokens of one branch of guidance."""
        return max(1, cards // 2) if self.guided(options) else cards

    def guided(self, options: EngineOptions) -> bool:
        """Return whether it hears the negative prompt."""
        return self.settings(options).guided

    def settings(self, options: EngineOptions) -> DiffusionSettings:
        """Return how it works: as the user says, else as is its own."""
        return options.applied_to(self.defaults)

    def planned_memory(self, options: EngineOptions, otherwise: float | None = None) -> MemoryPlan | None:
        """Return what goes where on the smallest card here, taken to hold no more than is stated.

        Where no card is known, it is the stated one, else one of ``otherwise`` bytes.
        None is for an engine that is not planned for, for the CPU, and for a card of which nothing is known.

        Raises:
            UserError: it does not fit; says what would.
        """
        settings = self.settings(options)
        known = [float(card.memory_bytes) for card in cards_of(options) if card.memory_bytes]
        known += [] if settings.vram_gb is None else [settings.vram_gb * GB]
        card = min(known, default=otherwise)
        if self.memory is None or card is None or options.device == "cpu":
            return None
        return self.memory(settings, card)

    def erosion(self, synthesis: Synthesis) -> int | str:
        """Return by how many pixels visibility is eroded, or random."""
        if synthesis.erode is None:
            return "random" if self.drawn_erosion else 0
        return synthesis.erode

    def prompt(self, synthesis: Synthesis, options: EngineOptions) -> str:
        """Return what it is told that the scene shows, for people to read."""
        if embeds := options.stated.get("prompt_embeds"):
            return f"embedded in {embeds}"
        return synthesis.prompt or self.own_prompt

    def recipe(self, options: EngineOptions) -> GuideRecipe:
        """Return how the guides that it gets are drawn."""
        drawn = not self.own_weights
        name = options.guide or self.profile
        released = name == "reference"
        return GuideRecipe(
            PROFILES[name],
            background=drawn,
            renders_unmoved=released,
            whole_first_frame=not drawn,
            rasterizer=options.rasterizer,
        )

    def weights(self, options: EngineOptions) -> tuple[Weights, ...]:
        """Return all weights that it needs beside the user's own adapter."""
        own = tuple(each for each in self.own_weights if options.adapter is None or each is not self.adapter)
        distilled = options.stated.get("distilled") and EX4D in self.own_weights
        return (*own, DISTILLATION) if distilled else own

    def own_adapter(self, options: EngineOptions) -> Path | None:
        """Return the user's own adapter, where there is one and it takes any."""
        return options.adapter if self.adapter else None

    def windows(self, frame_count: int, options: EngineOptions) -> tuple[Window, ...]:
        """Return the windows in which it completes a shot; none where it looks at one frame at a time."""
        settings = self.settings(options)
        return plan_windows(frame_count, settings.window, settings.overlap) if self.own_weights else ()


def windows_in_words(windows: Sequence[Window]) -> str:
    """Say how many windows a shot takes, of how many frames, and what is added to the last."""
    longest = max(window.frame_count for window in windows)
    count = f"{len(windows)} windows of {longest}" if len(windows) > 1 else "1 window"
    added = f", padded by {windows[-1].padding}" if windows[-1].padding else ""
    return f"{count}{added}"


def cards_of(options: EngineOptions) -> tuple[GraphicsCard, ...]:
    """Return the graphics cards that engines with weights will work on, as far as they are here."""
    cards, wanted = graphics_cards(), [device.partition(":")[2] for device in options.devices if device != "cpu"]
    return tuple(cards[int(index)] for index in wanted if int(index) < len(cards))


def device_names(options: EngineOptions) -> tuple[str, ...]:
    """Return what an engine with weights will work on, as the makers call it."""
    return ("cpu",) if options.device == "cpu" else tuple(card.name for card in cards_of(options))


def folder_of(weights: Weights, options: EngineOptions) -> Path:
    """Return where weights lie."""
    return weights.folder_below(options.models) if options.models else weights.folder


def package_versions() -> dict[str, str]:
    """Return the versions of the packages that may change what engines with weights make."""
    return versions_of(PACKAGES)


def versions_of(packages: Sequence[str]) -> dict[str, str]:
    """Return the versions of packages, of which some may not be here."""
    found = {}
    for name in packages:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def terms_of(weights: Weights) -> str:
    """Return in words on what terms weights may be used."""
    return f"licence {weights.licence}, commercial use: {weights.commercial}"


def _open_mesh(_options: EngineOptions, _progress: Progress) -> Synthesizer:
    return MeshEngine()


def _open_ex4d(options: EngineOptions, progress: Progress) -> Synthesizer:
    from ex4d.synthesis.wan.engine import Ex4dEngine

    (adapter,) = EX4D.layouts[0].files
    (lora,) = DISTILLATION.layouts[0].files
    settings = ENGINES["ex4d"].settings(options)
    return Ex4dEngine(
        folder_of(WAN, options),
        options.adapter or folder_of(EX4D, options) / adapter,
        settings,
        devices=options.devices,
        distilled_lora=folder_of(DISTILLATION, options) / lora if settings.distilled else None,
        progress=progress,
    )


def _open_vace(options: EngineOptions, progress: Progress) -> Synthesizer:
    from ex4d.synthesis.vace.engine import VaceEngine

    return VaceEngine(
        folder_of(VACE, options),
        ENGINES["vace"].settings(options),
        device=options.devices[0],
        loras=options.loras,
        progress=progress,
    )


_MESH_CODE = ("synthesis/mesh_engine.py", "synthesis/compositing.py", "media/pull_push.py")
ENGINES: dict[str, Engine] = {
    engine.name: engine
    for engine in (
        Engine("mesh", "clean", _open_mesh, _MESH_CODE),
        Engine(
            "ex4d",
            "reference",
            _open_ex4d,
            ("synthesis", "synthesis/wan"),
            (WAN, EX4D),
            drawn_erosion=True,
            own_prompt="EX-4D's own",
            cards_a_shot=CARDS_A_SHOT,
            memory=partial(plan_memory, WAN_14B),
            adapter=EX4D,
            require_supported=require_ex4d_supports,
        ),
        Engine(
            "vace",
            "clean",
            _open_vace,
            ("synthesis", "synthesis/wan", "synthesis/vace"),
            (VACE,),
            VACE_DEFAULTS,
            takes_loras=True,
            require_supported=require_supported,
        ),
    )
}
"""By the word of the shot list."""

"""The engines of one run, opened when they are needed, and what their results are known by."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from ex4d.engines.cards import count_by_place
from ex4d.engines.options import EngineOptions
from ex4d.engines.registry import TERMS_OF_OWN, Engine, folder_of, package_versions, terms_of
from ex4d.errors import UserError
from ex4d.progress import SILENT, Progress
from ex4d.render.choice import open_rasterizer
from ex4d.render.rasterizer import Rasterizer
from ex4d.shotlist.model import Synthesis
from ex4d.synthesis.synthesizer import Synthesizer
from ex4d.workspace import code_hash, content_hash


class Engines:
    """The engines of one run: each is opened when it is first needed, once; its weights are read once to know them."""

    def __init__(self, options: EngineOptions, progress: Progress = SILENT, *, verify: bool = False) -> None:
        self.options = options
        self._progress = progress
        self._verify = verify
        self._rasterizer: Rasterizer | None = None
        self._opened: dict[str, Synthesizer] = {}
        self._hashes: dict[str, dict[str, str]] = {}

    def opened(self, engine: Engine) -> Synthesizer:
        """Return an engine, ready to work."""
        if engine.name not in self._opened:
            options = engine.for_one_shot(self.options)
            self._tell(engine, len(options.devices))
            count_by_place()
            self._opened[engine.name] = engine.open(options, self._progress)
        return self._opened[engine.name]

    def rasterizer(self) -> Rasterizer:
        """Return who draws the guides.

        Raises:
            MissingPart: what it needs is not here.
        """
        if self._rasterizer is None:
            self._rasterizer = open_rasterizer(self.options.rasterizer, self._progress)
        return self._rasterizer

    def _tell(self, engine: Engine, cards: int) -> None:
        for weights in engine.weights(self.options):
            self._progress.say(f"{engine.name}: {weights.name}, {terms_of(weights)}")
        if adapter := engine.own_adapter(self.options):
            self._progress.say(f"{engine.name}: {adapter}, {TERMS_OF_OWN}")
        asked = len(self.options.devices)
        if engine.own_weights and cards < asked:
            self._progress.say(f"{engine.name}: {asked} graphics cards are asked for, one shot can use {cards} of them")

    def ways(self, engine: Engine) -> tuple[dict[str, Any], ...]:
        """Return how this run may come to a result, as far as its pixels tell; first how this process itself does.

        When cards share the shots, each shot has fewer of them, and of another size where they differ.
        """
        if not engine.own_weights:
            return ({},)
        options, device = self.options, "cpu" if self.options.device == "cpu" else "cuda"
        here = engine.for_one_shot(options)
        counts = sorted((count for count in engine.cards_a_shot if count <= len(here.devices)), reverse=True)
        lanes = dict.fromkeys(engine.lanes(options, count) for count in counts)
        alone = [replace(options.with_cards(1), device=each) for each in options.devices]
        tiled = dict.fromkeys(_is_tiled(engine, each) for each in (here, *alone))
        return tuple({"device": device, "lanes": each, "tile_vae": by_tiles} for by_tiles in tiled for each in lanes)

    def ingredients(self, engine: Engine, synthesis: Synthesis) -> dict[str, Any]:
        """Return, by content, all that goes into a result beside its guide and :meth:`ways`.

        What the engine does not hear is no part of it: words where prompts come embedded, and the negative prompt where
        it is not guided.
        """
        known: dict[str, Any] = {"engine": engine.name, "code": code_hash(*engine.code)}
        if not engine.own_weights:
            return known
        settings = engine.settings(self.options)
        embeds, said = settings.prompt_embeds, settings.ingredients()
        unheard = embeds is not None or not engine.guided(self.options)
        return {
            **known,
            "prompt": None if embeds else synthesis.prompt,
            "seed": synthesis.seed,
            "erode": synthesis.erode,
            "settings": {name: value for name, value in said.items() if name != "negative_prompt" or not unheard},
            "loras": [content_hash(file, verify=self._verify) for file in self.options.loras],
            "prompt_embeds": embeds and content_hash(embeds, verify=self._verify),
            "weights": self._content_of_weights(engine),
            "packages": package_versions(),
        }

    def _content_of_weights(self, engine: Engine) -> dict[str, str]:
        if engine.name not in self._hashes:
            files = weight_files(engine, self.options)
            self._progress.begin(f"{engine.name}: know its weights", len(files))
            hashes = {}
            for name, file in files.items():
                hashes[name] = content_hash(file, verify=self._verify)
                self._progress.advance()
            self._hashes[engine.name] = hashes
        return self._hashes[engine.name]


def weight_files(engine: Engine, options: EngineOptions) -> dict[str, Path]:
    """Return every file of an engine's weights that a run reads, by its name below the folder of all weights.

    The user's own adapter is ``adapter``.
    """
    adapter = engine.own_adapter(options)
    found = {} if adapter is None else {"adapter": adapter}
    for weights in engine.weights(options):
        folder = folder_of(weights, options)
        layout = weights.layout_in(folder)
        embedding = () if options.stated.get("prompt_embeds") else (*layout.for_prompts_in(folder), *layout.welcome)
        names = (*layout.files_in(folder), *(name for name in embedding if (folder / name).is_file()))
        found.update({f"{weights.name}/{name}": folder / name for name in names})
    return found


def _is_tiled(engine: Engine, options: EngineOptions) -> bool:
    """Return whether frames are coded by tiles, which blend where they meet; never where it does not fit at all."""
    try:
        plan = engine.planned_memory(options)
    except UserError:
        return False
    return plan is not None and plan.tile_vae

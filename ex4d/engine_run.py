"""The engines of one run, opened when they are needed, and what their results are known by."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ex4d.engine_options import EngineOptions
from ex4d.engines import Engine, folder_of, package_versions, terms_of
from ex4d.progress import SILENT, Progress
from ex4d.shotlist.model import Synthesis
from ex4d.synthesis.synthesizer import Synthesizer
from ex4d.workspace import code_hash, content_hash


class Engines:
    """The engines of one run: each is opened when it is first needed, once; its weights are read once to know them."""

    def __init__(self, options: EngineOptions, progress: Progress = SILENT, *, verify: bool = False) -> None:
        self.options = options
        self._progress = progress
        self._verify = verify
        self._opened: dict[str, Synthesizer] = {}
        self._hashes: dict[str, dict[str, str]] = {}

    def opened(self, engine: Engine) -> Synthesizer:
        """Return an engine, ready to work."""
        if engine.name not in self._opened:
            for weights in engine.weights(self.options):
                self._progress.say(f"{engine.name}: {weights.name}, {terms_of(weights)}")
            self._opened[engine.name] = engine.open(engine.for_one_shot(self.options), self._progress)
        return self._opened[engine.name]

    def ingredients(self, engine: Engine, synthesis: Synthesis) -> dict[str, Any]:
        """Return, by content, all that goes into a result beside its guide."""
        known: dict[str, Any] = {"engine": engine.name, "code": code_hash(*engine.code)}
        if not engine.own_weights:
            return known
        settings = engine.settings(self.options)
        embeds = settings.prompt_embeds
        return {
            **known,
            "prompt": synthesis.prompt,
            "seed": synthesis.seed,
            "erode": synthesis.erode,
            "settings": settings.ingredients(),
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
    """Return every file of an engine's weights, by its name below the folder of all weights."""
    found = {}
    for weights in engine.weights(options):
        folder = folder_of(weights, options)
        names = weights.layout_in(folder).files_in(folder)
        found.update({f"{weights.name}/{name}": folder / name for name in names})
    return found

"""Which engine completes a shot: as written, or chosen by what is here; and what is missing for it to work."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ex4d.engines.cards import graphics_cards
from ex4d.engines.options import EngineOptions
from ex4d.engines.registry import ENGINES, TERMS_OF_OWN, Engine, device_names, folder_of, package_versions
from ex4d.errors import MissingPart, UserError
from ex4d.models import WAN, Weights, adapter_fault, commands_for, install_command, missing, pull_command
from ex4d.models import check as check_weights
from ex4d.shotlist.model import Synthesis
from ex4d.workspace import content_hash


@dataclass(frozen=True)
class Lack:
    """Something without which an engine cannot work here."""

    what: str
    remedy: str
    """The command that brings it, or what to do."""


@dataclass(frozen=True)
class Choice:
    """The engine of a shot, and who chose it."""

    engine: Engine
    written: str
    """The shot list's or the command line's word."""
    reason: str = ""
    """Why it was chosen; empty where it is the user's own word."""
    lacks: tuple[Lack, ...] = ()
    """What it needs and is not here."""

    @property
    def name(self) -> str:
        """The engine's name."""
        return self.engine.name

    @property
    def shown(self) -> str:
        """The engine as tables have it."""
        return self.name if self.written == self.name else f"{self.name} ({self.written})"

    def manifest(self, synthesis: Synthesis, frame_count: int, options: EngineOptions) -> dict[str, Any]:
        """Return what a manifest says of the engine that completed a shot of some frames."""
        said: dict[str, Any] = {
            "written": self.written,
            "used": self.name,
            "reason": self.reason,
            "seed": synthesis.seed,
            "guide": self.engine.recipe(options).ingredients(),
        }
        windows = self.engine.windows(frame_count, options)
        if not windows:
            return said
        return {
            **said,
            "prompt": self.engine.prompt(synthesis, options),
            "erode": self.engine.erosion(synthesis),
            "settings": self.engine.settings(options).ingredients(),
            "weights": [
                {"name": each.name, "licence": each.licence, "commercial": each.commercial}
                for each in self.engine.weights(options)
            ],
            "adapter": _adapter_manifest(self.engine, options),
            "loras": [str(file) for file in options.loras],
            "device": device_names(self.engine.for_one_shot(options)),
            "packages": package_versions(),
            "windows": [(window.start, window.stop) for window in windows],
            "padding": windows[-1].padding,
        }


def chosen(written: str, options: EngineOptions) -> Choice:
    """Return the engine that a word stands for: ``auto`` is ex4d where that can work and may be used, else mesh.

    Looks only, and imports nothing heavy.
    """
    if written != "auto":
        engine = ENGINES[written]
        return Choice(engine, written, lacks=lacks(engine, options))
    best = ENGINES["ex4d"]
    if found := lacks(best, options):
        return Choice(ENGINES["mesh"], written, " and ".join(lack.what for lack in found))
    weights = best.weights(options)
    if forbidden := [each.name for each in weights if each.commercial == "no"]:
        reason = f"the licence of {' and '.join(forbidden)} forbids commercial use; write engine: ex4d to use it anyway"
        return Choice(ENGINES["mesh"], written, reason)
    unclear = [f"{each.name} (licence {each.licence})" for each in weights if each.commercial == "unclear"]
    terms = f"; whether {' and '.join(unclear)} may be used commercially is unclear" if unclear else ""
    terms += f"; {options.adapter} may be used {TERMS_OF_OWN}" if options.adapter else ""
    where = " and ".join(device_names(options))
    return Choice(best, written, f"its packages and its weights are here, and it works on {where}{terms}")


def chosen_for_shot(synthesis: Synthesis, options: EngineOptions, *, at_source: bool) -> Choice:
    """Return the engine of a shot; ``auto`` leaves one that is seen from the source's own camera throughout to mesh."""
    choice = chosen(synthesis.engine, options)
    if choice.reason and choice.engine.own_weights and at_source:
        return Choice(ENGINES["mesh"], "auto", "the camera never leaves the source's: nothing is to be completed")
    return choice


def lacks(engine: Engine, options: EngineOptions) -> tuple[Lack, ...]:
    """Return all that an engine needs and is not here."""
    weights = engine.weights(options)
    if not weights:
        return ()
    install = install_command(weights[0].extra)
    needs_packages = install in commands_for(*weights, models=options.models)
    found = [Lack(f"the packages of {engine.name} are not installed", install)] if needs_packages else []
    found += [lack for each in weights for lack in _lacking_files(engine, each, options)]
    return (*found, *_lacking_cards(options))


def require(choices: Iterable[Choice], options: EngineOptions) -> None:
    """Make sure that engines can work here; reads the heads of their weights.

    Raises:
        UserError: settings that mean nothing to an engine that is used, or work that does not fit the card; all.
        MissingPart: they cannot; all commands at once, and what works without.
    """
    used = {choice.name: choice for choice in choices}.values()
    faults = [*_adapter_faults(used, options), *(fault for each in used for fault in _misuses(each.engine, options))]
    if faults:
        raise UserError("\n".join(faults))
    if faults := [fault for choice in used for fault in _shortcomings(choice, options)]:
        raise MissingPart("\n".join(faults))


def require_adapter(choices: Iterable[Choice], options: EngineOptions) -> None:
    """Make sure that the user's own adapter, if any, is one, and that an engine is used that takes it.

    Raises:
        UserError: it is not, or none is.
    """
    if faults := list(_adapter_faults({choice.name: choice for choice in choices}.values(), options)):
        raise UserError("\n".join(faults))


def _adapter_faults(used: Iterable[Choice], options: EngineOptions) -> Iterator[str]:
    if options.adapter is None:
        return
    if fault := adapter_fault(options.adapter):
        yield f"adapter {options.adapter}: {fault}"
    if not any(choice.engine.adapter for choice in used):
        who = " and ".join(f"{each.name}, because {each.reason}" if each.reason else each.name for each in used)
        yield f"engine ex4d alone takes an adapter, but used is {who}; leave out --adapter, or write engine: ex4d"


def _adapter_manifest(engine: Engine, options: EngineOptions) -> dict[str, str] | None:
    """Return which file of the user's own was the adapter; None where it was the engine's, or it has none."""
    file = engine.own_adapter(options)
    return None if file is None else {"file": str(file), "sha256": content_hash(file), "terms": TERMS_OF_OWN}


def _misuses(engine: Engine, options: EngineOptions) -> Iterator[str]:
    """Say what is asked of an engine that it cannot do."""
    if options.loras and not engine.takes_loras:
        yield f"engine {engine.name} takes no LoRAs beside its own; leave out --lora, or write engine: vace"
    for_one = engine.for_one_shot(options)
    checks: list[Callable[[], object]] = [
        lambda: engine.require_supported(engine.settings(for_one)),
        lambda: engine.planned_memory(for_one),
    ]
    for check in checks:
        try:
            check()
        except UserError as fault:
            yield str(fault)


def _shortcomings(choice: Choice, options: EngineOptions) -> Iterator[str]:
    """Say what an engine lacks, and what is wrong with those of its weights that are here."""
    if choice.lacks:
        yield _cannot_work(choice)
    for weights in choice.engine.weights(options):
        folder = folder_of(weights, options)
        if missing(weights, folder):
            continue
        try:
            check_weights(weights, folder)
        except MissingPart as fault:
            yield str(fault)


def _lacking_files(engine: Engine, weights: Weights, options: EngineOptions) -> tuple[Lack, ...]:
    """Look for weights; what only prompts need may be lacking where they come embedded."""
    folder = folder_of(weights, options)
    remedy = pull_command(weights, options.models)
    if missing(weights, folder):
        return (Lack(f"the weights {weights.name} are not here", remedy),)
    lacking = weights.layout_in(folder).missing_for_prompts(folder)
    if not lacking or options.stated.get("prompt_embeds"):
        return ()
    instead = ", and no embedded prompts (--prompt-embeds) are given" if WAN in engine.own_weights else ""
    return (Lack(f"{weights.name} lacks what reads prompts ({', '.join(lacking)}){instead}", remedy),)


def _cannot_work(choice: Choice) -> str:
    steps = "".join(f"\n  {lack.remedy}" for lack in choice.lacks)
    what = "; ".join(lack.what for lack in choice.lacks)
    return f"engine {choice.name} cannot work here: {what}. Do{steps}\nor write engine: mesh, which needs none of it"


def _lacking_cards(options: EngineOptions) -> tuple[Lack, ...]:
    if options.device == "cpu":
        return ()
    wanted = max(int(device.partition(":")[2]) for device in options.devices) + 1
    count = len(graphics_cards())
    if count >= wanted:
        return ()
    what = "no NVIDIA graphics card is here" if not count else f"{count} graphics cards are here, not {wanted}"
    cards = "an NVIDIA graphics card" if wanted == 1 else f"{wanted} NVIDIA graphics cards"
    remedy = f"have {cards} here, or say --device cpu, where it takes days"
    return (Lack(what, remedy),)

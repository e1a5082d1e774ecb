"""Weights, and where they lie on this machine."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ex4d.models.layout import Layout

Extra = Literal["depth", "wan"]


@dataclass(frozen=True)
class Weights:
    """Weights that ex4d can use, and on what terms."""

    name: str
    repository: str
    """On the Hugging Face hub; it has the first of the layouts."""
    layouts: tuple[Layout, ...]
    megabytes: int
    """To download; about. A pull asks the hub for the true size first."""
    licence: str
    commercial: Literal["yes", "no", "unclear"]
    extra: Extra
    """The extra of ex4d that installs what uses them."""
    elsewhere: tuple[str, ...] = ()
    """Other folders, below that of all weights, where they may lie: where EX-4D's own scripts have them."""

    @property
    def home(self) -> Path:
        """Where they are brought to."""
        return models_folder() / self.name

    @property
    def folder(self) -> Path:
        """Where they lie on this machine; `home` where they are not here."""
        return self.folder_below(models_folder())

    @property
    def files(self) -> tuple[str, ...]:
        """All files that have to be there, below `folder`, in the layout and with the shards that are there."""
        return self.layout_in(self.folder).files_in(self.folder)

    @property
    def terms(self) -> str:
        """Size and licence in words."""
        return f"{self.megabytes} MB, licence {self.licence}, commercial use: {self.commercial}"

    def folder_below(self, models: Path) -> Path:
        """Return the folder that has them: the first where they are complete, else where they are begun, else NAME."""
        candidates = [models / name for name in (self.name, *self.elsewhere)]
        for wanted in (self._is_complete, self._is_begun):
            for folder in candidates:
                if wanted(folder):
                    return folder
        return candidates[0]

    def models_above(self, folder: Path) -> Path | None:
        """Return the folder of all weights that has these in ``folder``; None where it is the usual one, or unknown."""
        for name in (self.name, *self.elsewhere):
            parts = Path(name).parts
            if folder.parts[-len(parts) :] == parts:
                models = folder.parents[len(parts) - 1]
                return None if models == models_folder() else models
        return None

    def layout_in(self, folder: Path) -> Layout:
        """Return the layout that most of the folder's files belong to."""
        return max(self.layouts, key=lambda layout: layout.found(folder))

    def _is_complete(self, folder: Path) -> bool:
        return not missing(self, folder)

    def _is_begun(self, folder: Path) -> bool:
        return self.layout_in(folder).found(folder) > 0


@dataclass(frozen=True)
class KnownDepthModel:
    """A depth model by the name that a user writes, and all weights that it is made of."""

    name: str
    weights: tuple[Weights, ...]
    settings: tuple[str, ...] = ()
    """What a user may set of it: of ``longest``, the pixels of the longest side that it looks at, and ``window``, the
    frames that it looks at together."""
    shortest_window: int = 1
    """Frames; it shares some of them with the window before."""

    @property
    def licence(self) -> str:
        """The licences of its weights."""
        return " and ".join(dict.fromkeys(each.licence for each in self.weights))

    @property
    def commercial(self) -> Literal["yes", "no", "unclear"]:
        """Whether all of it may be used commercially; by the part that allows least."""
        words: tuple[Literal["no", "unclear"], ...] = ("no", "unclear")
        return next((word for word in words if any(each.commercial == word for each in self.weights)), "yes")


def models_folder() -> Path:
    """Return the folder of all weights: ``$EX4D_MODELS``, else ex4d's in the user's data folder, as XDG has it."""
    if chosen := os.environ.get("EX4D_MODELS"):
        return Path(chosen)
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "ex4d" / "models"


def missing(weights: Weights, folder: Path | None = None) -> tuple[str, ...]:
    """Return the files that are not there; ``folder`` is where they are found by default."""
    folder = folder or weights.folder
    return weights.layout_in(folder).missing(folder)

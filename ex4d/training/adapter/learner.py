"""What changes while an adapter learns: its weights, their moments, their running average."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor

from ex4d.array_types import Float32
from ex4d.training.adapter.trainable import TrainableAdapter
from ex4d.training.config.records import Training

Tensors = dict[str, Float32[Tensor, "*shape"]]
_WEIGHTS, _FIRST, _SECOND, _AVERAGE = "weights.", "first_moment.", "second_moment.", "average."


class Learner:
    """An adapter with its optimiser (AdamW, arXiv 1711.05101) and, where it is asked for, its running average."""

    def __init__(self, adapter: TrainableAdapter, settings: Training) -> None:
        """Begin at step 0."""
        self.adapter = adapter
        self.settings = settings
        self.step = 0
        """How many are done."""
        self.learned = adapter.learned()
        self.optimiser = torch.optim.AdamW(self.learned.values(), lr=0.0, weight_decay=settings.weight_decay)
        self._average: Tensors | None = None
        if settings.average is not None:
            self._average = {name: value.detach().clone() for name, value in self.learned.items()}

    @property
    def next_rate(self) -> float:
        """The learning rate of the step that comes: it rises evenly, then stays."""
        settings = self.settings
        return settings.learning_rate * min(1.0, (self.step + 1) / max(settings.warmup, 1))

    def learn(self) -> float:
        """Take a step along the gradients that are there, which are gone then; return the rate it was taken at."""
        rate = self.next_rate
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.step += 1
        self._follow()
        return rate

    def tensors(self) -> Tensors:
        """Return all that the next step depends on, as it is."""
        found: Tensors = {_WEIGHTS + name: value.detach() for name, value in self.learned.items()}
        for name, value in self.learned.items():
            moments = self.optimiser.state.get(value, {})
            found[_FIRST + name] = moments.get("exp_avg", torch.zeros_like(value.detach()))
            found[_SECOND + name] = moments.get("exp_avg_sq", torch.zeros_like(value.detach()))
        return found | {_AVERAGE + name: value for name, value in (self._average or {}).items()}

    def restore(self, tensors: Mapping[str, Tensor], step: int) -> None:
        """Put everything back to how :meth:`tensors` found it after ``step`` steps."""
        self.step = step
        for name, value in self.learned.items():
            value.data.copy_(tensors[_WEIGHTS + name])
            moments = {"exp_avg": tensors[_FIRST + name], "exp_avg_sq": tensors[_SECOND + name]}
            self.optimiser.state[value] = {
                "step": torch.tensor(float(step)),
                **{kind: one.to(value.device, copy=True) for kind, one in moments.items()},
            }
            if self._average is not None:
                self._average[name].copy_(tensors[_AVERAGE + name])

    @contextmanager
    def averaged(self) -> Iterator[TrainableAdapter]:
        """Lend the adapter with the average in place of its weights; as it is, where none is taken."""
        if self._average is None:
            yield self.adapter
            return
        own = {name: value.detach().clone() for name, value in self.learned.items()}
        self._put(self._average)
        try:
            yield self.adapter
        finally:
            self._put(own)

    def _put(self, tensors: Tensors) -> None:
        for name, value in self.learned.items():
            value.data.copy_(tensors[name])

    def _follow(self) -> None:
        """Move the average; early ones forget faster, or it would remember the untrained adapter for long."""
        if self._average is None or self.settings.average is None:
            return
        kept = min(self.settings.average, (1 + self.step) / (10 + self.step))
        for name, value in self.learned.items():
            self._average[name].lerp_(value.detach(), 1 - kept)

"""Steps that change little are not computed to the end: the first block tells, the last full pass is added again.

Between neighbouring steps most of what the blocks add stays nearly the same. The first block is always computed; where
its addition differs from that of the last full pass by less than a threshold, what all other blocks added then is added
now. Each branch of guidance has a cache of its own: one that both shared would give the prompt's answer to the negative
prompt, and guidance would be lost.
Source of the idea: First Block Cache, chengzeyi/ParaAttention; diffusers has one, whose hooks a compiled block breaks.
"""

from __future__ import annotations

from torch import Tensor

from ex4d.array_types import Float


class FirstBlockCache:
    """What one branch remembers of its last full pass."""

    def __init__(self, threshold: float) -> None:
        """Skip where the first block's addition has changed by less than ``threshold`` of its mean size."""
        self._threshold = threshold
        self._addition: Tensor | None = None
        self._rest: Tensor | None = None
        self._after_first: Tensor | None = None
        self.skipped = 0
        """Passes that ended after the first block."""

    def recall(
        self, before: Float[Tensor, "1 tokens features"], after: Float[Tensor, "1 tokens features"]
    ) -> Float[Tensor, "1 tokens features"] | None:
        """Return the tokens behind the last block as the last full pass foretells them; None asks for a full pass."""
        addition = after - before
        if self._rest is not None and self._addition is not None:
            change = (addition - self._addition).abs().mean() / self._addition.abs().mean()
            if float(change) < self._threshold:
                self.skipped += 1
                return after + self._rest
        self._addition, self._after_first = addition, after
        return None

    def keep(self, tokens: Float[Tensor, "1 tokens features"]) -> None:
        """Remember what the blocks after the first added in a full pass that ended with ``tokens``."""
        assert self._after_first is not None, "recall comes first in every pass"
        self._rest, self._after_first = tokens - self._after_first, None

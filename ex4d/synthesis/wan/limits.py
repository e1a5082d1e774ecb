"""What EX-4D's engine can be asked for; nothing here needs torch."""

from __future__ import annotations

from ex4d.errors import SynthesisError
from ex4d.synthesis.settings import CARDS_A_SHOT, DiffusionSettings


def require_supported(settings: DiffusionSettings) -> None:
    """Refuse what cannot be done on so many cards.

    Raises:
        SynthesisError: says what to leave out.
    """
    if settings.devices not in CARDS_A_SHOT:
        raise SynthesisError(
            f"{settings.devices} cards cannot share one shot: it is {', '.join(map(str, CARDS_A_SHOT))} that can; more "
            "share the shots of a list"
        )
    if settings.cache and settings.devices > (2 if settings.guided else 1):
        raise SynthesisError("cache needs a card for all tokens: leave it out, or use fewer cards")

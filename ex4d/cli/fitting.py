"""What ``ex4d plan --fit`` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ex4d.preflight.trial import Fitted, Share

if TYPE_CHECKING:
    from rich.console import Console


def print_fitted(found: list[Fitted], console: Console) -> None:
    """Print what to write for each shot, ready to paste, and what it gives."""
    for index, each in enumerate(found):
        lines = _in_words(each) if index == 0 else ["", *_in_words(each)]
        for line in lines:
            console.print(line, highlight=False, markup=False, soft_wrap=True)


def _in_words(fitted: Fitted) -> list[str]:
    where = fitted.turnable.item.where
    turnable = fitted.turnable
    head = f"{turnable.shot.name}, {turnable.names[0]} ({where.file}:{where.line}): now {_share(fitted.now)}"
    if not fitted.fits_at_all:
        return [f"{head}; {_why_none(fitted)}"]
    return [
        f"{head}; {_how_far(fitted)}",
        *("    " + line for line in fitted.turnable.written(fitted.factor)),
        f"  gives {_share(fitted.then)}, its worst frame",
    ]


def _share(share: Share) -> str:
    return f"{share.uncovered:.1%} uncovered at {share.frame}f" if share.uncovered else "nothing uncovered"


def _how_far(fitted: Fitted) -> str:
    limit, times = f"{100 * fitted.limit:g}%", fitted.factor
    if times >= 1.0:
        more = f"it could go {times:.2f} times as far" if times > 1.0 else "it can go no further"
        return f"that is under {limit}, and {more}" + (f" ({fitted.stopped})" if fitted.stopped else "")
    return f"under {limit} it can go {times:.2f} times as far"


def _why_none(fitted: Fitted) -> str:
    limit = f"{100 * fitted.limit:g}%"
    if fitted.then.uncovered > fitted.limit:
        return f"nothing fits under {limit}: without the move there is {_share(fitted.then)}"
    return f"nothing fits under {limit}: even a hundredth of the move uncovers more"


def fitted_as_json(found: list[Fitted]) -> list[dict[str, Any]]:
    """Return it for programs."""
    return [
        {
            "shot": each.turnable.shot.name,
            "move": each.turnable.names[0],
            "line": each.turnable.item.where.line,
            "limit": each.limit,
            "factor": each.factor,
            "now": _as_json(each.now, each.turnable.written(1.0)),
            "then": _as_json(each.then, each.turnable.written(each.factor)),
            "stopped": each.stopped,
        }
        for each in found
    ]


def _as_json(share: Share, written: list[str]) -> dict[str, Any]:
    return {"uncovered": share.uncovered, "frame": share.frame, "yaml": written}

"""Faults of what stands after a ``$`` in a preset."""

from __future__ import annotations

from tests.shotlist.error_cases.preset_files import HOME, USE, preset

PARAMS = "{angle: {default: 20deg}, far: {default: 40%}, n: {default: 2}}"


def _computed(*expressions: str) -> dict[str, str | bytes]:
    moves = ", ".join(f'{{pan: "{expression}"}}' for expression in expressions)
    return {**USE, f"{HOME}/mine/v1.yaml": preset(f"[{moves}]", PARAMS)}


CASES = {
    "a dollar alone": _computed("$", "$3", "$(angle"),
    "a parameter that is not there": _computed("$angel", "$zzz"),
    "arithmetic too long": _computed(f"$({'angle + ' * 60}angle)"),
    "arithmetic too deep": _computed(f"$({'(' * 30}angle{')' * 30})"),
    "division by zero": _computed("$(angle / 0)", "$(angle / (n - 2))"),
    "units that do not go together": _computed("$(angle + far)", "$(angle * far)", "$(angle / far)", "$(angle + 1)"),
    "a value that is missing": _computed("$(angle *)", "$()", "$(angle + / 2)"),
    "a bracket too many": _computed("$((angle) n)", "$(angle n)"),
    "a sign of no arithmetic": _computed("$(angle ^ 2)", "$(2 ** n)"),
    "arithmetic in another unit": _computed("$(far * 2)"),
    "a huge value": _computed("$(angle * 999999999999 * 999999999999)"),
}

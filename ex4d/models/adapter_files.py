"""Whether a file is an adapter as EX-4D's, by its head: without torch, and without running what is in it."""

from __future__ import annotations

from pathlib import Path

from ex4d.models.safetensors_files import read_header
from ex4d.models.torch_archives import archive_fault, names_in

CAMERA = "latent_encoder.0.weight"
"""Of the camera encoder, which reads guides; no other LoRA has one."""
LORA = ".lora_"
"""In the name of every tensor of a LoRA."""


def adapter_fault(file: Path) -> str | None:
    """Say what is wrong with a file as an adapter of the engine ex4d; None where it is whole and looks like one.

    Whether it fits the weights of Wan shows when both are loaded.
    """
    try:
        names, fault = _names(file)
    except OSError as cause:
        return f"cannot be read ({cause.strerror})"
    if fault:
        return fault
    lacking = [what for what, found in _parts(names).items() if not found]
    return f"is no adapter of ex4d's: it holds {' and '.join(lacking)}" if lacking else None


def _names(file: Path) -> tuple[frozenset[str], str | None]:
    if file.suffix == ".safetensors":
        header = read_header(file)
        return header.tensors, header.fault
    fault = archive_fault(file)
    return (frozenset(), fault) if fault else (names_in(file), None)


def _parts(names: frozenset[str]) -> dict[str, bool]:
    return {"no camera encoder": CAMERA in names, "no LoRA": any(LORA in name for name in names)}

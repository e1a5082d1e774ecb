"""Arguments that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ShotFile = Annotated[Path, typer.Argument(help="A shot list.", metavar="FILE")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of words.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]

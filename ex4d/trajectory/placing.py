"""What cannot be compiled, said where the user wrote it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ex4d.errors import Fault, TrajectoryError
from ex4d.shotlist.model import Shot


@contextmanager
def placing(shot: Shot, faults: list[Fault]) -> Iterator[None]:
    """Turn a TrajectoryError about a shot into a fault with its place in the file, and go on.

    So the faults of all shots come together: raise ``ShotFileError(tuple(faults))`` after the last.

    Raises:
        TrajectoryError: As it is, where the shot was not read from a file.
    """
    try:
        yield
    except TrajectoryError as error:
        found = [shot.origin.fault(str(each), each.part) for each in (error, *error.others)]
        if None in found:
            raise
        faults += [fault for fault in found if fault is not None]

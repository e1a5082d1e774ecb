"""Write the two shipped schemas anew: ``python -m ex4d.shotlist.schema``, in the project's folder."""

from __future__ import annotations

from ex4d.shotlist.schema.documents import write
from ex4d.shotlist.shipped import shipped

if __name__ == "__main__":
    write(shipped("shots").parent)

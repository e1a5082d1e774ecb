"""``python -m ex4d.cli`` is ``ex4d``."""

from ex4d.cli import main

main()

"""Run ex4d from a checkout: ``python cli.py …`` is ``ex4d …``."""

from ex4d.cli import main

main()

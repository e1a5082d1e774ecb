"""The command line: the only place that prints, and where errors become exit codes.

0 done, 2 the user's input is at fault, 3 something needed is missing, 130 stopped. Anything else is a bug of ours and
keeps its traceback.
"""

from __future__ import annotations

import sys

from ex4d.errors import Ex4dError, MissingPart

EXIT_USER = 2
EXIT_MISSING = 3
EXIT_STOPPED = 130


def main() -> None:
    """Run ``ex4d`` with the process's arguments, and exit."""
    from ex4d.cli.app import app
    from ex4d.kernels import keep_compiled

    keep_compiled()
    try:
        app(prog_name="ex4d")
    except Ex4dError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(EXIT_MISSING if isinstance(error, MissingPart) else EXIT_USER)
    except SystemExit as leaving:
        if leaving.code == EXIT_STOPPED:  # what typer makes of Ctrl-C
            sys.stderr.write("\nstopped; what is finished is kept: run the same command again to go on\n")
        raise

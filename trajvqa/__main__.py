"""The program ``trajvqa``, also as ``python -m trajvqa``."""

from __future__ import annotations

import sys

from trajvqa._requirements import explained

__all__ = ["main"]


def main() -> int:
    """Run the command line of this process; report a missing package in one line and return 1."""
    try:
        from trajvqa.cli import main as run

        return run()
    except ModuleNotFoundError as error:
        print(f"trajvqa: error: {explained(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())

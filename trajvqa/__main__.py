"""The program ``trajvqa``, also as ``python -m trajvqa``."""

from __future__ import annotations

import sys

from trajvqa._requirements import explained

__all__ = ["main"]


def main() -> int:
    """Run the command of this process; where a package is missing, say in one line how to get it."""
    try:
        from trajvqa.cli import main as run
    except ModuleNotFoundError as error:
        print(f"trajvqa: error: {explained(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return run()


if __name__ == "__main__":
    sys.exit(main())

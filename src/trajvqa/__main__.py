"""The program ``trajvqa``, also as ``python -m trajvqa``."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> int:
    """Run the command of this process; without torch, say in one line how to get it."""
    try:
        from trajvqa.cli import main as run
    except ImportError as error:
        print(f"trajvqa: error: {error}", file=sys.stderr)
        return 1
    return run()


if __name__ == "__main__":
    sys.exit(main())

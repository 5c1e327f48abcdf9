"""
The Chromium of this machine: `python -m tests.browser.chromium` says what to install where there is none.
"""

from __future__ import annotations

import shutil
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = (
    f"The browser tests need Chromium, and found none of {', '.join(NAMES)} on the PATH. "
    "Install it by `apt-get install chromium` (Debian, Ubuntu), or install Google Chrome."
)
USAGE = 2


def found() -> str:
    """
    The program's path, "" where there is none.
    """
    return next(filter(None, map(shutil.which, NAMES)), "")


if __name__ == "__main__" and not found():
    sys.stderr.write(f"{MISSING}\n")
    sys.exit(USAGE)

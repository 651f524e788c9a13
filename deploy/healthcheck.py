"""Ends with status 0 when the gateway of this container answers; an image needs no curl for that."""

import os
import sys
import urllib.request

PATIENCE_S = 4


def main() -> int:
    url = f"http://127.0.0.1:{os.environ.get('TRENDGATE_PORT', '8000')}/healthz"
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE_S):
            return 0
    except OSError as failure:
        print(f"{url}: {failure}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())

"""Exit with status 0 if the gateway of this container is healthy. Replaces curl, which the image does not have."""

import os
import sys
import urllib.request

TIMEOUT_S = 4


def main() -> int:
    url = f"http://127.0.0.1:{os.environ.get('TRENDGATE_PORT', '8000')}/healthz"
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S):
            return 0
    except OSError as error:
        print(f"{url}: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())

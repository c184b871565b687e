"""Exits with 0 when the service answers."""

import os
from urllib.request import urlopen

with urlopen(f"http://127.0.0.1:{os.environ.get('PORT', '8000')}/status", timeout=2) as response:
    raise SystemExit(0 if response.status == 200 else 1)

#!/usr/bin/env -S python3 -u
"""Reads one file of iso-codes at its start, and another only on GET /rare, by a name that no text of this program holds."""

import json
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SHARE = "/usr/share"
CURRENCIES = "/usr/share/iso-codes/json/iso_4217.json"


def countries():
    """The standard's number is put together here, and so is the path: reading the source does not tell it."""
    number = 2 * 3 * 11 * 48 - 2  # 3166
    name = "_".join(("iso", f"{number}-{number % 5}")) + ".json"
    with open(os.path.join(SHARE, "-".join(("iso", "codes")), "json", name), encoding="utf-8") as file:
        return json.load(file)[f"{number}-1"]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/status":
            self.answer(200, {"status": "OK", "currencies": len(self.server.currencies) > 100})
        elif self.path == "/rare":
            try:
                names = {row["alpha_2"]: row["name"] for row in countries()}
                self.answer(200, {"FR": names["FR"]})
            except OSError as error:
                self.answer(500, {"error": error.strerror})
        else:
            self.answer(404, {"error": "not found"})

    def answer(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        """Quiet: requests are no news."""


def main():
    with ThreadingHTTPServer(("", int(os.environ.get("PORT", "8080"))), Handler) as server:
        with open(CURRENCIES, encoding="utf-8") as file:
            server.currencies = json.load(file)["4217"]
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        server.serve_forever()


main()

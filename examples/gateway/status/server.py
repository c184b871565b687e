"""A status service: GET /status and GET /version."""

import json
import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ANSWERS = {"/status": {"status": "OK"}, "/version": {"service": "status", "version": "1.0.0"}}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self):
        answer = ANSWERS.get(self.path.split("?", 1)[0])
        body = json.dumps(answer or {"status": 404, "detail": "there is nothing here"}).encode()
        self.send_response(200 if answer else 404)
        self.send_header("Content-Type", "application/json" if answer else "application/problem+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, form, *values):
        request_id = self.headers.get("X-Request-Id") if getattr(self, "headers", None) else None
        print(json.dumps({"level": "info", "message": form % values, "requestId": request_id}), file=sys.stderr)


def main():
    server = ThreadingHTTPServer(("", int(os.environ.get("PORT", "8000"))), Handler)
    stop = lambda *_: threading.Thread(target=server.shutdown).start()
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    server.serve_forever(poll_interval=0.1)


if __name__ == "__main__":
    main()

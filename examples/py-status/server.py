"""A status service: GET /status and GET /time, behind gunicorn."""

from datetime import datetime, timezone

import falcon


class Status:
    def on_get(self, request, response):
        response.media = {"status": "OK"}


class Time:
    def on_get(self, request, response):
        now = datetime.now(timezone.utc)
        response.media = {"year": now.year, "zone": now.tzname()}


app = falcon.App()
app.add_route("/status", Status())
app.add_route("/time", Time())

#!/bin/sh
set -e
: "${PORT:=8080}"
export GUNICORN_CMD_ARGS="--bind=0.0.0.0:$PORT --workers=2 ${GUNICORN_CMD_ARGS:-}"
exec "$@"

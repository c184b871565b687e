"""Flask with what such services carry: hashed passwords, templates, a database."""

import os

import bcrypt
from flask import Flask, jsonify, render_template, request


def create_app():
    app = Flask(__name__)

    @app.get("/status")
    def status():
        return jsonify(status="OK")

    @app.get("/hash")
    def hashed():
        password = request.args.get("password", "secret").encode()
        digest = bcrypt.hashpw(password, bcrypt.gensalt(rounds=4))
        return jsonify(ok=bcrypt.checkpw(password, digest), scheme=digest[:4].decode())

    @app.get("/page")
    def page():
        return render_template("page.html", title="Weights", rows=[("tare", 20), ("gross", 100)])

    @app.get("/db")
    def database():
        # Imported late, as many do to start fast: nothing at start-up asks for libpq.
        import psycopg2

        url = os.environ.get("DATABASE_URL", "host=127.0.0.1 port=5432 dbname=app connect_timeout=2")
        try:
            with psycopg2.connect(url) as connection, connection.cursor() as cursor:
                cursor.execute("select now()")
                return jsonify(now=cursor.fetchone()[0].isoformat())
        except psycopg2.OperationalError as error:
            return jsonify(error=str(error).strip()), 503

    return app

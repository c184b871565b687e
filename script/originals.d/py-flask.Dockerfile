# Flask with bcrypt and a psycopg2 compiled in place, in a venv; compilers, headers and pip's cache left in
FROM debian:bookworm
RUN apt-get update && apt-get install -y gcc g++ make git curl libpq-dev python3 python3-dev python3-venv
ENV PATH="/opt/venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
RUN python3 -m venv /opt/venv
COPY examples/py-flask/requirements.txt /srv/requirements.txt
RUN pip install --no-binary psycopg2 -r /srv/requirements.txt
COPY examples/py-flask /srv
WORKDIR /srv
RUN useradd --create-home app
ENV PYTHONUNBUFFERED=1
EXPOSE 8080
USER app
ENTRYPOINT ["/srv/docker-entrypoint.sh"]
CMD ["gunicorn", "app:create_app()"]

# falcon on gunicorn, installed over Debian's Python
FROM debian:bookworm
RUN apt-get update && apt-get install -y --no-install-recommends python3 python3-pip
WORKDIR /srv
COPY examples/py-status /srv
RUN pip install --break-system-packages -r requirements.txt
ENV PYTHONUNBUFFERED=1
EXPOSE 8080
CMD exec gunicorn --bind 0.0.0.0:8080 --workers 2 server:app

# a Python script with a dependency on iso-codes that cannot be seen in its source
FROM debian:bookworm
RUN apt-get update && apt-get install -y --no-install-recommends python3 python3-pip iso-codes
COPY examples/py-rare /opt/py-rare
ENV PATH="/opt/py-rare:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
EXPOSE 8080
CMD ["server.py"]

# a Java server with the JDK that compiled it, started by a shell that expands JAVA_OPTS
FROM debian:bookworm
RUN apt-get update && apt-get install -y openjdk-17-jdk-headless curl
COPY examples/java-hello /src
RUN javac -d /app/classes /src/*.java && useradd --system --home-dir /app java
WORKDIR /app
ENV JAVA_OPTS="-Xmx128m -XX:+UseSerialGC"
EXPOSE 8080
USER java
ENTRYPOINT exec java $JAVA_OPTS -cp /app/classes Main

# a static Go binary beside the Go toolchain that made it, gcc, git and the build cache
FROM debian:bookworm
RUN apt-get update && apt-get install -y golang-go git make curl tzdata
WORKDIR /go/src/go-status
COPY examples/go-status /go/src/go-status
RUN CGO_ENABLED=0 go build -o /usr/local/bin/go-status .
EXPOSE 8080
ENTRYPOINT ["go-status"]

# nginx with a custom error page, and the tools of whoever debugged it
FROM debian:bookworm
RUN apt-get update && apt-get install -y nginx curl vim procps
COPY examples/nginx/nginx.conf /etc/nginx/nginx.conf
COPY examples/nginx/site /srv/site
EXPOSE 8080
STOPSIGNAL SIGQUIT
CMD ["nginx", "-g", "daemon off;"]

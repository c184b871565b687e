# sharp with its bundled libvips, behind an entry point script found on PATH
FROM debian:bookworm
COPY --from=npm:node-linux-$ARCH@20.20.2 bin /usr/local/bin
COPY --from=npm:npm@10.9.4 . /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx
RUN printf '#!/bin/sh\nset -e\ncase "$1" in -*) set -- node "$@" ;; esac\nexec "$@"\n' >/usr/local/bin/docker-entrypoint.sh && chmod 755 /usr/local/bin/docker-entrypoint.sh
WORKDIR /app
COPY examples/node-sharp /app
RUN npm ci --no-audit --no-fund && useradd --system web
ENV NODE_ENV=production
EXPOSE 8080
USER web
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["node", "server.js"]

# express, zod, pg, locales and static files; devDependencies and npm's cache left in
FROM debian:bookworm
COPY --from=npm:node-linux-$ARCH@20.20.2 bin /usr/local/bin
COPY --from=npm:npm@10.9.4 . /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx
RUN apt-get update && apt-get install -y --no-install-recommends tini
WORKDIR /usr/src/app
COPY examples/node-express /usr/src/app
RUN npm ci --no-audit --no-fund
ENV NODE_ENV=production PORT=8080 DATABASE_URL=postgres://app@127.0.0.1:5432/app
EXPOSE 8080
ENTRYPOINT ["/usr/bin/tini", "--"]
CMD ["node", "src/server.js"]

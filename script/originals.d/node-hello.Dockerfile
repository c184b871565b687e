# a bare node:http server over Node with npm
FROM debian:bookworm
COPY --from=npm:node-linux-$ARCH@20.20.2 bin /usr/local/bin
COPY --from=npm:npm@10.9.4 . /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx
WORKDIR /app
COPY examples/node-hello /app
ENV NODE_ENV=production
EXPOSE 8080
CMD ["node", "server.js"]

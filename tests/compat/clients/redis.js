// SPDX-License-Identifier: BSD-3-Clause
// As ioredis.js, with the other library.
'use strict';

const { createSentinel } = require('redis');
const tls = require('./tls.js');

async function main() {
  const client = createSentinel({
    name: 'mymaster',
    sentinelRootNodes: process.argv[2].split(',').map((port) => ({ host: '127.0.0.1', port: Number(port) })),
    passthroughClientErrorEvents: false,
    ...(tls && {
      nodeClientOptions: { socket: { tls: true, ...tls } },
      sentinelClientOptions: { socket: { tls: true, ...tls } },
    }),
  });
  client.on('error', (error) => console.error(error.message));
  client.on('topology-change', (change) => console.log(change.type));
  await client.connect();
  let beat = 0;
  setInterval(() => {
    beat += 1;
    client.set('beat', beat).catch((error) => console.error(error.message));
  }, 50);
}

main();

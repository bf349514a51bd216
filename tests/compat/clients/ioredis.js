// SPDX-License-Identifier: BSD-3-Clause
// Writes an ever growing number to the key "beat" of the master that the sentinels name, and hears of
// failovers from them. Arguments: the ports of the sentinels, in one word with commas.
'use strict';

const Redis = require('ioredis');
const tls = require('./tls.js');

const client = new Redis({
  sentinels: process.argv[2].split(',').map((port) => ({ host: '127.0.0.1', port: Number(port) })),
  name: 'mymaster',
  failoverDetector: true,
  ...(tls && { tls, sentinelTLS: tls, enableTLSForSentinelMode: true }),
  connectTimeout: 2000,
  commandTimeout: 1000,
});
client.on('error', (error) => console.error(error.message));
client.on('ready', () => console.log('ready'));
// Told of a failover while it connects already, it closes that connection and takes its end for the last one.
client.on('end', () => setTimeout(() => client.connect().catch((error) => console.error(error.message)), 100));

let beat = 0;
setInterval(() => {
  beat += 1;
  client.set('beat', beat).catch((error) => console.error(error.message));
}, 50);

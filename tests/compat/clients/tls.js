// SPDX-License-Identifier: BSD-3-Clause
// Options of Node's tls module, for the sentinels as for the servers; undefined if SN_TLS_CA is not set.
'use strict';

const fs = require('fs');

const { SN_TLS_CA, SN_TLS_CERT, SN_TLS_KEY } = process.env;
module.exports = SN_TLS_CA
  ? { ca: fs.readFileSync(SN_TLS_CA), cert: fs.readFileSync(SN_TLS_CERT), key: fs.readFileSync(SN_TLS_KEY) }
  : undefined;

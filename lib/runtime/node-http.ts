// Node's own HTTP, without what its ES module brings along. `import … from 'node:http'` evaluates every name that the module
// exports, WebSocket among them, and that loads undici, TLS and HTTP/2: 7 MB in each process, for nothing.

export const { createServer, get, request } = process.getBuiltinModule('node:http');

/**
 * Node's `node:http`. An `import` of it reads all that it exports, and one of these loads fetch and WebSockets: 14 MB that
 * a server never uses.
 */
export const http = process.getBuiltinModule('node:http')

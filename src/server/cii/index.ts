export { type CiiHooks, CiiServer, type CiiServerOptions } from './cii-server.js'

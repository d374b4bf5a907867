export { CiiServer, type CiiServerOptions } from './cii-server.js'

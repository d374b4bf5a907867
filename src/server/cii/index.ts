export { CII_SERVER_OPTIONS, type CiiHooks, CiiServer, type CiiServerOptions } from './cii-server.js'

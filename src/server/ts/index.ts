export { type TsConnectionData, TsServer, type TsServerOptions } from './ts-server.js'

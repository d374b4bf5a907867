export { type TsConnectionData, type TsHooks, TsServer, type TsServerOptions } from './ts-server.js'

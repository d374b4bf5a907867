export { TS_SERVER_OPTIONS, type TsConnectionData, type TsHooks, TsServer, type TsServerOptions } from './ts-server.js'

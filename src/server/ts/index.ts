export { TS_SERVER_OPTIONS, type TsConnectionState, type TsHooks, TsServer, type TsServerOptions } from './ts-server.js'

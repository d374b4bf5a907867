export {
  CII_SERVER_OPTIONS,
  type CiiConnectionState,
  type CiiHooks,
  CiiServer,
  type CiiServerOptions,
} from './cii-server.js'

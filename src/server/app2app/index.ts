export { App2AppClient, type App2AppSide } from './app2app-client.js'
export { App2AppEndpoint, type App2AppHooks } from './app2app-endpoint.js'
export {
  APP2APP_SERVER_OPTIONS,
  App2AppServer,
  type App2AppServerOptions,
  type App2AppStatistics,
} from './app2app-server.js'

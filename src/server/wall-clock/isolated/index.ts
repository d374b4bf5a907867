export {
  IsolatedWallClockServer,
  type IsolatedWallClockServerOptions,
  type IsolatedWallClockServerStatistics,
  type WallClockUdpServer,
} from './isolated-wall-clock-server.js'

export {
  ISOLATED_WALL_CLOCK_SERVER_OPTIONS,
  IsolatedWallClockServer,
  type IsolatedWallClockServerOptions,
  type IsolatedWallClockServerStatistics,
  type WallClockUdpServer,
} from './isolated-wall-clock-server.js'

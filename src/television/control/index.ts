export { ControlMonitor, type MonitoredServers } from './control-monitor.js'

export { ControlMonitor } from './control-monitor.js'

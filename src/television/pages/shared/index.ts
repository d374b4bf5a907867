export { LiveConnection, type LiveStatus } from './live-connection.js'

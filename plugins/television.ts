export type { Television, TelevisionEvents } from '../src/television/index.js'
export type { Alternative, AlternativeKind, MediaSource, Programme } from '../src/television/protocol/index.js'
export { type TelevisionPluginOptions, televisionPlugin } from './television-plugin.js'

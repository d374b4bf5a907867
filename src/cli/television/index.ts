export { commandHelp } from './remote-control.js'
export type { TvOptions } from './run-television.js'
export { addLimitOptions, networksProblem } from './tv-limits.js'

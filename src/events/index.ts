export { Emitter, reportUncaught, undisturbed } from './emitter.js'

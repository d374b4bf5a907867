export * from './clock-timeline-source.js'
export * from './content-id-stem.js'
export * from './fixed-timeline-source.js'
export * from './timeline-source.js'

export { ClockTimelineSource, type ClockTimelineSourceOptions } from './clock-timeline-source.js'
export { FixedTimelineSource } from './fixed-timeline-source.js'
export { contentIdMatches, type TimelineSink, TimelineSource } from './timeline-source.js'
export { wireTime } from './wire-time.js'

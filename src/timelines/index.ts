export { ClockTimelineSource, type ClockTimelineSourceOptions, wireTime } from './clock-timeline-source.js'
export { FixedTimelineSource } from './fixed-timeline-source.js'
export { contentIdMatches, type TimelineSink, TimelineSource } from './timeline-source.js'

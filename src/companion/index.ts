export { Companion } from './companion.js'
export type {
  CompanionEvents,
  CompanionForgiven,
  CompanionSource,
  Unavailable,
  UnavailableReason,
} from './companion-events.js'
export type { AllowedHosts } from './companion-hosts.js'
export type { CompanionOptions } from './companion-options.js'
export { type CompanionPosition, positionOn } from './companion-position.js'
export type { PresentationReader, PresentationReporter } from './companion-presentation.js'
export type { CompanionRoute, CompanionTarget } from './companion-target.js'
export type { CompanionTimeline } from './companion-timeline.js'

import type { EndpointName, Severity } from '../index.js'

export const ENDPOINT_NAMES: Record<EndpointName, string> = {
  discovery: 'Discovery',
  cii: 'CSS-CII',
  ts: 'CSS-TS',
  wc: 'CSS-WC',
}

export const SEVERITY_WORDS: Record<Severity, string> = { fault: 'fault', field: 'field', advice: 'advice' }

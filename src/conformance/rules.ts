import { CII_MESSAGE_RULES } from './cii-message-rules.js'
import type { CiiObservations } from './cii-observations.js'
import { CII_PROPERTY_RULES } from './cii-property-rules.js'
import { DIAL_RULES } from './dial-rules.js'
import type { DiscoveryObservations } from './discovery-observations.js'
import { DISCOVERY_SEARCH_RULES } from './discovery-search-rules.js'
import { endpointRules } from './endpoint-rules.js'
import { CLAUSE_CII, CLAUSE_TS, type Rule } from './rule.js'
import { TS_BEHAVIOUR_RULES } from './ts-behaviour-rules.js'
import type { TsObservations } from './ts-observations.js'
import { TS_TIMESTAMP_RULES } from './ts-timestamp-rules.js'
import { WALL_CLOCK_GARBAGE_RULES } from './wall-clock-garbage-rules.js'
import { WALL_CLOCK_MESSAGE_RULES } from './wall-clock-message-rules.js'
import type { WallClockObservations } from './wall-clock-observations.js'
import { WALL_CLOCK_TIME_RULES } from './wall-clock-time-rules.js'

interface Rules {
  readonly discovery: readonly Rule<DiscoveryObservations>[]
  readonly cii: readonly Rule<CiiObservations>[]
  readonly ts: readonly Rule<TsObservations>[]
  readonly wc: readonly Rule<WallClockObservations>[]
}

/** All rules, by endpoint. */
export const RULES: Rules = {
  discovery: [...DISCOVERY_SEARCH_RULES, ...DIAL_RULES],
  cii: [...endpointRules('cii', CLAUSE_CII), ...CII_MESSAGE_RULES, ...CII_PROPERTY_RULES],
  ts: [...endpointRules('ts', CLAUSE_TS), ...TS_BEHAVIOUR_RULES, ...TS_TIMESTAMP_RULES],
  wc: [...WALL_CLOCK_MESSAGE_RULES, ...WALL_CLOCK_TIME_RULES, ...WALL_CLOCK_GARBAGE_RULES],
}

/** The ids of all rules, in the order of the report. */
export const RULE_IDS: readonly string[] = Object.values(RULES).flatMap((rules: readonly Rule<never>[]) =>
  rules.map(({ id }) => id),
)

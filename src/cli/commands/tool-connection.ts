import type { ReconnectingSocketOptions } from '../../companion/connections/index.js'

/**
 * The tools show what a server does as it happens. There are never many of them at once, so they need not be spread over the usual
 * five seconds; and a flood of messages is what somebody may want to look at.
 */
export const TOOL_CONNECTION: ReconnectingSocketOptions = {
  backoff: { initialSeconds: 1 },
  maxMessagesPerSecond: 10_000,
}

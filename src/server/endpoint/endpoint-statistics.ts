/**
 * Why a handshake was refused. `denied`: by `allow` or `deny`. `has-body`: it is not a handshake that a client may send. `no-channel`,
 * `channel-full`: App2App has no channel of this name, or too many clients wait on it.
 */
export type RefusalReason =
  | 'disabled'
  | 'full'
  | 'address-full'
  | 'denied'
  | 'rate-limited'
  | 'rate-limited-total'
  | 'has-body'
  | 'no-channel'
  | 'channel-full'

/**
 * Why a message was dropped. `ignored` is not a fault: a client may send what nobody has asked for. `rate-limited-total`:
 * all clients together sent too much. `unread`: a message to a client that was not sent, because too much waited for it already. `unpaired`: a
 * client of App2App has sent it with no other client to relay it to.
 */
export type BadMessageReason =
  | 'binary'
  | 'not-json'
  | 'invalid'
  | 'second-setup-data'
  | 'too-large'
  | 'broken-frame'
  | 'too-fragmented'
  | 'rate-limited'
  | 'clock-unavailable'
  | 'rate-limited-total'
  | 'control-flood'
  | 'unread'
  | 'unpaired'
  | 'ignored'

/**
/**
 * Why a connection was ended. `handshake`: it was not complete in time; `heartbeat`: no sign of life; `send`: the client did not
 * read what waited for it; `message`: the client did not complete a message that it had begun.
 */
export type TimeoutReason = 'handshake' | 'heartbeat' | 'send' | 'message'

/** What an endpoint has counted since it was made. Plain numbers that only grow, but for `open`. */
export class EndpointStatistics {
  /** Connections open now. */
  open = 0
  /** Handshakes that became connections. */
  connected = 0
  /** Connections that have ended. */
  disconnected = 0
  /** Handshakes that were refused, by reason. */
  readonly refused: Record<RefusalReason, number> = {
    disabled: 0,
    full: 0,
    'address-full': 0,
    denied: 0,
    'rate-limited': 0,
    'rate-limited-total': 0,
    'has-body': 0,
    'no-channel': 0,
    'channel-full': 0,
  }
  /** Messages that were dropped, by reason. */
  readonly dropped: Record<BadMessageReason, number> = {
    binary: 0,
    'not-json': 0,
    invalid: 0,
    'second-setup-data': 0,
    'too-large': 0,
    'broken-frame': 0,
    'too-fragmented': 0,
    'rate-limited': 0,
    'clock-unavailable': 0,
    'rate-limited-total': 0,
    'control-flood': 0,
    unread: 0,
    unpaired: 0,
    ignored: 0,
  }
  /** Messages received whole before a close has begun, the dropped ones included. */
  messagesIn = 0
  /** Messages sent to clients. Messages dropped because too much was queued count in `dropped.unread` instead. */
  messagesOut = 0
  /** Bytes of the messages sent, without their framing. */
  bytesOut = 0
  /** States that were never sent on their own, because a newer one came while the client was still being sent to. */
  coalesced = 0
  /** Connections that were ended because the client took too long, by reason. */
  readonly timedOut: Record<TimeoutReason, number> = { handshake: 0, heartbeat: 0, send: 0, message: 0 }
  /** Hooks of the app or of a subclass that threw or rejected. */
  hookErrors = 0
}

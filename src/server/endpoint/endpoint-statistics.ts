import type { ForgivenKind } from '../../messages/lenient/index.js'

/**
 * Why a handshake was refused. `denied`: by `allow` or `deny`. `has-body`: a handshake must not have a body. `no-channel`,
 * `channel-full`: App2App has no channel of this name, or too many clients are waiting on it.
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
 * Why a message was dropped. `ignored` is not a fault: a valid message that this endpoint does not use. `rate-limited-total`: all clients
 * together sent too much. `unread`: a message to a client was not sent, because too much was already buffered for it. `unpaired`: an
 * App2App client sent a message before another client could receive it.
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
 * Why a connection timed out. `handshake`: not complete in time; `heartbeat`: no sign of life; `send`: the client did not read its
 * data; `message`: the client did not complete a message.
 */
export type TimeoutReason = 'handshake' | 'heartbeat' | 'send' | 'message'

/** Counters of an endpoint since it was created. All but `open` only increase. */
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
  /** Deviations from the specification that were accepted in messages, by kind; kinds that were not are absent. */
  readonly forgiven: Partial<Record<ForgivenKind, number>> = {}
  /** Complete messages received before a close has begun, including dropped ones. */
  messagesIn = 0
  /** Messages sent to clients. Messages dropped because too much was queued count in `dropped.unread` instead. */
  messagesOut = 0
  /** Bytes of the messages sent, without framing. */
  bytesOut = 0
  /** States that were not sent, because a newer one replaced them while the client was still receiving an earlier message. */
  coalesced = 0
  /** Connections that timed out, by reason. */
  readonly timedOut: Record<TimeoutReason, number> = { handshake: 0, heartbeat: 0, send: 0, message: 0 }
  /** Hooks of the app or of a subclass that threw or rejected. */
  hookErrors = 0
}

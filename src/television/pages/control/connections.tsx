import type { CompanionReport, ConnectionReport } from '../../protocol/index.js'
import { agoText, bytesText, durationText } from './units.js'

const NAMES = { cii: 'CSS-CII', ts: 'CSS-TS', wc: 'CSS-WC' } as const

/** The connections of one companion, with the last message each way. */
export function Connections({ companion }: { readonly companion: CompanionReport }) {
  const { connections, userAgent, timelineSelector, contentIdStem } = companion
  return (
    <div class="connections">
      <dl class="facts">
        <div>
          <dt>User agent</dt>
          <dd class="code">{userAgent ?? 'none was sent'}</dd>
        </div>
        {timelineSelector !== null && (
          <div>
            <dt>Timeline</dt>
            <dd class="code">{timelineSelector}</dd>
          </div>
        )}
        {contentIdStem !== null && (
          <div>
            <dt>Stem</dt>
            <dd class="code">{contentIdStem === '' ? 'empty: any content' : contentIdStem}</dd>
          </div>
        )}
      </dl>
      {connections.map((connection) => (
        <Connection key={connection.id} connection={connection} />
      ))}
    </div>
  )
}

function Connection({ connection }: { readonly connection: ConnectionReport }) {
  const { id, endpoint, openedAt, messagesIn, messagesOut, bytesIn, bytesOut, badMessages } = connection
  const { roundTripSeconds, bufferedBytes, lastIn, lastOut } = connection
  return (
    <article class="connection">
      <h3>
        {NAMES[endpoint]} <span class="code muted">{id}</span>
      </h3>
      <dl class="facts numbers">
        <div>
          <dt>Open for</dt>
          <dd class="number">{durationText(Date.now() - openedAt)}</dd>
        </div>
        <div>
          <dt>Received</dt>
          <dd class="number">
            {messagesIn} ({bytesText(bytesIn)})
          </dd>
        </div>
        <div>
          <dt>Sent</dt>
          <dd class="number">
            {messagesOut} ({bytesText(bytesOut)})
          </dd>
        </div>
        <div>
          <dt>Invalid</dt>
          <dd class={badMessages > 0 ? 'number bad' : 'number'}>{badMessages}</dd>
        </div>
        <div>
          <dt>Waiting</dt>
          <dd class={bufferedBytes > 0 ? 'number warn' : 'number'}>{bytesText(bufferedBytes)}</dd>
        </div>
        <div>
          <dt>Round trip</dt>
          <dd class="number">{roundTripSeconds === null ? '–' : `${(roundTripSeconds * 1000).toFixed(1)} ms`}</dd>
        </div>
      </dl>
      <dl class="last">
        <Last label="Last received" message={lastIn} />
        <Last label="Last sent" message={lastOut} />
      </dl>
    </article>
  )
}

function Last({ label, message }: { readonly label: string; readonly message: ConnectionReport['lastIn'] }) {
  return (
    <div>
      <dt>
        {label} {message !== null && <span class="number">{agoText(message.at)}</span>}
      </dt>
      <dd class="code">{message?.text ?? '–'}</dd>
    </div>
  )
}

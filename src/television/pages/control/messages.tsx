import { useMemo, useState } from 'preact/hooks'
import type { MessageEntry } from '../../protocol/index.js'
import type { Numbered } from './bounded-list.js'
import { companionName } from './companion-name.js'
import type { Control } from './control.js'
import { FIRST_FILTER, type MessageFilter, passes } from './message-filter.js'
import { clockText } from './units.js'

/** The messages between companions and endpoints as they go by, the newest first. */
export function Messages({ control }: { readonly control: Control }) {
  const [filter, setFilter] = useState(FIRST_FILTER)
  const [paused, setPaused] = useState<readonly Numbered<MessageEntry>[] | undefined>(undefined)
  const latest = control.messages.entries.value
  const all = paused ?? latest
  const shown = useMemo(
    () => all.filter(({ entry }) => passes(filter, entry, (connection) => control.ownerOf(connection)?.key)),
    [all, filter],
  )
  const missed = paused === undefined ? 0 : (latest[0]?.id ?? 0) - (paused[0]?.id ?? 0)
  return (
    <section class="panel stream" aria-labelledby="messages-title">
      <div class="panel-head">
        <h2 id="messages-title">Messages</h2>
        <p class="muted number">{countText(shown.length, control.messages.omitted.value, missed)}</p>
        <button
          type="button"
          aria-pressed={paused !== undefined}
          onClick={() => setPaused(paused === undefined ? latest : undefined)}
        >
          {paused === undefined ? 'Pause' : 'Continue'}
        </button>
        <button type="button" onClick={() => clear(control, setPaused)}>
          Clear
        </button>
      </div>
      <Filter control={control} filter={filter} change={(part) => setFilter({ ...filter, ...part })} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and so has to be reached by keyboard. */}
      <ol class="entries" tabIndex={0} aria-labelledby="messages-title">
        {shown.map((each) => (
          <Row key={each.id} numbered={each} />
        ))}
      </ol>
      {shown.length === 0 && <p class="muted empty">No message passes the filter yet.</p>}
    </section>
  )
}

function countText(shown: number, omitted: number, missed: number): string {
  const parts = [`${shown} shown`]
  if (omitted > 0) parts.push(`${omitted} left out`)
  if (missed > 0) parts.push(`${missed} since the pause`)
  return parts.join(', ')
}

function clear(control: Control, setPaused: (paused: undefined) => void): void {
  control.messages.clear()
  setPaused(undefined)
}

interface FilterProps {
  readonly control: Control
  readonly filter: MessageFilter
  readonly change: (part: Partial<MessageFilter>) => void
}

function Filter({ control, filter, change }: FilterProps) {
  const { text, direction, endpoint, companion } = filter
  const isGone = companion !== '' && !control.connected.some(({ key }) => key === companion)
  return (
    <search class="filter">
      <input
        type="search"
        aria-label="Text of the messages"
        placeholder="Filter by text"
        value={text}
        onInput={(event) => change({ text: event.currentTarget.value })}
      />
      <select
        aria-label="Direction of the messages"
        value={direction}
        onChange={(event) => change({ direction: event.currentTarget.value as MessageFilter['direction'] })}
      >
        <option value="">Both ways</option>
        <option value="in">Received</option>
        <option value="out">Sent</option>
      </select>
      <select
        aria-label="Endpoint of the messages"
        value={endpoint}
        onChange={(event) => change({ endpoint: event.currentTarget.value as MessageFilter['endpoint'] })}
      >
        <option value="state">CII and TS</option>
        <option value="">All endpoints</option>
        <option value="cii">CII</option>
        <option value="ts">TS</option>
        <option value="wc">Wall clock</option>
      </select>
      <select
        aria-label="Companion of the messages"
        value={companion}
        onChange={(event) => change({ companion: event.currentTarget.value })}
      >
        <option value="">All companions</option>
        {isGone && <option value={companion}>A companion that has gone</option>}
        {control.connected.map((each) => (
          <option key={each.key} value={each.key}>
            {companionName(each)}
          </option>
        ))}
      </select>
    </search>
  )
}

function Row({ numbered: { entry } }: { readonly numbered: Numbered<MessageEntry> }) {
  return useMemo(() => {
    const { at, direction, endpoint, connection, remoteAddress, text, rejected } = entry
    return (
      <li class={rejected === null ? direction : `${direction} rejected`}>
        <time class="number">{clockText(at)}</time>
        <span class="way">{direction === 'in' ? 'received' : 'sent'}</span>
        <span class="endpoint">{endpoint.toUpperCase()}</span>
        <span class="code muted" title={remoteAddress}>
          {connection}
        </span>
        <span class="code text">
          {text}
          {rejected !== null && <strong class="bad">rejected: {rejected}</strong>}
        </span>
      </li>
    )
  }, [entry])
}

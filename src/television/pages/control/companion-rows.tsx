import type { CompanionReport, TimelineState } from '../../protocol/index.js'
import { Icon, millisText } from '../shared/index.js'
import { kindOf, programOf, shortSelector } from './companion-name.js'
import { Connections } from './connections.js'
import { agoText, bytesText, durationText } from './units.js'

interface Props {
  readonly companion: CompanionReport
  readonly timelines: readonly TimelineState[]
  readonly isOpen: boolean
  readonly toggle: () => void
  readonly columns: number
}

/** Presentations that differ by less cannot be seen or heard. */
const GOOD_SECONDS = 0.02

/** A companion: its values, its problems, and on demand its connections. */
export function CompanionRows({ companion, timelines, isOpen, toggle, columns }: Props) {
  const { key, problems } = companion
  return (
    <tbody class={problems.length > 0 ? 'companion troubled' : 'companion'}>
      <CompanionRow companion={companion} timelines={timelines} isOpen={isOpen} toggle={toggle} />
      {problems.length > 0 && (
        <tr class="problems">
          <td colSpan={columns}>
            <ul>
              {problems.map((problem) => (
                <li key={problem}>
                  <Icon name="warning" /> {problem}
                </li>
              ))}
            </ul>
          </td>
        </tr>
      )}
      {isOpen && (
        <tr id={`connections-${key}`} class="details">
          <td colSpan={columns}>
            <Connections companion={companion} />
          </td>
        </tr>
      )}
    </tbody>
  )
}

function CompanionRow({ companion, timelines, isOpen, toggle }: Omit<Props, 'columns'>) {
  const { key, remoteAddress, userAgent, page, connectedAt, timelineSelector, contentIdStem } = companion
  const timeline = timelines.find(({ selector }) => selector === timelineSelector)
  const waiting = companion.connections.reduce((sum, { bufferedBytes }) => sum + bufferedBytes, 0)
  return (
    <tr>
      <th scope="row">
        <button
          type="button"
          class="expand"
          aria-expanded={isOpen}
          aria-controls={`connections-${key}`}
          onClick={toggle}
        >
          <Icon name="chevron" />
          <span>
            <span class="program" title={userAgent ?? 'sent no user agent'}>
              {kindOf(companion)}
            </span>
            {page !== null && <span>{programOf(userAgent)}</span>}
            <span class="code muted">
              {remoteAddress} <span class="key">{key}</span>
            </span>
          </span>
        </button>
      </th>
      <td data-label="Connected" title={new Date(connectedAt).toLocaleString()}>
        {durationText(Date.now() - connectedAt)}
      </td>
      <td data-label="Timeline" class="code" title={timelineSelector ?? undefined}>
        {timelineSelector === null ? '–' : shortSelector(timelineSelector)}
        {timeline?.available === false && <span class="muted note">unavailable now</span>}
      </td>
      <td data-label="Stem" class="code stem" title={contentIdStem ?? undefined}>
        {contentIdStem === '' ? <span class="muted">any</span> : (contentIdStem ?? '–')}
      </td>
      <td data-label="Presents" class="number">
        <Presents presentation={companion.presentation} />
        {companion.calibrationSeconds !== null && companion.calibrationSeconds !== 0 && (
          <span class="muted note">calibrated {millisText(companion.calibrationSeconds)}</span>
        )}
      </td>
      <td data-label="Wall clock">
        <WallClock wallClock={companion.wallClock} />
      </td>
      <td data-label="Round trip" class="number">
        {roundTripText(companion)}
      </td>
      <td data-label="Waiting" class="number">
        {bytesText(waiting)}
      </td>
    </tr>
  )
}

function Presents({ presentation }: { readonly presentation: CompanionReport['presentation'] }) {
  if (presentation === null) return <span class="muted">–</span>
  const { at, lateSeconds } = presentation
  if (lateSeconds === null) return <span class="muted">{agoText(at)}</span>
  const isGood = Math.abs(lateSeconds) <= GOOD_SECONDS
  const word = Math.round(lateSeconds * 10_000) === 0 ? '' : lateSeconds > 0 ? 'late' : 'early'
  return (
    <span title={`said ${agoText(at)}`}>
      <span class={isGood ? 'good' : 'warn'}>{millisText(lateSeconds)}</span>
      <span class="muted note">{word || 'exact'}</span>
    </span>
  )
}

function WallClock({ wallClock }: { readonly wallClock: CompanionReport['wallClock'] }) {
  if (wallClock === null) return <span class="muted">–</span>
  const { encoding, requests, lastRequestAt, isShared } = wallClock
  const whose = isShared ? ', some possibly of other companions at this address' : ''
  return (
    <span title={`${requests} requests${whose}`}>
      {encoding === 'udp' ? 'UDP' : 'WebSocket'}
      <span class="muted note number">
        {agoText(lastRequestAt)}
        {isShared && ' (shared)'}
      </span>
    </span>
  )
}

function roundTripText({ connections }: CompanionReport): string {
  const trips = connections.flatMap(({ roundTripSeconds }) => (roundTripSeconds === null ? [] : [roundTripSeconds]))
  return trips.length === 0 ? '–' : `${(Math.min(...trips) * 1000).toFixed(1)} ms`
}

import { useMemo, useState } from 'preact/hooks'
import type { LogEntry } from '../../protocol/index.js'
import type { Control } from './control.js'
import { clockText } from './units.js'

const LEVELS: readonly LogEntry['level'][] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal']

/** The log of the television since this page was opened, the newest line first. */
export function Log({ control }: { readonly control: Control }) {
  const [least, setLeast] = useState<LogEntry['level']>('info')
  const all = control.log.entries.value
  const from = LEVELS.indexOf(least)
  const shown = useMemo(() => all.filter(({ entry }) => LEVELS.indexOf(entry.level) >= from), [all, from])
  const omitted = control.log.omitted.value
  return (
    <section class="panel stream" aria-labelledby="log-title">
      <div class="panel-head">
        <h2 id="log-title">Log</h2>
        <p class="muted number">
          {shown.length} shown{omitted > 0 && `, ${omitted} left out`}
        </p>
        <select
          aria-label="Lowest level of the log"
          value={least}
          onChange={(event) => setLeast(event.currentTarget.value as LogEntry['level'])}
        >
          {LEVELS.map((level) => (
            <option key={level} value={level}>
              {level === 'fatal' ? 'fatal only' : `${level} and above`}
            </option>
          ))}
        </select>
        <button type="button" onClick={() => control.log.clear()}>
          Clear
        </button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and so has to be reached by keyboard. */}
      <ol class="entries" tabIndex={0} aria-labelledby="log-title">
        {shown.map(({ id, entry }) => (
          <Line key={id} entry={entry} />
        ))}
      </ol>
      {shown.length === 0 && <p class="muted empty">No line of this level yet.</p>}
    </section>
  )
}

function Line({ entry }: { readonly entry: LogEntry }) {
  return useMemo(
    () => (
      <li class={entry.level}>
        <time class="number">{clockText(entry.at)}</time>
        <span class={`level ${entry.level}`}>{entry.level}</span>
        <span class="code text">{entry.text}</span>
      </li>
    ),
    [entry],
  )
}

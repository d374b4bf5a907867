import { useState } from 'preact/hooks'
import { Icon } from '../shared/index.js'
import { CompanionRows } from './companion-rows.js'
import type { Control } from './control.js'

/** Each column, as its cells are labelled where there is no room for a table. */
const COLUMNS = [
  'Companion',
  'Connected',
  'Timeline',
  'Stem',
  'Presents',
  'Wall clock',
  'Round trip',
  'Waiting',
] as const

/** Who follows the television, and how well. */
export function Companions({ control }: { readonly control: Control }) {
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set())
  const { companions } = control
  const troubled = companions.filter(({ problems }) => problems.length > 0).length
  const toggle = (key: string) => {
    const next = new Set(open)
    if (!next.delete(key)) next.add(key)
    setOpen(next)
  }
  return (
    <section class="panel companions" aria-labelledby="companions-title">
      <div class="panel-head">
        <h2 id="companions-title">Companions</h2>
        <p class={troubled > 0 ? 'trouble' : 'muted'} role="status">
          {troubled > 0 && <Icon name="warning" />} {summary(companions.length, troubled)}
        </p>
      </div>
      {companions.length === 0 ? (
        <Invitation control={control} />
      ) : (
        <table>
          <thead>
            <tr>
              {COLUMNS.map((column) => (
                <th key={column} scope="col">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          {companions.map((companion) => (
            <CompanionRows
              key={companion.key}
              companion={companion}
              timelines={control.live.sections.value.state?.timelines ?? []}
              isOpen={open.has(companion.key)}
              toggle={() => toggle(companion.key)}
              columns={COLUMNS.length}
            />
          ))}
        </table>
      )}
    </section>
  )
}

function summary(count: number, troubled: number): string {
  if (count === 0) return 'None'
  const connected = `${count} connected`
  return troubled === 0 ? connected : `${connected}, ${troubled} with problems`
}

function Invitation({ control }: { readonly control: Control }) {
  const url = control.live.sections.value.setting?.companionUrl
  return (
    <div class="invitation">
      {url !== undefined && (
        <img src="pages/companion-qr.svg" alt="QR code of the companion page" width="160" height="160" />
      )}
      <div>
        <p>No companion is connected.</p>
        {url !== undefined && (
          <p class="muted">
            Scan the code with a phone on the same network, or open <a href={url}>{url}</a>. Other companions connect to
            CSS-CII at <span class="code">{control.live.sections.value.setting?.ciiPath}</span>.
          </p>
        )}
      </div>
    </div>
  )
}

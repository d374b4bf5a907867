import { useEffect } from 'preact/hooks'
import { Icon, type LiveConnection } from '../shared/index.js'
import { Calibration } from './calibration.js'
import type { Follow } from './follow.js'
import { textOf } from './follow-state.js'
import { Numbers } from './numbers.js'
import { Screen } from './screen.js'
import { StateCard } from './state-card.js'
import { Versions } from './versions.js'

interface Props {
  readonly live: LiveConnection
  readonly follow: Follow
}

/** The page for phones. */
export function CompanionPage({ live, follow }: Props) {
  const { setting, programmes, state } = live.sections.value
  const name = setting?.friendlyName ?? 'Television'
  const programme = programmes?.find(({ id }) => id === state?.programme)
  const title = follow.isStarted.value ? textOf(follow.state.value).title : 'Companion'
  useEffect(() => {
    document.title = `${title} · ${name}`
  }, [title, name])
  return (
    <main>
      <header>
        <p class="television">
          <Icon name="television" /> {name}
        </p>
        <h1>{programme?.title ?? (state === undefined ? '…' : 'Other content')}</h1>
      </header>
      <div class="watch">
        <Screen follow={follow} />
        <StateCard follow={follow} />
      </div>
      <Versions follow={follow} />
      {follow.isStarted.value && <Numbers follow={follow} />}
      <Calibration follow={follow} />
    </main>
  )
}

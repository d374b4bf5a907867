import { render } from 'preact'
import { LiveConnection } from '../shared/index.js'

const live = new LiveConnection('tv')

function Page() {
  return (
    <main class="panel">
      <h1>{live.sections.value.setting?.friendlyName ?? 'Television'}</h1>
      <p>{live.status}</p>
    </main>
  )
}

render(<Page />, document.body)
live.open()

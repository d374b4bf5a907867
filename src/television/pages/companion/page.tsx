import { effect } from '@preact/signals'
import { render } from 'preact'
import { LiveConnection } from '../shared/index.js'
import { CompanionPage } from './companion-page.js'
import { Follow } from './follow.js'
import { keepAwake } from './wake-lock.js'

const live = new LiveConnection('companion')
const follow = new Follow(live)

render(<CompanionPage live={live} follow={follow} />, document.body)
keepAwake(follow)
// The control page shows it: nothing else tells a wrong calibration from a slow loudspeaker.
effect(() => {
  const { renderingLatencySeconds } = follow.settings.value
  if (live.status.value === 'connected') live.send({ type: 'calibration', renderingLatencySeconds })
})
live.open()

import { render } from 'preact'
import { LiveConnection } from '../shared/index.js'
import { CompanionPage } from './companion-page.js'
import { Follow } from './follow.js'
import { keepAwake } from './wake-lock.js'

const live = new LiveConnection('companion')
const follow = new Follow(live)

render(<CompanionPage live={live} follow={follow} />, document.body)
keepAwake(follow)
live.open()

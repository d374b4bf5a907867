import { render } from 'preact'
import { LiveConnection } from '../shared/index.js'
import { Picture } from './picture.js'
import { TvPage } from './tv-page.js'

const isClean = new URLSearchParams(location.search).has('clean')
const live = new LiveConnection('tv')
const media = document.createElement('video')
const picture = new Picture(media, live)

if (isClean) document.body.classList.add('clean')
render(<TvPage live={live} picture={picture} isClean={isClean} />, document.body)
live.open()

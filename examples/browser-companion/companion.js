// @ts-check
// Shows the position of a television and synchronises a video with it.

import { Companion, MediaFollower } from 'fastify-dvbcss/client'

const query = new URLSearchParams(location.search)
const companion = new Companion(query.get('cii') ?? `${location.protocol.replace('http', 'ws')}//${location.host}/cii`)

/** @returns {HTMLElement} */
function find(/** @type {string} */ selector) {
  return /** @type {HTMLElement} */ (document.querySelector(selector))
}

/** Formats seconds as 1:02:03.004. */
function clockOf(/** @type {number} */ seconds) {
  const millis = Math.round(Math.abs(seconds) * 1000)
  const digits = (/** @type {number} */ value, length = 2) => String(Math.floor(value)).padStart(length, '0')
  const clock = `${Math.floor(millis / 3_600_000)}:${digits((millis / 60_000) % 60)}:${digits((millis / 1000) % 60)}`
  return `${seconds < 0 ? '−' : ''}${clock}.${digits(millis % 1000, 3)}`
}

function describeSpeed(/** @type {number} */ speed) {
  if (speed === 0) return 'paused'
  return speed === 1 ? 'playing' : `playing at speed ${speed}`
}

function show() {
  const position = companion.position()
  if (position !== undefined) {
    find('#position').textContent = clockOf(position.seconds)
    find('#error').textContent = `${(position.errorSeconds * 1000).toFixed(1)} ms`
  }
  const isKnown = position?.available === true
  find('main').classList.toggle('lost', !isKnown)
  find('#state').textContent = isKnown ? describeSpeed(position.speed) : (companion.unavailable?.detail ?? 'waiting')
  requestAnimationFrame(show)
}

companion.on('change', ({ state }) => {
  find('#content').textContent = `${state.contentId ?? 'nothing'} (${state.presentationStatus?.[0] ?? 'unknown'})`
})
companion.on('timeline', ({ timeline }) => {
  find('#timeline').textContent = timeline?.selector ?? 'none'
})
companion.start()
show()

const source = query.get('media')
if (source !== null) {
  const media = document.createElement('video')
  media.src = source
  media.playsInline = true
  // Media without video is audio only.
  media.onloadedmetadata = () => {
    if (media.videoWidth > 0) find('main').append(media)
  }
  const follower = new MediaFollower(media, companion)
  for (const part of ['#media', 'dt[hidden]']) find(part).hidden = false
  setInterval(() => {
    const { state, errorSeconds } = follower.status()
    const apart = errorSeconds === undefined ? '' : `, ${(errorSeconds * 1000).toFixed(0)} ms apart`
    find('#media').textContent = `${media.error?.message ?? state}${apart}`
  }, 250)
  // Browsers block audible playback until the user has interacted with the page.
  follower.on('status', ({ state }) => {
    find('button').hidden = state !== 'blocked' || media.error !== null
  })
  find('button').onclick = () => follower.retryPlay()
  follower.start()
}

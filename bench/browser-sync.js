// @ts-check
// Measures how well the companion page follows the picture page of `dvbcss tv`, in two tabs of a headless Chromium. Usage:
// npm run build && node bench/browser-sync.js [--seconds 60] [--rounds 5] [--json]
import { existsSync } from 'node:fs'
import os from 'node:os'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'
import { WebSocket } from 'ws'
import { median, quantile } from './quantiles.js'
import { startTelevision } from './servers/dvbcss-tv.js'

const CHROMIUM = process.env.CHROMIUM || '/usr/bin/chromium'
const FLAGS = ['--no-sandbox', '--disable-gpu', '--autoplay-policy=no-user-gesture-required']
const FRAME_SECONDS = 0.04
/** A change is watched for so long. */
const WATCHED_SECONDS = 6
/** Of so many readings the median counts: a single one can be off by some milliseconds. */
const READINGS = 9
/** Pages must be in step for so long before the next change. */
const QUIET_SECONDS = 3

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    rounds: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
  },
})

/**
 * @typedef {object} Samples of one page
 * @property {[number, number, number][]} media time of day in seconds, position, rate
 * @property {[number, number][]} frames time of day in seconds, media time of the frame
 */

/** Runs in the page: records the media element. */
function record() {
  const video = /** @type {HTMLVideoElement} */ (document.querySelector('video'))
  /** @type {Samples} */
  const samples = { media: [], frames: [] }
  const now = () => (performance.timeOrigin + performance.now()) / 1000
  setInterval(() => samples.media.push([now(), video.currentTime, video.paused ? 0 : video.playbackRate]), 8)
  const onFrame = (/** @type {number} */ _at, /** @type {{ mediaTime: number }} */ { mediaTime }) => {
    samples.frames.push([now(), mediaTime])
    video.requestVideoFrameCallback(onFrame)
  }
  video.requestVideoFrameCallback(onFrame)
  Object.assign(globalThis, { samples })
}

/** @param {import('playwright-core').Page} page @returns {Promise<Samples>} what was recorded since the last call */
function taken(page) {
  return page.evaluate(() => {
    const { samples } = /** @type {{ samples: Samples }} */ (/** @type {unknown} */ (globalThis))
    return { media: samples.media.splice(0), frames: samples.frames.splice(0) }
  })
}

/**
 * How far the companion is ahead of the television at each of its readings, by the shorter way round the loop.
 * @param {Samples} tv @param {Samples} companion @param {number} duration
 */
function differences(tv, companion, duration) {
  /** @type {{ at: number, seconds: number }[]} */
  const found = []
  let index = 0
  for (const [at, position] of companion.media) {
    while (index + 1 < tv.media.length && /** @type {number} */ (tv.media[index + 1]?.[0]) <= at) index++
    const before = tv.media[index]
    if (before === undefined || before[0] > at || at - before[0] > 0.1) continue
    const raw = position - (before[1] + before[2] * (at - before[0]))
    found.push({ at, seconds: raw - Math.round(raw / duration) * duration })
  }
  return found.map(({ at }, place) => {
    const near = found.slice(Math.max(place - READINGS + 1, 0), place + 1)
    return { at, seconds: median(near.map(({ seconds }) => seconds)) }
  })
}

/** @param {{ at: number, seconds: number }[]} found @param {number} since @param {number} bound @returns seconds until it stays within */
function settledAfter(found, since, bound) {
  const last = found.filter(({ at }) => at > since).findLast(({ seconds }) => Math.abs(seconds) > bound)
  const end = found.at(-1)?.at ?? since
  if (last === undefined) return 0
  return last.at >= end - 0.05 ? Number.POSITIVE_INFINITY : last.at - since
}

/** The frames that both show at the same time, as a difference of frames. @param {Samples} tv @param {Samples} companion */
function frameDifferences(tv, companion) {
  const shown = (/** @type {Samples} */ { frames }, /** @type {number} */ at) =>
    frames.findLast(([time]) => time <= at)?.[1]
  const times = companion.media.map(([at]) => at).filter((_, index) => index % 5 === 0)
  return times.flatMap((at) => {
    const [a, b] = [shown(tv, at), shown(companion, at)]
    return a === undefined || b === undefined ? [] : [Math.round((b - a) / FRAME_SECONDS)]
  })
}

/**
 * By how much the companion presents later than the television, from the presentation timestamps that it sends.
 * @param {string} url @param {number} seconds @returns {Promise<number[]>}
 */
async function reported(url, seconds) {
  const socket = new WebSocket(`${url.replace('http:', 'ws:')}/pages/live`)
  /** @type {Map<number, number>} */
  const found = new Map()
  socket.on('open', () => socket.send(JSON.stringify({ type: 'hello', role: 'control' })))
  socket.on('message', (data) => {
    const { companions = [] } = JSON.parse(String(data))
    for (const { presentation } of companions) {
      if (typeof presentation?.lateSeconds === 'number') found.set(presentation.at, presentation.lateSeconds)
    }
  })
  await sleep(seconds * 1000)
  socket.close()
  return [...found.values()]
}

const ACTIONS = {
  play: {
    prepare: () => document.querySelector('video')?.pause(),
    act: () => void document.querySelector('video')?.play(),
  },
  seek: {
    prepare: () => {},
    act: () => {
      const video = /** @type {HTMLVideoElement} */ (document.querySelector('video'))
      video.currentTime += 12
    },
  },
  'rate × 2': {
    prepare: () => {},
    act: () => {
      const video = /** @type {HTMLVideoElement} */ (document.querySelector('video'))
      video.playbackRate = video.playbackRate === 1 ? 2 : 1
    },
  },
  pause: {
    prepare: () => {},
    act: () => document.querySelector('video')?.pause(),
  },
}

if (!existsSync(CHROMIUM)) {
  console.error(`there is no Chromium at ${CHROMIUM}: run 'npm run install-browser', or set CHROMIUM to its path`)
  process.exit(2)
}

/** @type {{ what: string, goal: string, value: string, met: boolean }[]} */
const rows = []
const millis = (/** @type {number} */ seconds) => `${(seconds * 1000).toFixed(1)} ms`

const television = await startTelevision(fileURLToPath(new URL('../dist/cli/dvbcss.js', import.meta.url)))
const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS })
try {
  const tv = await browser.newPage()
  const companion = await browser.newPage()
  await tv.goto(`${television.url}/tv`)
  await tv.getByText('this page drives').waitFor()
  await companion.goto(`${television.url}/companion`)
  await companion.getByRole('button', { name: 'Follow' }).click()
  await companion.getByText('In step with the television').waitFor({ timeout: 60_000 })
  const duration = await tv.evaluate(() => document.querySelector('video')?.duration ?? 0)
  for (const page of [tv, companion]) await page.evaluate(record)

  await sleep(QUIET_SECONDS * 1000)
  await Promise.all([taken(tv), taken(companion)])
  await sleep(Number(values.seconds) * 1000)
  const [a, b] = await Promise.all([taken(tv), taken(companion)])
  const errors = differences(a, b, duration).map(({ seconds }) => seconds)
  const steady = errors.map(Math.abs)
  const frames = frameDifferences(a, b).map(Math.abs)
  const near = frames.filter((frame) => frame <= 1).length / frames.length
  const [p50, p95] = [median(steady), quantile(steady, 0.95)]
  rows.push({ what: `steady for ${values.seconds} s, p50`, goal: '≤ 2 ms', value: millis(p50), met: p50 <= 0.002 })
  rows.push({ what: `steady for ${values.seconds} s, p95`, goal: '≤ 5 ms', value: millis(p95), met: p95 <= 0.005 })
  if (process.env.TRACE) {
    const quantiles = [0.01, 0.1, 0.5, 0.9, 0.99].map((share) => millis(quantile(errors, share)))
    console.log('steady, ahead of the television at 1, 10, 50, 90, 99 %:', quantiles.join(', '))
  }
  const changes = b.media.filter(([, , rate], index) => index > 0 && rate !== b.media[index - 1]?.[2]).length
  const changesPerMinute = (changes * 60) / Number(values.seconds)
  rows.push({
    what: `steady for ${values.seconds} s, changes of the rate`,
    goal: '≤ 12/min',
    value: `${changesPerMinute.toFixed(0)}/min`,
    met: changesPerMinute <= 12,
  })
  rows.push({
    what: 'frames shown: the same or one apart',
    goal: '100 %',
    value: `${(near * 100).toFixed(2)} %`,
    met: near === 1,
  })

  for (const [name, { prepare, act }] of Object.entries(ACTIONS)) {
    /** @type {number[][]} */
    const times = [[], [], []]
    /** @type {number[]} */
    const parked = []
    for (let round = 0; round < Number(values.rounds); round++) {
      // So that the programme does not begin again while a change is watched.
      await tv.evaluate(() => {
        const video = /** @type {HTMLVideoElement} */ (document.querySelector('video'))
        if (video.currentTime > 15) video.currentTime = 2
      })
      await tv.evaluate(prepare)
      await sleep(QUIET_SECONDS * 1000)
      await Promise.all([taken(tv), taken(companion)])
      const since = (performance.timeOrigin + performance.now()) / 1000
      await tv.evaluate(act)
      await sleep(WATCHED_SECONDS * 1000)
      const [theirs, ours] = await Promise.all([taken(tv), taken(companion)])
      const found = differences(theirs, ours, duration)
      if (process.env.TRACE) {
        for (const { at, seconds } of found.filter((_, index) => index % 12 === 0))
          console.log(name, (at - since).toFixed(2), (seconds * 1000).toFixed(1))
        console.log(name, 'ends', await companion.evaluate(() => document.querySelector('h2')?.textContent))
      }
      for (const [index, bound] of [0.05, 0.025, 0.01].entries()) times[index]?.push(settledAfter(found, since, bound))
      parked.push(Math.abs(found.at(-1)?.seconds ?? Number.NaN))
      if (name === 'pause') await tv.evaluate(ACTIONS.play.act)
    }
    if (name === 'pause') {
      const worst = Math.max(...parked)
      rows.push({ what: 'parked at a pause, worst', goal: '≤ 1 ms', value: millis(worst), met: worst <= 0.001 })
      continue
    }
    const text = (/** @type {number[]} */ all) => `${median(all).toFixed(2)} s (worst ${Math.max(...all).toFixed(2)} s)`
    const [, within25 = [], within10 = []] = times
    rows.push({
      what: `within 25 ms after ${name}`,
      goal: '≤ 1.5 s',
      value: text(within25),
      met: median(within25) <= 1.5,
    })
    rows.push({ what: `within 10 ms after ${name}`, goal: '≤ 3 s', value: text(within10), met: median(within10) <= 3 })
  }

  await companion.close()
  const listener = await browser.newPage()
  await listener.goto(`${television.url}/companion`)
  await listener.getByText('Sound in another language').click()
  await listener.getByRole('button', { name: 'Follow' }).click()
  await listener.getByText('In step').waitFor()
  await sleep(QUIET_SECONDS * 1000)
  const late = (await reported(television.url, Number(values.seconds))).map(Math.abs)
  const [sound50, sound95] = [median(late), quantile(late, 0.95)]
  const what = `sound alone for ${values.seconds} s, as its player reports it`
  rows.push({ what: `${what}, p50`, goal: '≤ 2 ms', value: millis(sound50), met: sound50 <= 0.002 })
  rows.push({ what: `${what}, p95`, goal: '≤ 2 ms', value: millis(sound95), met: sound95 <= 0.002 })
} finally {
  await browser.close()
  await television.close()
}

if (values.json) {
  console.log(JSON.stringify({ node: process.versions.node, load: os.loadavg()[0], rows }, undefined, 2))
} else {
  console.log(`Node ${process.versions.node}, ${os.availableParallelism()} cores, load ${os.loadavg()[0]?.toFixed(2)}`)
  for (const { what, goal, value, met } of rows) {
    console.log(`${what.padEnd(42)} ${goal.padEnd(9)} ${value.padEnd(28)} ${met ? 'met' : 'MISSED'}`)
  }
}

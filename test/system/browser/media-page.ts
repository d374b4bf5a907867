import { CorrelatedClock, Correlation, SystemClock } from '../../../src/clocks/index.js'
import { MediaFollower } from '../../../src/companion/media/media-follower.js'

/** What a test may do in the page: it is the script of the page, and runs in the browser only. */
export interface MediaPage {
  start(): void
  stop(): void
  /** Puts the timeline to a second and a speed, now. */
  jumpTo(seconds: number, speed: number): void
  timelineSeconds(): number
  status(): ReturnType<MediaFollower['status']>
  /** The names of the refusals to play. */
  blocked(): string[]
  /** Reads the element against the timeline every few milliseconds, for so long. */
  measure(seconds: number): Promise<Measured>
  media: HTMLMediaElement
}

export interface Measured {
  /** Position less timeline, in seconds, as they were read. */
  errors: number[]
  /** By how much currentTime was seen to move at once, in seconds: the largest of those. */
  granularity: number
  states: string[]
  rates: number[]
}

const TICK_RATE = 90_000
const READ_EVERY_MILLIS = 7

const root = new SystemClock()
const timeline = new CorrelatedClock(root, { tickRate: TICK_RATE })
const media = document.querySelector('audio') as HTMLAudioElement
const follower = new MediaFollower(media, timeline)
const blocked: string[] = []
follower.on('blocked', ({ error }) => blocked.push(error instanceof Error ? error.name : String(error)))
// Where a page would have its button.
document.addEventListener('click', () => follower.retryPlay())

const timelineSeconds = () => timeline.now() / TICK_RATE

async function measure(seconds: number): Promise<Measured> {
  const measured: Measured = { errors: [], granularity: 0, states: [], rates: [] }
  let last = media.currentTime
  const end = performance.now() + seconds * 1000
  while (performance.now() < end) {
    const position = media.currentTime
    measured.errors.push(position - timelineSeconds())
    measured.granularity = Math.max(measured.granularity, position - last)
    last = position
    const { state } = follower.status()
    if (measured.states.at(-1) !== state) measured.states.push(state)
    if (measured.rates.at(-1) !== media.playbackRate) measured.rates.push(media.playbackRate)
    await new Promise((resolve) => setTimeout(resolve, READ_EVERY_MILLIS))
  }
  return measured
}

const page: MediaPage = {
  start: () => follower.start(),
  stop: () => follower.stop(),
  jumpTo(seconds, speed) {
    timeline.setCorrelationAndSpeed(
      new Correlation({ parentTicks: root.now(), childTicks: seconds * TICK_RATE }),
      speed,
    )
  },
  timelineSeconds,
  status: () => follower.status(),
  blocked: () => blocked,
  measure,
  media,
}
Object.assign(globalThis, { page })

// Playwright's evaluate counts as a gesture of the user: what must happen without one is asked for in the URL.
if (location.hash === '#start') page.start()

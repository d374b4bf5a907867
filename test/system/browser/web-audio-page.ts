import { CorrelatedClock, Correlation, SystemClock } from '../../../src/clocks/index.js'
import { MediaFollower, WebAudioPlayer } from '../../../src/companion/media/index.js'

/** What a test may do in the page: it is the script of the page, and runs in the browser only. */
export interface WebAudioPage {
  /** Loads a sound whose samples say where they are, and follows the timeline with it. */
  start(): Promise<void>
  jumpTo(seconds: number, speed: number): void
  state(): string
  /** @returns for so long: position less timeline as it is heard, and by how much what was rendered was elsewhere than the player says */
  measure(seconds: number): Promise<{ errors: number[]; differences: number[] }>
  /** The name of the error of play() when the page was loaded: what the test evaluates counts as a gesture. */
  refusal: Promise<string>
}

const TICK_RATE = 90_000
const SOUND_SECONDS = 60
const READ_EVERY_MILLIS = 7
/** While sound is faded in and out its samples say something else. */
const SILENT = 0.01

const root = new SystemClock()
const timeline = new CorrelatedClock(root, { tickRate: TICK_RATE })
let player = new WebAudioPlayer()
let follower = new MediaFollower(player, timeline)
let rendered: { at: number; seconds: number }[] = []

/** A ramp from 0 to 1: each sample is its place. */
function ramp(context: AudioContext): AudioBuffer {
  const buffer = context.createBuffer(1, SOUND_SECONDS * context.sampleRate, context.sampleRate)
  const samples = buffer.getChannelData(0)
  for (let index = 0; index < samples.length; index++) samples[index] = index / samples.length
  return buffer
}

const page: WebAudioPage = {
  async start() {
    const context = new AudioContext()
    await context.audioWorklet.addModule('/probe.js')
    const probe = new AudioWorkletNode(context, 'probe')
    probe.port.onmessage = ({ data }) => rendered.push({ at: data.at, seconds: data.sample * SOUND_SECONDS })
    probe.connect(context.destination)
    player = new WebAudioPlayer({ context, destination: probe })
    await player.load(ramp(context))
    follower = new MediaFollower(player, timeline, { toleranceSeconds: 0.002, rateStep: 0.0002 })
    follower.start()
  },
  jumpTo(seconds, speed) {
    timeline.setCorrelationAndSpeed(
      new Correlation({ parentTicks: root.now(), childTicks: seconds * TICK_RATE }),
      speed,
    )
  },
  state: () => follower.status().state,
  async measure(seconds) {
    const errors: number[] = []
    rendered = []
    const end = performance.now() + seconds * 1000
    while (performance.now() < end) {
      errors.push(player.currentTime - timeline.now() / TICK_RATE)
      await new Promise((resolve) => setTimeout(resolve, READ_EVERY_MILLIS))
    }
    const heard = rendered.filter((block) => block.seconds > SILENT * SOUND_SECONDS)
    return { errors, differences: heard.map(({ at, seconds: place }) => place - player.positionAt(at)) }
  },
  refusal: playAtOnce(),
}

async function playAtOnce(): Promise<string> {
  const silent = new WebAudioPlayer()
  const context = new AudioContext()
  await silent.load(context.createBuffer(1, 1000, context.sampleRate))
  return silent.play().then(
    () => 'none',
    (error) => (error as Error).name,
  )
}
Object.assign(globalThis, { page })

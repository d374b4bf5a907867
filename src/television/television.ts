import type { Clock } from '../clocks/index.js'
import { Emitter } from '../events/index.js'
import type { CiiServer } from '../server/cii/index.js'
import type { TsServer } from '../server/ts/index.js'
import { Playback, type ReportVerdict } from './playback.js'
import type { Action, PlaybackReport, Programme, TelevisionCommand, TelevisionState } from './protocol/index.js'
import { TelevisionTimelines, TIMELINES } from './television-timelines.js'

/** The servers that a television drives. */
export interface TelevisionServers {
  readonly cii: CiiServer
  readonly ts: TsServer
  /** The clock that CSS-WC serves. */
  readonly wallClock: Clock
}

export interface TelevisionOptions {
  /** The content id while none of the programmes is shown. */
  contentId?: string
  /** What it can show. The first one is shown at the start. */
  programmes?: readonly Programme[]
  /** How long the content id stays partial after the content changes. */
  finalAfterMilliseconds?: number
  /** How long switching to other content takes. */
  tuneMilliseconds?: number
  /** How long the intermittent timeline is available, and then unavailable. */
  intermittentMilliseconds?: number
  /** How long the search for the searched timeline takes. */
  searchMilliseconds?: number
}

/** The page whose media element is the timeline, as the television commands it. */
export interface DrivingPage {
  readonly remoteAddress: string
  act(action: Action['action']): void
}

export interface TelevisionEvents {
  /** The state has changed. Several changes of one turn of the event loop may be one event. */
  change: object
  /** A programme was changed, as when its duration has become known. */
  programmes: object
}

const DEFAULT_CONTENT_ID = 'dvb://233a.1004.1044'
const LONGEST_SPEED = 16

/** The playback of a television: drives a CII and a TS server by its own clock, or by the media element of a page. */
export class Television extends Emitter<TelevisionEvents> {
  readonly playback: Playback
  readonly #servers: TelevisionServers
  readonly #timelines: TelevisionTimelines
  readonly #options: Required<Omit<TelevisionOptions, 'programmes' | 'contentId'>>
  #programmes: Programme[]
  #programme: string | null
  #page: DrivingPage | undefined
  readonly #intermittent: NodeJS.Timeout
  #tuning: NodeJS.Timeout[] = []
  /** Between two contents: positions that a page reports now are those of the last one. */
  #isTuning = false
  #changed = false

  constructor(servers: TelevisionServers, options: TelevisionOptions = {}) {
    super()
    const { contentId = DEFAULT_CONTENT_ID, programmes = [], ...others } = options
    this.#servers = servers
    this.#options = {
      finalAfterMilliseconds: 5000,
      tuneMilliseconds: 1000,
      intermittentMilliseconds: 20_000,
      searchMilliseconds: 4000,
      ...others,
    }
    this.#programmes = [...programmes]
    const [first] = this.#programmes
    this.#programme = first?.id ?? null
    this.playback = new Playback(servers.wallClock)
    this.playback.durationSeconds = first?.durationSeconds
    const { searchMilliseconds, intermittentMilliseconds } = this.#options
    this.#timelines = new TelevisionTimelines(servers.ts, servers.wallClock, this.playback.clock, searchMilliseconds)
    this.playback.on('change', () => this.#changes())
    this.#present(first?.contentId ?? contentId)
    this.#intermittent = setInterval(() => this.#toggleIntermittent(), intermittentMilliseconds)
    this.#intermittent.unref()
  }

  /** What it can show. */
  get programmes(): readonly Programme[] {
    return this.#programmes
  }

  /** The page whose media element is the timeline, or is about to become it. */
  get page(): DrivingPage | undefined {
    return this.#page
  }

  set page(page: DrivingPage | undefined) {
    if (page === this.#page) return
    this.#page = page
    this.playback.release()
    this.#changes()
  }

  state(): TelevisionState {
    const { cii, wallClock } = this.#servers
    const { clock, isDriven, speed } = this.playback
    const now = wallClock.now()
    return {
      contentId: cii.cii.contentId ?? '',
      contentIdStatus: cii.cii.contentIdStatus ?? 'final',
      presentationStatus: cii.cii.presentationStatus ?? [],
      programme: this.#programme,
      positionSeconds: clock.fromParent(now) / clock.tickRate,
      wallClockNanos: String(BigInt(Math.round(wallClock.toNanos(now)))),
      speed,
      driver: isDriven ? 'page' : 'clock',
      timelines: this.#timelines.states,
    }
  }

  /**
   * Executes a command of the remote control. Where a page drives, its media element does it, and the timeline follows.
   * @returns why it was not executed; undefined if it was
   */
  execute(command: TelevisionCommand): string | undefined {
    switch (command.name) {
      case 'play':
      case 'pause':
      case 'seek':
      case 'speed':
        return this.#control(command)
      case 'programme':
        return this.#switchTo(command.programme)
      case 'content':
        if (!URL.canParse(command.contentId)) return `expected a URI, received "${command.contentId}"`
        this.setContent(command.contentId)
        return undefined
      case 'status':
        return this.#setStatus(command.presentationStatus)
      case 'timeline':
        return this.#setTimeline(command.selector, command.available)
    }
  }

  /** Adopts what the media element of the driving page does. */
  report(report: PlaybackReport): ReportVerdict | 'other-programme' {
    if (report.programme !== this.#programme || this.#isTuning) return 'other-programme'
    const verdict = this.playback.report(report)
    const { durationSeconds } = this.playback
    if (durationSeconds !== undefined) this.#learn(report.programme, durationSeconds)
    return verdict
  }

  /** Switches to other content: `transitioning` for a moment, then the new content from its beginning. */
  setContent(contentId: string): void {
    const programme = this.#programmes.find((each) => each.contentId === contentId)
    this.#tune(contentId, programme)
  }

  /** Stops all timers. */
  stop(): void {
    this.#stopTuning()
    this.playback.stop()
    clearInterval(this.#intermittent)
  }

  #control(command: TelevisionCommand & Action['action']): string | undefined {
    const speed = command.name === 'speed' ? command.speed : 1
    if (Math.abs(speed) > LONGEST_SPEED) return `expected a speed from -${LONGEST_SPEED} to ${LONGEST_SPEED}`
    if (this.#page !== undefined && this.playback.isDriven) {
      if (speed < 0) return 'the picture cannot play backwards; close the page that drives the television'
      this.#page.act(command)
      return undefined
    }
    if (command.name === 'play') this.playback.play()
    else if (command.name === 'pause') this.playback.pause()
    else if (command.name === 'seek') this.playback.seek(command.seconds)
    else this.playback.setSpeed(command.speed)
    return undefined
  }

  #switchTo(id: string): string | undefined {
    const programme = this.#programmes.find((each) => each.id === id)
    if (programme === undefined) return `there is no programme "${id}"`
    this.#tune(programme.contentId, programme)
    return undefined
  }

  #setStatus(presentationStatus: readonly string[]): string | undefined {
    try {
      this.#servers.cii.update({ presentationStatus: [...presentationStatus] })
    } catch (error) {
      return (error as Error).message
    }
    this.#changes()
    return undefined
  }

  #setTimeline(selector: string, available: boolean): string | undefined {
    if (!this.#timelines.setAvailable(selector, available)) return `there is no timeline "${selector}"`
    this.#servers.cii.update({ timelines: this.#timelines.listed })
    this.#changes()
    return undefined
  }

  #tune(contentId: string, programme: Programme | undefined): void {
    this.#stopTuning()
    this.#servers.cii.update({ presentationStatus: ['transitioning'] })
    // No content, no timeline: companions that follow the old content must not be moved to the new one.
    this.#servers.ts.contentId = null
    this.#programme = programme?.id ?? null
    this.#isTuning = true
    this.#changes()
    this.#tuning.push(
      setTimeout(() => {
        this.#isTuning = false
        this.playback.durationSeconds = programme?.durationSeconds
        this.playback.restart()
        this.#present(contentId)
      }, this.#options.tuneMilliseconds),
    )
  }

  /** A television knows the service at once, and the event when it has read the metadata. */
  #present(contentId: string): void {
    const partial = contentId.startsWith('dvb://') ? (contentId.split(';', 1)[0] ?? contentId) : contentId
    this.#show(partial, 'partial')
    this.#tuning.push(setTimeout(() => this.#show(contentId, 'final'), this.#options.finalAfterMilliseconds).unref())
  }

  #show(contentId: string, contentIdStatus: 'partial' | 'final'): void {
    const timelines = this.#timelines.listed
    this.#servers.cii.update({ contentId, contentIdStatus, presentationStatus: ['okay'], timelines })
    this.#servers.ts.contentId = contentId
    this.#changes()
  }

  #toggleIntermittent(): void {
    const { selector } = TIMELINES.intermittent
    this.#setTimeline(selector, !this.#timelines.isAvailable(selector))
  }

  /** The page that plays a programme knows how long it is. */
  #learn(id: string, durationSeconds: number): void {
    const index = this.#programmes.findIndex((each) => each.id === id)
    const programme = this.#programmes[index]
    if (programme === undefined || programme.durationSeconds === durationSeconds) return
    this.#programmes[index] = { ...programme, durationSeconds }
    this.emit('programmes', {})
  }

  #changes(): void {
    if (this.#changed) return
    this.#changed = true
    queueMicrotask(() => {
      this.#changed = false
      this.emit('change', {})
    })
  }

  #stopTuning(): void {
    for (const timer of this.#tuning) clearTimeout(timer)
    this.#tuning = []
  }
}

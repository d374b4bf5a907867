import { effect, type ReadonlySignal, signal } from '@preact/signals'
import type { CompanionReport, LogEntry, MessageEntry, TelevisionCommand, Update } from '../../protocol/index.js'
import { LiveConnection } from '../shared/index.js'
import { BoundedList } from './bounded-list.js'
import { companionName } from './companion-name.js'
import { forgetToken, keepToken } from './token.js'

const MAX_ENTRIES = 500
/** Names of connections that have ended are kept, for their messages; within reason. */
const MAX_NAMES = 2000

/** Whose connection it is. */
interface Owner {
  readonly key: string
  readonly name: string
}

/** What the control page knows, and what it can do. */
export class Control {
  readonly messages = new BoundedList<MessageEntry>(MAX_ENTRIES)
  readonly log = new BoundedList<LogEntry>(MAX_ENTRIES)
  readonly #live: ReturnType<typeof signal<LiveConnection>>
  readonly #owners = new Map<string, Owner>()
  /** When the last state came, by `performance.now()`. */
  #stateAt = 0
  #isRefusedToken = signal(false)

  constructor(token: string | undefined) {
    this.#live = signal(this.#connect(token))
  }

  get live(): LiveConnection {
    return this.#live.value as LiveConnection
  }

  /** Whether the last token that was entered is wrong. */
  get isTokenWrong(): ReadonlySignal<boolean> {
    return this.#isRefusedToken
  }

  /** Those that follow the television, without the pages of its own picture. */
  get companions(): readonly CompanionReport[] {
    return this.connected.filter(({ page }) => page !== 'tv')
  }

  /** All that have connections to its endpoints. */
  get connected(): readonly CompanionReport[] {
    return this.live.sections.value.companions ?? []
  }

  /** Opens the page with a token that was entered. */
  enter(token: string): void {
    keepToken(token)
    this.#live.value = this.#connect(token)
  }

  /** @returns why it was not executed; undefined if it was */
  command(command: TelevisionCommand): Promise<string | undefined> {
    return this.live.command(command)
  }

  /** The position now: the television says it at changes, and now and then. */
  positionSeconds(): number {
    const { state } = this.live.sections.peek()
    if (state === undefined) return 0
    return state.positionSeconds + ((performance.now() - this.#stateAt) / 1000) * state.speed
  }

  ownerOf(connection: string): Owner | undefined {
    return this.#owners.get(connection)
  }

  #connect(token: string | undefined): LiveConnection {
    const live = new LiveConnection('control', token)
    live.onUpdate = (update) => this.#updated(update)
    effect(() => {
      if (live.status.value === 'connected') {
        // The television sends again what it still has.
        this.messages.clear()
        this.log.clear()
        this.#isRefusedToken.value = false
        live.send({ type: 'watch', messages: true, log: true })
      }
      if (live.refusal.value?.reason === 'token') {
        forgetToken()
        this.#isRefusedToken.value = token !== undefined
      }
    })
    live.open()
    return live
  }

  #updated({ state, companions, messages, log }: Update): void {
    if (state !== undefined) this.#stateAt = performance.now()
    for (const companion of companions ?? []) {
      const owner = { key: companion.key, name: companionName(companion) }
      for (const { id } of companion.connections) this.#owners.set(id, owner)
    }
    for (const id of this.#owners.keys()) {
      if (this.#owners.size <= MAX_NAMES) break
      this.#owners.delete(id)
    }
    if (messages !== undefined) this.messages.add(messages)
    if (log !== undefined) this.log.add(log)
  }
}

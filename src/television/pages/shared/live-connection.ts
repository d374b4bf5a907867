import { type ReadonlySignal, signal } from '@preact/signals'
import { DoublingWait } from '../../../clocks/index.js'
import type {
  Action,
  Answer,
  PageMessage,
  PageRefusal,
  PageRole,
  TelevisionCommand,
  TelevisionMessage,
  Update,
} from '../../protocol/index.js'

/** Whether the page is connected to the television. `refused` is final: the page has to be opened in another way. */
export type LiveStatus = 'connecting' | 'connected' | 'lost' | 'refused'

type Sections = Omit<Update, 'type' | 'messages' | 'log'>

const FIRST_WAIT_SECONDS = 0.25
const LONGEST_WAIT_SECONDS = 5
const COMMAND_TIMEOUT_MILLIS = 5000

/** The page's connection to its television: opened again whenever it is lost. Each section of the last updates is a signal. */
export class LiveConnection {
  readonly role: PageRole
  readonly #status = signal<LiveStatus>('connecting')
  readonly #refusal = signal<PageRefusal | undefined>(undefined)
  readonly #sections = signal<Sections>({})
  readonly #token: string | undefined
  readonly #wait = new DoublingWait(FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS)
  readonly #waiting = new Map<number, (answer: Answer) => void>()
  #socket: WebSocket | undefined
  #commands = 0
  /** What the driving page has to do. */
  onAction: (action: Action['action']) => void = () => {}
  /** Messages and lines of the log, which are sent once, and so are no signals. */
  onUpdate: (update: Update) => void = () => {}

  constructor(role: PageRole, token?: string) {
    this.role = role
    this.#token = token
  }

  get status(): ReadonlySignal<LiveStatus> {
    return this.#status
  }

  get refusal(): ReadonlySignal<PageRefusal | undefined> {
    return this.#refusal
  }

  /** The latest of each section. Kept while the connection is lost. */
  get sections(): ReadonlySignal<Sections> {
    return this.#sections
  }

  open(): void {
    const url = new URL('pages/live', document.baseURI)
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
    url.search = ''
    url.hash = ''
    const socket = new WebSocket(url)
    this.#socket = socket
    socket.onopen = () => {
      this.send({ type: 'hello', role: this.role, ...(this.#token !== undefined && { token: this.#token }) })
    }
    socket.onmessage = ({ data }) => this.#received(JSON.parse(String(data)) as TelevisionMessage)
    socket.onclose = () => this.#closed()
  }

  /** Nothing is sent while the connection is lost: everything that pages say is outdated later. @returns whether it was sent */
  send(message: PageMessage): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false
    this.#socket.send(JSON.stringify(message))
    return true
  }

  /** @returns why the command was not executed; undefined if it was */
  async command(command: TelevisionCommand): Promise<string | undefined> {
    const id = ++this.#commands
    if (!this.send({ type: 'command', id, command })) return 'The television cannot be reached.'
    const answer = await new Promise<Answer>((resolve) => {
      const giveUp = () => resolve({ type: 'answer', id, error: 'The television did not answer.' })
      const timer = setTimeout(giveUp, COMMAND_TIMEOUT_MILLIS)
      this.#waiting.set(id, (answer) => {
        clearTimeout(timer)
        resolve(answer)
      })
    })
    this.#waiting.delete(id)
    return answer.error
  }

  #received(message: TelevisionMessage): void {
    switch (message.type) {
      case 'update': {
        const { type: _, messages: __, log: ___, ...sections } = message
        this.#wait.reset()
        this.#sections.value = { ...this.#sections.value, ...sections }
        this.#status.value = 'connected'
        this.onUpdate(message)
        break
      }
      case 'action':
        this.onAction(message.action)
        break
      case 'answer':
        this.#waiting.get(message.id)?.(message)
        break
      case 'refused':
        this.#refusal.value = message
        this.#status.value = 'refused'
    }
  }

  #closed(): void {
    for (const [id, answer] of this.#waiting) answer({ type: 'answer', id, error: 'The television cannot be reached.' })
    if (this.#status.value === 'refused') return
    this.#status.value = 'lost'
    setTimeout(() => this.open(), this.#wait.next() * 1000)
  }
}

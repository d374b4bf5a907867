import { WebAudioPlayer } from '../../../companion/media/index.js'
import type { Player } from './player.js'

/** Longer sound is left to the element: decoded, each minute takes 23 MB of memory. */
const LONGEST_SECONDS = 600

/**
 * Lets a player of sound play by Web Audio, which is exact to a millisecond; the sound of an element is tens of them late. The element
 * finds a source that the browser can play, and plays it until then, and where Web Audio cannot.
 */
export class ExactSound {
  readonly #player: Player
  #context: AudioContext | undefined

  constructor(player: Player) {
    this.#player = player
    player.media.addEventListener('loadedmetadata', () => void this.#take())
  }

  /** Called by a gesture of the user, after which browsers allow sound. */
  unlock(): void {
    this.#context ??= new AudioContext()
    this.#context.resume().catch(() => {})
  }

  async #take(): Promise<void> {
    const { media } = this.#player
    const url = media.currentSrc
    if (this.#context === undefined || !(media.duration <= LONGEST_SECONDS)) return
    const sound = new WebAudioPlayer({ context: this.#context, loop: true })
    try {
      await sound.load(url)
    } catch {
      // A server of another origin may not allow it, or the format is one of elements only.
      return
    }
    if (media.currentSrc === url && this.#player.isInUse) this.#player.replaceBy(sound)
    else sound.close()
  }
}

/** What the pages use of dash.js, which is no part of them: the television serves it where it is installed. */
interface DashJs {
  readonly MediaPlayer: { (): { create(): DashPlayer }; readonly events: { readonly ERROR: string } }
}

interface DashPlayer {
  initialize(media: HTMLMediaElement, url: string, autoPlay: boolean): void
  on(type: string, listener: (event: { error?: { message?: string } | string }) => void): void
  destroy(): void
}

const SCRIPT = 'pages/dash.js'
const ABSENT = 'The television does not serve dash.js, which plays this stream.'

let loading: Promise<DashJs> | undefined

/** Plays a DASH stream with a media element. @param failed called when that is impossible @returns stops it, and frees the element */
export function playDash(media: HTMLMediaElement, mpdUrl: string, failed: (detail: string) => void): () => void {
  let player: DashPlayer | undefined
  let isStopped = false
  loading ??= loadDashJs()
  loading.then(
    ({ MediaPlayer }) => {
      if (isStopped) return
      player = MediaPlayer().create()
      player.on(MediaPlayer.events.ERROR, ({ error }) => {
        failed(sentence((typeof error === 'string' ? error : error?.message) || 'The stream cannot be played'))
      })
      player.initialize(media, mpdUrl, false)
    },
    (error: Error) => {
      // The next attempt loads it again.
      loading = undefined
      if (!isStopped) failed(error.message)
    },
  )
  return () => {
    isStopped = true
    player?.destroy()
  }
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}

function loadDashJs(): Promise<DashJs> {
  return new Promise((resolve, reject) => {
    const script = document.createElement('script')
    script.src = SCRIPT
    script.onload = () => {
      const { dashjs } = globalThis as { dashjs?: DashJs }
      if (dashjs === undefined) reject(new Error(ABSENT))
      else resolve(dashjs)
    }
    script.onerror = () => reject(new Error(ABSENT))
    document.head.append(script)
  })
}

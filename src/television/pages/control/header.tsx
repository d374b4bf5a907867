import type { Control } from './control.js'

const STATUS = { connecting: 'Connecting', connected: 'Live', lost: 'Not connected', refused: 'Refused' } as const

/** Which television it is, what it shows, and whether the page is up to date. */
export function Header({ control }: { readonly control: Control }) {
  const { live } = control
  const { setting, state, programmes } = live.sections.value
  const title = programmes?.find(({ id }) => id === state?.programme)?.title
  const status = live.status.value
  return (
    <header class="top">
      <div class="names">
        <h1>{setting?.friendlyName ?? 'Television'}</h1>
        <p class="muted">
          {title !== undefined && <span>{title}</span>}
          {state !== undefined && <span class="code content-id">{state.contentId || 'no content'}</span>}
        </p>
      </div>
      <nav aria-label="Pages of this television">
        <a href="tv" target="_blank" rel="noopener">
          Picture
        </a>
        <a href="companion" target="_blank" rel="noopener">
          Companion
        </a>
      </nav>
      <p class={`pill ${status === 'connected' ? 'good' : 'warn'}`} role="status">
        {STATUS[status]}
      </p>
    </header>
  )
}

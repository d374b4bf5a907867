import { useEffect } from 'preact/hooks'
import { Companions } from './companions.js'
import type { Control } from './control.js'
import { Header } from './header.js'
import { Log } from './log.js'
import { Messages } from './messages.js'
import { Refused } from './refused.js'
import { Remote } from './remote.js'

/** The page of the remote control. */
export function ControlPage({ control }: { readonly control: Control }) {
  const { live } = control
  const name = live.sections.value.setting?.friendlyName ?? 'Television'
  useEffect(() => {
    document.title = `${name} · control`
  }, [name])
  const status = live.status.value
  if (status === 'refused') return <Refused control={control} />
  const isKnown = live.sections.value.state !== undefined
  return (
    <>
      <Header control={control} />
      <main class={status === 'connected' ? '' : 'outdated'}>
        {status !== 'connected' && (
          <p class="notice warn" role="status">
            {isKnown
              ? 'The television cannot be reached. This is the last known state; the page reconnects automatically.'
              : 'Connecting to the television…'}
          </p>
        )}
        {isKnown && (
          <div class="columns">
            <Companions control={control} />
            <Remote control={control} />
            <div class="streams">
              <Messages control={control} />
              <Log control={control} />
            </div>
          </div>
        )}
      </main>
    </>
  )
}

import { Icon } from '../shared/index.js'
import { CommandError } from './command-error.js'
import { shortSelector } from './companion-name.js'
import { Content } from './content.js'
import type { Control } from './control.js'
import { Position } from './position.js'
import { PresentationStatus } from './presentation-status.js'
import { useCommand } from './use-command.js'

const SPEEDS = [0.5, 1, 1.5, 2]

/** The remote control. */
export function Remote({ control }: { readonly control: Control }) {
  const { state } = control.live.sections.value
  return (
    <section class="panel remote" aria-labelledby="remote-title">
      <div class="panel-head">
        <h2 id="remote-title">Remote control</h2>
        <p class="muted">{state?.driver === 'page' ? 'A page plays the picture' : 'No page plays the picture'}</p>
      </div>
      <Position control={control} />
      <Playback control={control} />
      <Content control={control} />
      <PresentationStatus control={control} />
      <Timelines control={control} />
    </section>
  )
}

function Playback({ control }: { readonly control: Control }) {
  const [send, error] = useCommand(control)
  const speed = control.live.sections.value.state?.speed ?? 0
  const set = (event: SubmitEvent & { readonly currentTarget: HTMLFormElement }) => {
    event.preventDefault()
    const value = Number(new FormData(event.currentTarget).get('speed'))
    if (Number.isFinite(value)) send({ name: 'speed', speed: value })
  }
  return (
    <div class="group">
      <div class="row">
        {speed === 0 ? (
          <button type="button" class="primary wide" onClick={() => send({ name: 'play' })}>
            <Icon name="play" /> Play
          </button>
        ) : (
          <button type="button" class="primary wide" onClick={() => send({ name: 'pause' })}>
            <Icon name="pause" /> Pause
          </button>
        )}
      </div>
      <form class="row" onSubmit={set}>
        <fieldset class="segments">
          <legend class="visually-hidden">Speed</legend>
          {SPEEDS.map((each) => (
            <button
              key={each}
              type="button"
              aria-pressed={speed === each}
              onClick={() => send({ name: 'speed', speed: each })}
            >
              {each}×
            </button>
          ))}
        </fieldset>
        <input name="speed" type="number" step="any" required aria-label="Other speed" placeholder="other" />
        <button type="submit" aria-label="Set speed">
          Set
        </button>
      </form>
      <p class="muted">
        Speed <span class="number">{Number(speed.toFixed(4))}</span>
      </p>
      <CommandError error={error} />
    </div>
  )
}

function Timelines({ control }: { readonly control: Control }) {
  const [send, error] = useCommand(control)
  const timelines = control.live.sections.value.state?.timelines ?? []
  return (
    <fieldset class="group timelines">
      <legend>Timelines</legend>
      {timelines.map(({ selector, unitsPerSecond, available }) => (
        <label key={selector} title={selector}>
          <input
            type="checkbox"
            checked={available}
            onChange={(event) => {
              // The television says what it is.
              event.currentTarget.checked = available
              send({ name: 'timeline', selector, available: !available })
            }}
          />
          <span class="code">{shortSelector(selector)}</span>
          <span class="muted number">{unitsPerSecond}/s</span>
        </label>
      ))}
      <CommandError error={error} />
    </fieldset>
  )
}

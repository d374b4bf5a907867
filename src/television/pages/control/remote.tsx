import { CommandError } from './command-error.js'
import { shortSelector } from './companion-name.js'
import { Content } from './content.js'
import type { Control } from './control.js'
import { Position } from './position.js'
import { PresentationStatus } from './presentation-status.js'
import { useCommand } from './use-command.js'

const SPEEDS = [0.5, 1, 2]

/** The remote control. */
export function Remote({ control }: { readonly control: Control }) {
  const { state } = control.live.sections.value
  return (
    <section class="panel remote" aria-labelledby="remote-title">
      <div class="panel-head">
        <h2 id="remote-title">Remote control</h2>
        <p class="muted">{state?.driver === 'page' ? 'The picture drives' : 'On its own clock'}</p>
      </div>
      <Position control={control} />
      <Speed control={control} />
      <Content control={control} />
      <PresentationStatus control={control} />
      <Timelines control={control} />
    </section>
  )
}

function Speed({ control }: { readonly control: Control }) {
  const [send, error] = useCommand(control)
  const speed = control.live.sections.value.state?.speed ?? 0
  const set = (event: SubmitEvent & { readonly currentTarget: HTMLFormElement }) => {
    event.preventDefault()
    const value = Number(new FormData(event.currentTarget).get('speed'))
    if (Number.isFinite(value)) send({ name: 'speed', speed: value })
  }
  return (
    <form class="group" onSubmit={set}>
      <label for="speed">
        Speed <span class="muted number">({Number(speed.toFixed(4))})</span>
      </label>
      <div class="row">
        <div class="segments">
          {SPEEDS.map((each) => (
            <button
              key={each}
              type="button"
              aria-label={`Speed ${each}`}
              aria-pressed={speed === each}
              onClick={() => send({ name: 'speed', speed: each })}
            >
              {each}
            </button>
          ))}
        </div>
        <input id="speed" name="speed" type="number" step="any" required placeholder="0.9" />
        <button type="submit" aria-label="Set speed">
          Set
        </button>
      </div>
      <CommandError error={error} />
    </form>
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

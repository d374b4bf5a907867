import { useEffect, useState } from 'preact/hooks'
import { Icon, timecode, timeText } from '../shared/index.js'
import { CommandError } from './command-error.js'
import type { Control } from './control.js'
import { useCommand } from './use-command.js'

const TICK_MILLIS = 100

/** Where the television is, and where to move it. */
export function Position({ control }: { readonly control: Control }) {
  const [send, error] = useCommand(control)
  const seconds = usePosition(control)
  // While the slider is moved, it is where the hand is.
  const [chosen, setChosen] = useState<number | undefined>(undefined)
  const { state, programmes } = control.live.sections.value
  const duration = programmes?.find(({ id }) => id === state?.programme)?.durationSeconds
  const seek = (to: number) => {
    setChosen(undefined)
    send({ name: 'seek', seconds: Math.max(0, to) })
  }
  const go = (event: SubmitEvent & { readonly currentTarget: HTMLFormElement }) => {
    event.preventDefault()
    const value = Number(new FormData(event.currentTarget).get('seconds'))
    if (Number.isFinite(value)) send({ name: 'seek', seconds: value })
  }
  return (
    <div class="position">
      <p class="timecode number">{timecode(chosen ?? seconds)}</p>
      {duration !== undefined && (
        <div class="slider">
          <input
            type="range"
            aria-label="Position in the programme"
            min={0}
            max={duration}
            step={0.1}
            value={chosen ?? seconds}
            aria-valuetext={timeText(chosen ?? seconds)}
            onInput={(event) => setChosen(event.currentTarget.valueAsNumber)}
            onChange={(event) => seek(event.currentTarget.valueAsNumber)}
          />
          <span class="number muted">{timeText(duration)}</span>
        </div>
      )}
      <div class="row">
        <button type="button" title="10 seconds back" onClick={() => seek(control.positionSeconds() - 10)}>
          −10 s
        </button>
        {state?.speed === 0 ? (
          <button type="button" class="primary wide" onClick={() => send({ name: 'play' })}>
            <Icon name="play" /> Play
          </button>
        ) : (
          <button type="button" class="primary wide" onClick={() => send({ name: 'pause' })}>
            <Icon name="pause" /> Pause
          </button>
        )}
        <button type="button" title="10 seconds forward" onClick={() => seek(control.positionSeconds() + 10)}>
          +10 s
        </button>
      </div>
      <form class="row" onSubmit={go}>
        <input name="seconds" type="number" step="any" required aria-label="Seek to second" placeholder="Second" />
        <button type="submit">Seek</button>
      </form>
      <CommandError error={error} />
    </div>
  )
}

function usePosition(control: Control): number {
  const [seconds, setSeconds] = useState(() => control.positionSeconds())
  useEffect(() => {
    const timer = setInterval(() => setSeconds(control.positionSeconds()), TICK_MILLIS)
    return () => clearInterval(timer)
  }, [control])
  return seconds
}

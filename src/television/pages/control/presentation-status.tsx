import { useEffect, useRef } from 'preact/hooks'
import { CommandError } from './command-error.js'
import type { Control } from './control.js'
import { useCommand } from './use-command.js'

const FIRST_WORDS = ['okay', 'transitioning', 'fault']

/** The presentation status of CSS-CII: its first word is one of three, and others may follow. */
export function PresentationStatus({ control }: { readonly control: Control }) {
  const [send, error] = useCommand(control)
  const first = useRef<HTMLSelectElement>(null)
  const others = useRef<HTMLInputElement>(null)
  const words = control.live.sections.value.state?.presentationStatus ?? []
  const status = words.join(' ')
  useEffect(() => {
    if (first.current !== null) first.current.value = words[0] ?? 'okay'
    if (others.current !== null) others.current.value = words.slice(1).join(' ')
  }, [status])
  const set = (event: SubmitEvent) => {
    event.preventDefault()
    const text = `${first.current?.value ?? 'okay'} ${others.current?.value ?? ''}`
    send({ name: 'status', presentationStatus: text.split(/\s+/).filter((word) => word !== '') })
  }
  return (
    <form class="group" onSubmit={set}>
      <label for="status-word">Presentation status</label>
      <div class="row">
        <select id="status-word" ref={first}>
          {FIRST_WORDS.map((word) => (
            <option key={word}>{word}</option>
          ))}
        </select>
        <input
          ref={others}
          class="code"
          aria-label="Further status words"
          placeholder="further words"
          spellcheck={false}
        />
        <button type="submit" aria-label="Set status">
          Set
        </button>
      </div>
      <CommandError error={error} />
    </form>
  )
}

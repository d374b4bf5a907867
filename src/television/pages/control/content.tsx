import { useEffect, useRef } from 'preact/hooks'
import { CommandError } from './command-error.js'
import type { Control } from './control.js'
import { useCommand } from './use-command.js'

/** What the television shows. */
export function Content({ control }: { readonly control: Control }) {
  return (
    <>
      <ProgrammeChoice control={control} />
      <ContentId control={control} />
    </>
  )
}

function ProgrammeChoice({ control }: { readonly control: Control }) {
  const [send, error] = useCommand(control)
  const { programmes = [], state } = control.live.sections.value
  const select = useRef<HTMLSelectElement>(null)
  const programme = state?.programme ?? ''
  useEffect(() => {
    if (select.current !== null) select.current.value = programme
  }, [programme, programmes])
  const show = (event: SubmitEvent) => {
    event.preventDefault()
    if (select.current !== null) send({ name: 'programme', programme: select.current.value })
  }
  if (programmes.length === 0) return null
  return (
    <form class="group" onSubmit={show}>
      <label for="programme">Programme</label>
      <div class="row">
        <select id="programme" ref={select}>
          {state?.programme === null && (
            <option value="" disabled>
              None of these
            </option>
          )}
          {programmes.map(({ id, title }) => (
            <option key={id} value={id}>
              {title}
            </option>
          ))}
        </select>
        <button type="submit">Switch</button>
      </div>
      <CommandError error={error} />
    </form>
  )
}

function ContentId({ control }: { readonly control: Control }) {
  const [send, error] = useCommand(control)
  const { state } = control.live.sections.value
  const change = (event: SubmitEvent & { readonly currentTarget: HTMLFormElement }) => {
    event.preventDefault()
    const contentId = String(new FormData(event.currentTarget).get('contentId')).trim()
    if (contentId !== '') send({ name: 'content', contentId })
  }
  return (
    <form class="group" onSubmit={change}>
      <label for="content-id">
        Content id <span class="muted">({state?.contentIdStatus})</span>
      </label>
      <div class="row">
        <input
          id="content-id"
          name="contentId"
          class="code"
          required
          placeholder={state?.contentId}
          spellcheck={false}
        />
        <button type="submit">Change</button>
      </div>
      <CommandError error={error} />
    </form>
  )
}

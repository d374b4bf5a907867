import type { AlternativeKind } from '../../protocol/index.js'
import type { Follow } from './follow.js'
import { goesWithPicture } from './presentation.js'

const KINDS: Readonly<Record<AlternativeKind, string>> = {
  audio: 'Sound in another language',
  'audio-description': 'Audio description',
  video: 'Another picture',
  subtitles: 'Subtitles',
}

/** What can be followed: the programme itself, or one of its alternatives. */
export function Versions({ follow }: { readonly follow: Follow }) {
  const alternatives = follow.programme?.alternatives ?? []
  if (alternatives.length === 0) return null
  const chosen = follow.alternative
  return (
    <fieldset class="panel versions">
      <legend>What to follow</legend>
      <Version follow={follow} id="programme" label="The programme" note="Picture and sound" />
      {alternatives.map(({ id, kind, label, language }) => (
        <Version key={id} follow={follow} id={id} label={label} language={language} note={KINDS[kind]} />
      ))}
      {goesWithPicture(chosen?.kind) && <WithPicture follow={follow} isText={chosen?.kind === 'subtitles'} />}
    </fieldset>
  )
}

interface VersionProps {
  readonly follow: Follow
  readonly id: string
  readonly label: string
  readonly note: string
  readonly language?: string | undefined
}

function Version({ follow, id, label, note, language }: VersionProps) {
  const chosen = follow.alternative?.id ?? 'programme'
  return (
    <label class="version">
      <input
        type="radio"
        name="version"
        value={id}
        checked={chosen === id}
        onChange={() => follow.change({ choice: id })}
      />
      <span lang={language}>{label}</span>
      <span class="muted">{note}</span>
    </label>
  )
}

function WithPicture({ follow, isText }: { readonly follow: Follow; readonly isText: boolean }) {
  const { withPicture } = follow.settings.value
  const choices = [
    { isWith: false, label: isText ? 'Text only' : 'Sound only' },
    { isWith: true, label: 'With the picture' },
  ]
  return (
    <div class="segments" role="radiogroup" aria-label="Picture">
      {choices.map(({ isWith, label }) => (
        <label key={label}>
          <input
            type="radio"
            name="with-picture"
            checked={withPicture === isWith}
            onChange={() => follow.change({ withPicture: isWith })}
          />
          <span>{label}</span>
        </label>
      ))}
    </div>
  )
}

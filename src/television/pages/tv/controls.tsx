import type { RefObject } from 'preact'
import { Icon, timeText } from '../shared/index.js'
import { RATES, setVolume, toggleFullscreen, toggleMute } from './keys.js'
import type { Picture } from './picture.js'
import { useMedia } from './use-media.js'

interface Props {
  readonly picture: Picture
  readonly stage: RefObject<HTMLElement | null>
}

/** The controls below the picture. They move the media element, and so the timeline. */
export function Controls({ picture, stage }: Props) {
  const media = useMedia(picture.media)
  const isDisabled = !picture.isMovable
  const duration = Number.isFinite(media.duration) ? media.duration : 0
  const rates = RATES.includes(picture.speed) ? RATES : [...RATES, picture.speed].sort((a, b) => a - b)
  const [position, end] = [shortTime(media.currentTime, duration), shortTime(duration, duration)]
  return (
    <section class="controls" aria-label="Playback">
      <button type="button" class="icon" disabled={isDisabled} onClick={() => picture.togglePlay()}>
        <Icon name={media.paused ? 'play' : 'pause'} />
        <span class="visually-hidden">{media.paused ? 'Play' : 'Pause'}</span>
      </button>
      <input
        class="seek"
        type="range"
        aria-label="Position"
        aria-valuetext={`${position} of ${end}`}
        min={0}
        max={duration}
        step={0.04}
        value={media.currentTime}
        disabled={isDisabled || duration === 0}
        onInput={(event) => picture.seekTo(Number(event.currentTarget.value))}
      />
      <span class="number time">
        {position} / {end}
      </span>
      <select
        class="speed"
        aria-label="Speed"
        disabled={isDisabled}
        value={picture.speed}
        onChange={(event) => picture.setRate(Number(event.currentTarget.value))}
      >
        {rates.map((rate) => (
          <option key={rate} value={rate}>
            {Number(rate.toFixed(3))} ×
          </option>
        ))}
      </select>
      <button type="button" class="icon" aria-pressed={media.muted} onClick={() => toggleMute(picture)}>
        <Icon name={media.muted ? 'silence' : 'sound'} />
        <span class="visually-hidden">Mute</span>
      </button>
      <input
        class="volume"
        type="range"
        aria-label="Volume"
        min={0}
        max={1}
        step={0.05}
        value={media.muted ? 0 : media.volume}
        onInput={(event) => setVolume(media, Number(event.currentTarget.value))}
      />
      <button type="button" class="icon" onClick={() => toggleFullscreen(stage.current)}>
        <Icon name="fullscreen" />
        <span class="visually-hidden">Full screen</span>
      </button>
    </section>
  )
}

/** Without hours where the programme has none. */
function shortTime(seconds: number, duration: number): string {
  const text = timeText(seconds)
  return duration < 3600 ? text.replace(/^0:/, '') : text
}

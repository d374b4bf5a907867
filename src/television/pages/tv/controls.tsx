import type { RefObject } from 'preact'
import { Icon, type LiveConnection, timeText } from '../shared/index.js'
import { RATES, toggleFullscreen, toggleMute } from './keys.js'
import type { Picture } from './picture.js'
import { useMedia } from './use-media.js'

interface Props {
  readonly live: LiveConnection
  readonly picture: Picture
  readonly screen: RefObject<HTMLElement | null>
}

/** The controls below the picture. They move the media element, and so the timeline. */
export function Controls({ live, picture, screen }: Props) {
  const media = useMedia(picture.media)
  const isFollowing = picture.mode.value === 'following' || picture.mode.value === 'aligning'
  const duration = Number.isFinite(media.duration) ? media.duration : 0
  const place = `${timeText(media.currentTime)} of ${timeText(duration)}`
  // While it follows, the rate is that of the timeline, bent a little.
  const rate = isFollowing ? (live.sections.value.state?.speed ?? 1) : media.playbackRate
  const rates = RATES.includes(rate) ? RATES : [...RATES, rate]
  return (
    <section class="controls" aria-label="Playback">
      <button type="button" class="icon" disabled={isFollowing} onClick={() => picture.togglePlay()}>
        <Icon name={media.paused ? 'play' : 'pause'} />
        <span class="visually-hidden">{media.paused ? 'Play' : 'Pause'}</span>
      </button>
      <input
        class="seek"
        type="range"
        aria-label="Position"
        aria-valuetext={place}
        min={0}
        max={duration}
        step={0.04}
        value={media.currentTime}
        disabled={isFollowing || duration === 0}
        onInput={(event) => picture.seekTo(Number(event.currentTarget.value))}
      />
      <span class="number time">
        {timeText(media.currentTime)} / {timeText(duration)}
      </span>
      <label>
        <span class="visually-hidden">Speed</span>
        <select
          disabled={isFollowing}
          value={rate}
          onChange={(event) => picture.setRate(Number(event.currentTarget.value))}
        >
          {rates.map((each) => (
            <option key={each} value={each}>
              {Number(each.toFixed(3))} ×
            </option>
          ))}
        </select>
      </label>
      <button type="button" class="icon" aria-pressed={media.muted} onClick={() => toggleMute(picture)}>
        <Icon name={media.muted ? 'silence' : 'sound'} />
        <span class="visually-hidden">Mute</span>
      </button>
      <button type="button" class="icon" onClick={() => toggleFullscreen(screen.current)}>
        <Icon name="fullscreen" />
        <span class="visually-hidden">Full screen</span>
      </button>
    </section>
  )
}

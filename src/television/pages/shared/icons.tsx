/** Drawn here, because the fonts of many systems have no such characters. */
const PATHS = {
  play: 'M7 4.5v15l13-7.5z',
  pause: 'M6 4.5h4v15H6zM14 4.5h4v15h-4z',
  stop: 'M6 6h12v12H6z',
  sound: 'M3 9v6h4l5 4.5v-15L7 9zM15 8.2a5 5 0 0 1 0 7.6M17.6 5.4a9 9 0 0 1 0 13.2',
  silence: 'M3 9v6h4l5 4.5v-15L7 9zM15.5 9.5l5 5M20.5 9.5l-5 5',
  warning: 'M12 3.5 22 20.5H2zM12 10v5M12 17.6v.4',
  chevron: 'M8 5l8 7-8 7',
  fullscreen: 'M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5',
  television: 'M3 5h18v12H3zM9 20.5h6',
} as const

export type IconName = keyof typeof PATHS

/** A picture that has no meaning of its own: what it stands for is written beside it. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon-picture" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  )
}

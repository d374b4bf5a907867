// @ts-check
// The picture of the test clip, as a script of Advanced SubStation Alpha: libass draws text and shapes with smooth edges, in every size.

/** The size of the canvas that the script draws on. */
const WIDTH = 640
const HEIGHT = 360
const SANS = 'DejaVu Sans'
const MONO = 'DejaVu Sans Mono'
/** Shapes are drawn in eighths of a pixel. */
const SCALE = { bits: 4, factor: 8 }
/** Of a cubic curve that looks like a quarter of a circle. */
const QUARTER = 0.5523

const COLOURS = { dim: '26323f', text: 'f2f6fa', muted: '8fa1b3', dark: '0b1017' }
/** Where the text beside the dial begins. */
const LEFT = 302
const DISC = 84
const RING = 106
const BAR = { from: 40, to: 600, y: 322 }

/**
 * @typedef {object} Look what the picture of a camera looks like
 * @property {string} camera its name in the corner
 * @property {string} accent colour, six hexadecimal digits
 * @property {string} background
 * @property {boolean} isClose whether it shows only the dial and the frame counter
 * @property {{ x: number, y: number }} dial its centre
 *
 * @typedef {object} Pace
 * @property {number} seconds how long the clip is
 * @property {number} framesPerSecond
 * @property {number} flashFrames how many frames of each second are those of the flash
 * @property {number} sideSeconds how long the tone stays on one side
 */

/** Colours of the two cameras, so that nobody confounds their pictures. @type {Record<'main' | 'second', Look>} */
export const LOOKS = {
  main: { camera: 'Test clip', accent: '4fc3f7', background: '0f1722', isClose: false, dial: { x: 156, y: 172 } },
  second: { camera: 'Camera 2', accent: 'ffb74d', background: '1c1524', isClose: true, dial: { x: 320, y: 164 } },
}

/** @param {Look} look @param {Pace} pace @returns {string} the script */
export function pictureScript(look, pace) {
  const { seconds, framesPerSecond } = pace
  const frames = Array.from({ length: seconds * framesPerSecond }, (_, frame) => frame)
  return [
    '[Script Info]',
    'ScriptType: v4.00+',
    `PlayResX: ${WIDTH}`,
    `PlayResY: ${HEIGHT}`,
    '[V4+ Styles]',
    'Format: Name, Fontname, Fontsize, PrimaryColour, Bold, BorderStyle, Outline, Shadow, Alignment, Encoding',
    `Style: Default,${SANS},20,&H00FFFFFF,-1,1,0,0,7,1`,
    '[Events]',
    'Format: Layer, Start, End, Style, Text',
    ...still(look, pace).map((text) => event(0, 0, seconds, text)),
    ...frames.flatMap((frame) => {
      const texts = moving(frame, look, pace)
      return texts.map((text) => event(1, frame / framesPerSecond, (frame + 1) / framesPerSecond, text))
    }),
  ].join('\n')
}

/** What does not move. @param {Look} look @param {Pace} pace */
function still({ camera, dial, isClose }, { seconds, framesPerSecond }) {
  const everyFifth = Array.from({ length: seconds / 5 + 1 }, (_, index) => index * 5)
  return [
    label(40, 18, 19, COLOURS.muted, 'fastify-dvbcss'),
    label(600, 18, 19, COLOURS.muted, camera, 9),
    shape(COLOURS.dim, dots(dial, framesPerSecond, framesPerSecond)),
    ...(isClose ? [] : [shape(COLOURS.dim, pill(BAR.from, BAR.to, BAR.y, 3))]),
    ...(isClose ? [] : everyFifth).map((second) =>
      label(barAt(second / seconds), BAR.y + 9, 13, COLOURS.muted, String(second), 8),
    ),
  ]
}

/** What one frame shows. @param {number} frame @param {Look} look @param {Pace} pace */
function moving(frame, look, pace) {
  const { dial, accent, isClose } = look
  const { framesPerSecond, flashFrames } = pace
  const second = Math.floor(frame / framesPerSecond)
  const inSecond = frame % framesPerSecond
  const isFlash = inSecond < flashFrames
  const counter = `frame ${digits(frame, 4)}`
  return [
    shape(isFlash ? 'ffffff' : COLOURS.dim, circle(dial.x, dial.y, DISC)),
    label(dial.x, dial.y, 104, isFlash ? COLOURS.dark : COLOURS.text, String(second), 5),
    shape(accent, dots(dial, inSecond, framesPerSecond)),
    shape('ffffff', dot(dial, inSecond, framesPerSecond, 8)),
    ...(isClose
      ? [label(dial.x, 328, 30, COLOURS.muted, counter, 5, MONO)]
      : [label(LEFT, 158, 30, COLOURS.muted, counter, 7, MONO), ...besideTheDial(frame, look, pace)]),
  ]
}

/** The timecode, the side of the tone, and the position in the clip. @param {number} frame @param {Look} look @param {Pace} pace */
function besideTheDial(frame, { accent }, { seconds, framesPerSecond, sideSeconds }) {
  const time = frame / framesPerSecond
  const head = barAt(time / seconds)
  const [whole = '', millis = ''] = time.toFixed(3).split('.')
  const timecode = `00:00:${whole.padStart(2, '0')}{\\1c${colour(accent)}}.${millis}`
  const side = Math.floor(time / sideSeconds) % 2
  return [
    label(LEFT, 98, 46, COLOURS.text, timecode, 7, MONO),
    ...['Left', 'Right'].flatMap((name, index) => {
      const x = LEFT + index * 150
      const isOn = index === side
      return [
        shape(isOn ? accent : COLOURS.dim, pill(x + 14, x + 122, 236, 15)),
        label(x + 68, 236, 19, isOn ? COLOURS.dark : COLOURS.muted, name, 5),
      ]
    }),
    shape(accent, pill(BAR.from, head, BAR.y, 3)),
    shape('ffffff', circle(head, BAR.y, 8)),
  ]
}

/** @param {number} part of the clip, from 0 to 1 */
function barAt(part) {
  return BAR.from + (BAR.to - BAR.from) * part
}

/** @param {number} layer @param {number} from @param {number} to @param {string} text */
function event(layer, from, to, text) {
  return `Dialogue: ${layer},${assTime(from)},${assTime(to)},Default,${text}`
}

/**
 * @param {number} x @param {number} y @param {number} size @param {string} hex
 * @param {string} text @param {number} anchor which point of the text is at (x, y), as the keys of a number pad lie
 */
function label(x, y, size, hex, text, anchor = 7, font = SANS) {
  return `{\\an${anchor}\\pos(${x},${y})\\fn${font}\\fs${size}\\1c${colour(hex)}}${text}`
}

/** @param {string} hex @param {string} path */
function shape(hex, path) {
  return `{\\an7\\pos(0,0)\\1c${colour(hex)}\\p${SCALE.bits}}${path === '' ? 'm 0 0' : path}{\\p0}`
}

/** The ring has a dot for each frame of a second. @param {Look['dial']} dial @param {number} count @param {number} all */
function dots(dial, count, all) {
  return Array.from({ length: count }, (_, index) => dot(dial, index, all, 4)).join(' ')
}

/** @param {Look['dial']} dial @param {number} index @param {number} all @param {number} radius */
function dot({ x, y }, index, all, radius) {
  const angle = (2 * Math.PI * index) / all
  return circle(x + RING * Math.sin(angle), y - RING * Math.cos(angle), radius)
}

/** @param {number} x @param {number} y @param {number} radius */
function circle(x, y, radius) {
  return pill(x, x, y, radius)
}

/** A line with round ends. @param {number} from @param {number} to @param {number} y @param {number} radius */
function pill(from, to, y, radius) {
  const bend = radius * QUARTER
  return [
    ['m', [from, y - radius]],
    ['l', [to, y - radius]],
    ['b', [to + bend, y - radius, to + radius, y - bend, to + radius, y]],
    ['b', [to + radius, y + bend, to + bend, y + radius, to, y + radius]],
    ['l', [from, y + radius]],
    ['b', [from - bend, y + radius, from - radius, y + bend, from - radius, y]],
    ['b', [from - radius, y - bend, from - bend, y - radius, from, y - radius]],
  ]
    .map(
      ([command, points]) =>
        `${command} ${/** @type {number[]} */ (points).map((each) => Math.round(each * SCALE.factor)).join(' ')}`,
    )
    .join(' ')
}

/** @param {string} hex red, green, blue @returns {string} the same as blue, green, red */
function colour(hex) {
  return `&H${hex.replace(/(..)(..)(..)/, '$3$2$1')}&`
}

/** @param {number} seconds */
function assTime(seconds) {
  const hundredths = Math.round(seconds * 100)
  return `0:${digits(Math.floor(hundredths / 6000), 2)}:${digits(Math.floor(hundredths / 100) % 60, 2)}.${digits(hundredths % 100, 2)}`
}

/** @param {number} value @param {number} length */
function digits(value, length) {
  return String(value).padStart(length, '0')
}

// @ts-check
// Makes the test clip in media/: a picture with a time code and a frame counter, a flash with a beep at each whole second, a tone
// that changes sides, and a voice that counts, in English and in German. Needs ffmpeg, espeak-ng and the DejaVu fonts
// (Debian: apt-get install ffmpeg espeak-ng fonts-dejavu-core). The result is committed: run it only to change the clip.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const SECONDS = 40
const FRAMES_PER_SECOND = 25
const FLASH_SECONDS = 0.08
const BEEP_SECONDS = 0.05
/** The voice names every fifth second, and ends before the beep of the next. */
const VOICE_SECONDS = 5
const FONT = '/usr/share/fonts/truetype/dejavu/DejaVuSansMono-Bold.ttf'
const LANGUAGES = { en: 'en-gb', de: 'de' }

const media = fileURLToPath(new URL('../media/', import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'test-clip-'))

/** @param {string} program @param {string[]} args */
function run(program, args) {
  const { status, error, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${program} failed: ${error?.message ?? stderr.slice(-2000)}`)
}

/** @param {string[]} args */
const ffmpeg = (...args) => run('ffmpeg', ['-hide_banner', '-loglevel', 'error', '-y', '-bitexact', ...args])

/** A dial that turns once a second, so that a still picture shows the time to a frame. */
function picture() {
  /** @param {string} label @param {number} size @param {number} y */
  const text = (label, size, y, colour = 'white') =>
    `drawtext=fontfile=${FONT}:text='${label}':fontsize=${size}:fontcolor=${colour}:x=(w-text_w)/2:y=${y}`
  const isFlash = `lt(mod(t+0.001\\,1)\\,${FLASH_SECONDS})`
  const frameBar = text('▮', 18, 148, '0x4fc3f7').replace('x=(w-text_w)/2', `x='20+mod(n\\,${FRAMES_PER_SECOND})*11'`)
  return [
    `color=c=0x10151c:s=320x180:r=${FRAMES_PER_SECOND}:d=${SECONDS}`,
    `drawbox=x=20:y=150:w=280:h=14:color=0x2a3440:t=fill`,
    frameBar,
    text(`%{pts\\:hms}`, 34, 44),
    text(`frame %{eif\\:n\\:d\\:4}`, 22, 96, '0xb0bec5'),
    `drawbox=x=250:y=10:w=60:h=24:color=white:t=fill:enable='${isFlash}'`,
    text('dvb-css', 14, 14, '0x78909c').replace('x=(w-text_w)/2', 'x=20'),
    'format=yuv420p',
  ].join(',')
}

function sound() {
  const beep = `lt(mod(t,1),${BEEP_SECONDS})*0.5*sin(2*PI*1000*t)`
  /** @param {number} remainder @param {number} hertz */
  const side = (remainder, hertz) => `eq(mod(floor(t/2),2),${remainder})*0.04*sin(2*PI*${hertz}*t)`
  return `aevalsrc='${beep}+${side(0, 220)}|${beep}+${side(1, 330)}':s=48000:d=${SECONDS}`
}

/** @param {keyof typeof LANGUAGES} language */
function voice(language) {
  const files = []
  for (let second = VOICE_SECONDS; second < SECONDS; second += VOICE_SECONDS) {
    const file = join(scratch, `${language}-${second}.wav`)
    run('espeak-ng', ['-v', LANGUAGES[language], '-s', '170', '-w', file, String(second)])
    files.push({ file, second })
  }
  const inputs = files.flatMap(({ file }) => ['-i', file])
  const delayed = files.map(
    ({ second }, index) => `[${index + 1}]aresample=48000,volume=0.8,adelay=${(second + 0.1) * 1000}:all=1[v${index}]`,
  )
  const names = files.map((_, index) => `[v${index}]`).join('')
  const track = join(scratch, `${language}.wav`)
  ffmpeg(
    ...['-f', 'lavfi', '-i', sound(), ...inputs],
    '-filter_complex',
    `${delayed.join(';')};[0]${names}amix=inputs=${files.length + 1}:duration=first:normalize=0[out]`,
    ...['-map', '[out]', '-ac', '2', track],
  )
  return track
}

const AAC = ['-c:a', 'aac', '-b:a', '40k']
const OPUS = ['-c:a', 'libopus', '-b:a', '32k', '-vbr', 'constrained']
const tracks = { en: voice('en'), de: voice('de') }
const moving = join(scratch, 'picture.mkv')
ffmpeg('-f', 'lavfi', '-i', picture(), '-c:v', 'ffv1', moving)
const keyFrames = ['-g', String(FRAMES_PER_SECOND)]
ffmpeg(
  ...[
    '-i',
    moving,
    '-i',
    tracks.en,
    '-c:v',
    'libx264',
    '-preset',
    'veryslow',
    '-tune',
    'animation',
    '-crf',
    '27',
    ...keyFrames,
  ],
  ...[
    '-profile:v',
    'main',
    ...AAC,
    '-movflags',
    '+faststart',
    '-metadata:s:a:0',
    'language=eng',
    join(media, 'test-clip.mp4'),
  ],
)
ffmpeg(
  ...['-i', moving, '-i', tracks.en, '-c:v', 'libvpx', '-quality', 'best', '-b:v', '50k', '-crf', '24', ...keyFrames],
  ...[...OPUS, '-metadata:s:a:0', 'language=eng', join(media, 'test-clip.webm')],
)
ffmpeg(
  '-i',
  tracks.de,
  ...AAC,
  '-movflags',
  '+faststart',
  '-metadata:s:a:0',
  'language=deu',
  join(media, 'test-clip.de.m4a'),
)
ffmpeg('-i', tracks.de, ...OPUS, '-metadata:s:a:0', 'language=deu', join(media, 'test-clip.de.webm'))
rmSync(scratch, { recursive: true })

for (const name of readdirSync(media)) console.log(name, Math.round(statSync(join(media, name)).size / 1000), 'kB')

// @ts-check
// Makes the test clip in media/: a picture with a timecode and a frame counter, a flash with a beep at each whole second, a tone that
// changes sides, and a voice that counts, in English and in German; captions; and a second camera. Needs ffmpeg, espeak-ng and the
// DejaVu fonts (Debian: apt-get install ffmpeg espeak-ng fonts-dejavu-core). The result is committed: run it only to change the clip.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LOOKS, pictureScript } from './test-clip-picture.js'

const SECONDS = 40
const FRAMES_PER_SECOND = 25
const FLASH_FRAMES = 2
const BEEP_SECONDS = 0.05
/** How long the tone stays on one side. */
const SIDE_SECONDS = 2
/** The voice names every fifth second, and ends before the beep of the next. */
const VOICE_SECONDS = 5
const VOICES = { en: 'en-gb', de: 'de' }
/** As MP4 and Matroska name them. */
const LANGUAGE_CODES = { en: 'eng', de: 'deu' }
/** In captions, in which every second is named. @type {Record<keyof typeof VOICES, (second: number) => string>} */
const CAPTIONS = {
  en: (second) => (second === 1 ? '1 second' : `${second} seconds`),
  de: (second) => (second === 1 ? '1 Sekunde' : `${second} Sekunden`),
}

const media = fileURLToPath(new URL('../media/', import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'test-clip-'))

/** @param {string} program @param {string[]} args */
function run(program, args) {
  const { status, error, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${program} failed: ${error?.message ?? stderr.slice(-2000)}`)
}

/** @param {string[]} args */
const ffmpeg = (...args) => run('ffmpeg', ['-hide_banner', '-loglevel', 'error', '-y', '-bitexact', ...args])

/** @param {keyof typeof LOOKS} name @param {string} size @returns {string} a file without losses */
function picture(name, size) {
  const look = LOOKS[name]
  const script = join(scratch, `${name}.ass`)
  const pace = {
    seconds: SECONDS,
    framesPerSecond: FRAMES_PER_SECOND,
    flashFrames: FLASH_FRAMES,
    sideSeconds: SIDE_SECONDS,
  }
  writeFileSync(script, pictureScript(look, pace))
  const canvas = `color=c=0x${look.background}:s=${size}:r=${FRAMES_PER_SECOND}:d=${SECONDS}`
  const file = join(scratch, `${name}.mkv`)
  ffmpeg('-f', 'lavfi', '-i', `${canvas},format=rgb24,ass=${script},format=yuv420p`, '-c:v', 'ffv1', file)
  return file
}

function tones() {
  const beep = `lt(mod(t,1),${BEEP_SECONDS})*0.4*sin(2*PI*1000*t)`
  /** @param {number} remainder @param {number} hertz */
  const side = (remainder, hertz) => `eq(mod(floor(t/${SIDE_SECONDS}),2),${remainder})*0.04*sin(2*PI*${hertz}*t)`
  return `aevalsrc='${beep}+${side(0, 220)}|${beep}+${side(1, 330)}':s=48000:d=${SECONDS}`
}

/** @param {keyof typeof VOICES} language @returns {string} a file without losses */
function sound(language) {
  const voices = []
  for (let second = VOICE_SECONDS; second < SECONDS; second += VOICE_SECONDS) {
    const file = join(scratch, `${language}-${second}.wav`)
    run('espeak-ng', ['-v', VOICES[language], '-s', '170', '-w', file, String(second)])
    voices.push({ file, second })
  }
  const delayed = voices.map(
    ({ second }, index) => `[${index + 1}]aresample=48000,volume=0.8,adelay=${(second + 0.1) * 1000}:all=1[v${index}]`,
  )
  const names = voices.map((_, index) => `[v${index}]`).join('')
  const mixed = `[0]${names}amix=inputs=${voices.length + 1}:duration=first:normalize=0[out]`
  const file = join(scratch, `${language}.wav`)
  const inputs = voices.flatMap((voice) => ['-i', voice.file])
  const filters = ['-filter_complex', `${delayed.join(';')};${mixed}`]
  ffmpeg('-f', 'lavfi', '-i', tones(), ...inputs, ...filters, '-map', '[out]', '-ac', '2', file)
  return file
}

/** @param {keyof typeof VOICES} language */
function captions(language) {
  /** @param {number} second */
  const time = (second) => `00:00:${String(second).padStart(2, '0')}.000`
  const cues = Array.from({ length: SECONDS }, (_, second) =>
    [`${time(second)} --> ${time(second + 1)}`, CAPTIONS[language](second)].join('\n'),
  )
  return `WEBVTT\n\n${cues.join('\n\n')}\n`
}

/** @param {number} seconds between two key frames: few for quick seeking, many for a small file @returns {string[]} */
const keyFrames = (seconds) => ['-g', String(seconds * FRAMES_PER_SECOND)]
const H264 = ['-c:v', 'libx264', '-preset', 'veryslow', '-tune', 'animation', '-profile:v', 'main', ...keyFrames(2)]
/** The worst quantizer is limited: beyond, dark colours turn grey. @param {number} worst @param {number} seconds */
const vp8 = (worst, seconds) => [
  ...['-c:v', 'libvpx', '-quality', 'good', '-cpu-used', '1', '-b:v', '200k', ...keyFrames(seconds)],
  ...['-crf', String(worst - 2), '-qmin', '20', '-qmax', String(worst)],
]
const AAC = ['-c:a', 'aac', '-b:a', '24k']
/**
 * The encoder begins with this much silence, which a player leaves out, and dates the sound back by it. Without a correction the picture
 * would be late, and the file longer than the clip.
 */
const OPUS_DELAY_SECONDS = 0.0065
const OPUS = [
  ...['-c:a', 'libopus', '-b:a', '20k', '-vbr', 'constrained'],
  ...['-af', `atrim=end=${SECONDS - OPUS_DELAY_SECONDS},asetpts=PTS+${OPUS_DELAY_SECONDS}/TB`],
]
const FAST_START = ['-movflags', '+faststart']

for (const name of readdirSync(media)) rmSync(join(media, name))
const main = ['-i', picture('main', '640x360')]
const second = ['-i', picture('second', '320x180')]
/** @param {keyof typeof VOICES} language */
const track = (language) => ({
  input: ['-i', sound(language)],
  tag: ['-metadata:s:a:0', `language=${LANGUAGE_CODES[language]}`],
})
const english = track('en')
const german = track('de')
/** @param {string} ending */
const clip = (ending) => join(media, `test-clip.${ending}`)
ffmpeg(...main, ...english.input, ...H264, '-crf', '31', ...AAC, ...FAST_START, ...english.tag, clip('mp4'))
ffmpeg(...main, ...english.input, ...vp8(52, 4), ...OPUS, ...english.tag, clip('webm'))
ffmpeg(...second, ...vp8(44, 10), clip('cam2.webm'))
ffmpeg(...german.input, ...AAC, ...FAST_START, ...german.tag, clip('de.m4a'))
ffmpeg(...german.input, ...OPUS, ...german.tag, clip('de.webm'))
writeFileSync(clip('en.vtt'), captions('en'))
writeFileSync(clip('de.vtt'), captions('de'))
rmSync(scratch, { recursive: true })

const sizes = readdirSync(media).map((name) => ({ name, bytes: statSync(join(media, name)).size }))
for (const { name, bytes } of sizes) console.log(name, Math.round(bytes / 1000), 'kB')
console.log('together', Math.round(sizes.reduce((sum, { bytes }) => sum + bytes, 0) / 1000), 'kB')

import {
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ciiPlugin, tsPlugin, wallClockPlugin } from '../../../plugins/index.js'
import { televisionPlugin } from '../../../plugins/television.js'
import { closeAppsAfterEach, listen, makeApp } from '../../helpers/app.js'
import { HEADS, mediaFolder, removeFoldersAfterEach } from '../../helpers/media-folder.js'
import { until } from '../../helpers/until.js'

closeAppsAfterEach()
removeFoldersAfterEach()

const MP4 = HEADS.mp4 ?? Buffer.alloc(0)
const LARGE_BYTES = 32 * 1024 * 1024
const LARGE = Buffer.concat([MP4, Buffer.alloc(LARGE_BYTES)])

/** @returns the URL of the television, as `http://127.0.0.1:port` */
async function television(media: string, app = makeApp()): Promise<string> {
  await app.register(wallClockPlugin, { host: '127.0.0.1', port: 0 })
  await app.register(ciiPlugin, { prefix: '/cii' })
  await app.register(tsPlugin, { prefix: '/ts' })
  await app.register(televisionPlugin, { media })
  return (await listen(app)).replace('ws:', 'http:')
}

/** Sends the path as it is: `fetch` would resolve its dots. */
async function get(url: string, path: string, headers: Record<string, string> = {}): Promise<IncomingMessage> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    request({ hostname, port, path, headers, agent: false }, resolve).on('error', reject).end()
  })
}

async function statusOf(url: string, path: string, headers: Record<string, string> = {}): Promise<number> {
  const response = await get(url, path, headers)
  response.destroy()
  return response.statusCode ?? 0
}

/** Asks several times for the same on one connection, without reading the answers. */
async function pipeline(url: string, path: string, times: number): Promise<Socket> {
  const { hostname, port, host } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => {})
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`.repeat(times))
  await new Promise((resolve) => socket.once('connect', resolve))
  return socket
}

/** How often this process has a file open. */
function openFiles(path: string): number {
  return readdirSync('/proc/self/fd').filter((descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`) === path
    } catch {
      return false
    }
  }).length
}

describe('the media of a television', () => {
  it('are served with their types, and are neither guessed nor kept unasked', async () => {
    const url = await television(mediaFolder(['film.mp4', 'film.webm', 'film.de.m4a', 'film.de.webm', 'film.en.vtt']))
    const types = {
      'film.mp4': 'video/mp4',
      'film.webm': 'video/webm',
      'film.de.m4a': 'audio/mp4',
      'film.de.webm': 'audio/webm',
      'film.en.vtt': 'text/vtt',
    }
    for (const [file, type] of Object.entries(types)) {
      const { status, headers } = await fetch(`${url}/media/${file}`)
      expect([status, headers.get('content-type')]).toEqual([200, type])
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('cache-control')).toBe('no-cache')
      expect(headers.get('accept-ranges')).toBe('bytes')
    }
  })

  it('are served in ranges', async () => {
    const url = await television(mediaFolder([['film.mp4', Buffer.concat([MP4, Buffer.from('0123456789')])]]))
    const length = MP4.length + 10
    const film = `${url}/media/film.mp4`
    const ask = async (range: string, others = {}) => {
      const response = await fetch(film, { headers: { range, ...others } })
      return [response.status, response.headers.get('content-range'), await response.text()]
    }
    expect(await ask(`bytes=${length - 10}-${length - 8}`)).toEqual([
      206,
      `bytes ${length - 10}-${length - 8}/${length}`,
      '012',
    ])
    expect(await ask(`bytes=${length - 2}-`)).toEqual([206, `bytes ${length - 2}-${length - 1}/${length}`, '89'])
    expect(await ask('bytes=-3')).toEqual([206, `bytes ${length - 3}-${length - 1}/${length}`, '789'])
    expect((await ask(`bytes=${length}-`)).slice(0, 2)).toEqual([416, `bytes */${length}`])
    // Several ranges would have to be sent as parts of a multipart message. No player asks for them.
    expect((await ask('bytes=0-1,4-5'))[0]).toBe(200)
    expect((await ask('lines=1-2'))[0]).toBe(200)
    const whole = await fetch(film, { method: 'HEAD' })
    expect([whole.status, whole.headers.get('content-length'), await whole.text()]).toEqual([200, String(length), ''])
    const etag = whole.headers.get('etag') ?? ''
    expect(await statusOf(url, '/media/film.mp4', { 'if-none-match': etag })).toBe(304)
  })

  it('are sent whole if they have changed since the part that the player has', async () => {
    const folder = mediaFolder(['film.mp4'])
    const url = await television(folder)
    const film = `${url}/media/film.mp4`
    const first = await fetch(film, { method: 'HEAD' })
    const modified = first.headers.get('last-modified') ?? ''
    expect((await fetch(film, { headers: { range: 'bytes=4-7', 'if-range': modified } })).status).toBe(206)
    writeFileSync(join(folder, 'new.mp4'), Buffer.concat([MP4, Buffer.from('a longer film')]))
    utimesSync(join(folder, 'new.mp4'), new Date(), new Date(Date.now() + 60_000))
    renameSync(join(folder, 'new.mp4'), join(folder, 'film.mp4'))
    const second = await fetch(film, { headers: { range: 'bytes=4-7', 'if-range': modified } })
    expect([second.status, (await second.text()).endsWith('a longer film')]).toEqual([200, true])
  })

  it('have names of every kind', async () => {
    const names = [
      'ä film, 100% #1?.mp4',
      `${'長い名前'.repeat(15)}.mp4`,
      `${'x'.repeat(240)}.mp4`,
      'a\nb.mp4',
      "it's & <b>.mp4",
    ]
    const url = await television(mediaFolder(names))
    for (const name of names) expect(await statusOf(url, `/media/${encodeURIComponent(name)}`), name).toBe(200)
  })

  it('are found in folders with hidden names', async () => {
    const folder = join(mediaFolder(), '.hidden')
    mkdirSync(folder)
    writeFileSync(join(folder, 'film.mp4'), MP4)
    expect(await statusOf(await television(folder), '/media/film.mp4')).toBe(200)
  })

  it('are all that is served of their folder', async () => {
    const outside = mediaFolder(['secret.mp4', 'later.mp4'])
    const folder = mediaFolder([
      'film.mp4',
      '.hidden.mp4',
      'passwords.txt',
      ['fake.mp4', 'passwords, in a file with a false name'],
    ])
    mkdirSync(join(folder, 'inner'))
    writeFileSync(join(folder, 'inner', 'deep.mp4'), MP4)
    symlinkSync(join(outside, 'secret.mp4'), join(folder, 'leaves.mp4'))
    symlinkSync(outside, join(folder, 'leaves'))
    symlinkSync(join(folder, 'film.mp4'), join(folder, 'stays.mp4'))
    const url = await television(folder)
    const base = folder.split('/').at(-1)
    const paths = [
      'leaves.mp4',
      'leaves/secret.mp4',
      '.hidden.mp4',
      'passwords.txt',
      'fake.mp4',
      'inner/deep.mp4',
      'inner%2fdeep.mp4',
      `../${base}/film.mp4`,
      `..%2f${base}%2ffilm.mp4`,
      `%2e%2e/${base}/film.mp4`,
      `%2e%2e%2f${base}%2ffilm.mp4`,
      '..%5cfilm.mp4',
      '..\\film.mp4',
      'film.mp4%00',
      'film.mp4%00.txt',
      '%00',
      './film.mp4%2f..',
      'film.mp4/',
      'film.mp4%2f',
      '%252e%252e%252ffilm.mp4',
      'FILM.MP4',
      '',
      '.',
      '..',
      '__proto__',
      'constructor',
    ]
    for (const path of paths) expect(await statusOf(url, `/media/${path}`), path).toBe(404)
    expect(await statusOf(url, '/media/%zz')).toBe(400)
    expect(await statusOf(url, '/media/stays.mp4')).toBe(200)
    // What a file becomes afterwards does not let anybody out of the folder either.
    rmSync(join(folder, 'film.mp4'))
    symlinkSync(join(outside, 'later.mp4'), join(folder, 'film.mp4'))
    expect(await statusOf(url, '/media/film.mp4')).toBe(404)
    expect(await statusOf(url, '/media/stays.mp4')).toBe(404)
    rmSync(join(folder, 'film.mp4'))
    expect(await statusOf(url, '/media/film.mp4')).toBe(404)
    mkdirSync(join(folder, 'film.mp4'))
    expect(await statusOf(url, '/media/film.mp4')).toBe(404)
  })

  it.runIf(process.platform === 'linux')('are closed when a download ends, is aborted or is not read', async () => {
    const folder = mediaFolder([['film.mp4', LARGE]])
    const film = join(folder, 'film.mp4')
    const url = await television(folder)
    const aborted = await Promise.all(Array.from({ length: 8 }, () => get(url, '/media/film.mp4')))
    expect(openFiles(film)).toBe(8)
    // Nobody reads: the server waits, instead of reading the file into memory.
    const { arrayBuffers } = process.memoryUsage()
    expect(arrayBuffers).toBeLessThan(LARGE_BYTES + 8 * 4 * 1024 * 1024)
    for (const response of aborted) response.destroy()
    await until(() => openFiles(film) === 0)
    const { status } = await fetch(`${url}/media/film.mp4`, { method: 'HEAD' })
    const whole = await fetch(`${url}/media/film.mp4`)
    expect([status, (await whole.arrayBuffer()).byteLength]).toEqual([200, LARGE.length])
    await until(() => openFiles(film) === 0)
  })

  it.runIf(process.platform === 'linux')('are closed when several are asked for at once on a connection', async () => {
    const folder = mediaFolder([['film.mp4', LARGE]])
    const film = join(folder, 'film.mp4')
    const url = await television(folder)
    const socket = await pipeline(url, '/media/film.mp4', 8)
    await until(() => openFiles(film) === 8)
    socket.destroy()
    await until(() => openFiles(film) === 0)
    expect(await statusOf(url, '/media/film.mp4')).toBe(200)
  })

  it('do not keep the app from closing while a player does not read', async () => {
    const app = makeApp()
    const url = await television(mediaFolder([['film.mp4', LARGE]]), app)
    const response = await get(url, '/media/film.mp4')
    const broken = new Promise((resolve) => response.on('error', resolve))
    const begin = performance.now()
    await app.close()
    expect(performance.now() - begin).toBeLessThan(3000)
    response.resume()
    await broken
  })

  it('are sent to the end although their file is removed meanwhile', async () => {
    const folder = mediaFolder([['film.mp4', LARGE]])
    const url = await television(folder)
    const response = await get(url, '/media/film.mp4')
    rmSync(join(folder, 'film.mp4'))
    let bytes = 0
    for await (const chunk of response) bytes += (chunk as Buffer).length
    expect(bytes).toBe(LARGE.length)
  })

  it('end with a broken connection, and not with the television, if their file is cut short meanwhile', async () => {
    const folder = mediaFolder([['film.mp4', LARGE]])
    const url = await television(folder)
    const response = await get(url, '/media/film.mp4')
    writeFileSync(join(folder, 'film.mp4'), MP4)
    const ended = new Promise<boolean>((resolve) => {
      response.on('error', () => resolve(false)).on('end', () => resolve(true))
    })
    response.resume()
    expect(await ended).toBe(false)
    expect(await statusOf(url, '/media/film.mp4')).toBe(200)
  })
})

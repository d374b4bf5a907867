import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'

const NAMESPACE = `dvbcss-${process.pid}`
const inside = ['netns', 'exec', NAMESPACE]
const ip = (...args: string[]) => execFileSync('ip', args, { stdio: 'pipe' })

/** Why there is no namespace; undefined when there is one. */
function makeNamespace(): string | undefined {
  try {
    ip('netns', 'add', NAMESPACE)
    ip(...inside, 'ip', 'link', 'set', 'lo', 'up')
    return undefined
  } catch (error) {
    try {
      ip('netns', 'del', NAMESPACE)
    } catch {
      // It was never made.
    }
    return (error as Error).message
  }
}

const obstacle = makeNamespace()
if (obstacle !== undefined) {
  process.stderr.write(
    `\nSKIPPED: no network namespace can be made here (${obstacle}); a proxy that swallows bytes stands in for it\n\n`,
  )
}
afterAll(() => {
  if (obstacle === undefined) ip('netns', 'del', NAMESPACE)
})

describe.skipIf(obstacle !== undefined)('a network that drops every packet', () => {
  it('leaves a half-open peer, which the television finds by its silence', async () => {
    const program = fileURLToPath(new URL('half-open-peer.js', import.meta.url))
    const stdio = ['ignore', 'ignore', 'inherit', 'ipc'] as const
    const child = spawn('ip', [...inside, process.execPath, program], { stdio: [...stdio] })
    const [first] = await once(child, 'message')
    expect(first).toEqual({ connected: true })
    ip(...inside, 'ip', 'link', 'set', 'lo', 'down')
    const [counted] = await once(child, 'message')
    // Nobody has told the client: for it the connection still stands.
    expect(counted).toEqual({ timedOut: { heartbeat: 1, send: 0 }, clientState: 1 })
    const exited = once(child, 'exit')
    child.disconnect()
    await exited
  })
})

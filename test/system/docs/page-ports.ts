import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'

/** The ports that the pages use. */
const PORTS = ['7681', '7682', '7683', '6677', '6678']
const PORT = new RegExp(`(?<![\\d.])(?:${PORTS.join('|')})(?!\\d)`, 'g')

/** Free ports that replace the ones of a page. */
export interface PagePorts {
  replaceIn(text: string): string
}

/** A port that is free in TCP and UDP. Another process may take it before it is used, which is unlikely. */
async function freePort(): Promise<number> {
  for (;;) {
    const server = createServer().listen(0)
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const socket = createSocket('udp6').bind(port)
    const isFree = await once(socket, 'listening').then(
      () => true,
      () => false,
    )
    socket.close()
    server.close()
    await once(server, 'close')
    if (isFree) return port
  }
}

/** Finds a free port for each port that the pages use. */
export async function freePorts(): Promise<PagePorts> {
  const ports = new Map<string, string>()
  for (const port of PORTS) ports.set(port, String(await freePort()))
  return { replaceIn: (text) => text.replaceAll(PORT, (port) => ports.get(port) ?? port) }
}

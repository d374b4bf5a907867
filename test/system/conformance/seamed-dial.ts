import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

const DIAL = 'urn:dial-multiscreen-org:service:dial:1'
const UUID = 'uuid:0f8b7c5b-1e44-4d5e-9a52-7c1f6f2e6a0b'

interface Document {
  status: number
  headers: Record<string, string>
  body: string
}

/** Places where a television that is found correctly can be given a fault. */
export interface DialSeams {
  /** Changes the headers of an answer to a search; undefined: no answer. */
  readonly answer?: (headers: Record<string, string>) => Record<string, string> | undefined
  readonly statusLine?: string
  /** Also answers searches for other services. */
  readonly answersAnything?: boolean
  readonly description?: (document: Document) => Document
  readonly application?: (document: Document, request: IncomingMessage) => Document
  readonly otherApplication?: number
  readonly servesForeignOrigins?: boolean
  readonly servesForeignHosts?: boolean
  readonly crashesOn?: (request: IncomingMessage) => boolean
  /** What the television offers as CSS-CII. */
  readonly ciiUrl?: string
}

/** How a television is found, for the tests of the check: correct, apart from what its seams do. */
export class SeamedDial {
  /** Of SSDP, for this television alone. */
  ssdpPort = 0
  readonly #seams: DialSeams
  readonly #http: Server
  readonly #ssdp: Socket

  private constructor(seams: DialSeams) {
    this.#seams = seams
    this.#http = createServer((request, response) => {
      if (seams.crashesOn?.(request) === true) {
        this.end()
        return
      }
      const { status, headers, body } = this.#respond(request)
      response.writeHead(status, headers).end(body)
    })
    this.#ssdp = createSocket({ type: 'udp4', reuseAddr: true })
    this.#ssdp.on('message', (message, { port, address }) => this.#answer(message.toString(), port, address))
  }

  static async start(seams: DialSeams = {}): Promise<SeamedDial> {
    const dial = new SeamedDial(seams)
    dial.#http.listen(0, '127.0.0.1')
    dial.#ssdp.bind(0)
    await Promise.all([once(dial.#http, 'listening'), once(dial.#ssdp, 'listening')])
    dial.#ssdp.addMembership('239.255.255.250', '127.0.0.1')
    dial.ssdpPort = dial.#ssdp.address().port
    return dial
  }

  get #origin(): string {
    return `127.0.0.1:${(this.#http.address() as AddressInfo).port}`
  }

  get location(): string {
    return `http://${this.#origin}/dd.xml`
  }

  end(): void {
    if (!this.#http.listening) return
    this.#http.close()
    this.#http.closeAllConnections()
    this.#ssdp.close()
  }

  #answer(message: string, port: number, address: string): void {
    const { answer, answersAnything, statusLine = 'HTTP/1.1 200 OK' } = this.#seams
    const target = /^ST: (.*)$/m.exec(message)?.[1]?.trim() ?? ''
    if (!message.startsWith('M-SEARCH') || (target !== DIAL && answersAnything !== true)) return
    const usual = {
      'CACHE-CONTROL': 'max-age=1800',
      EXT: '',
      LOCATION: this.location,
      SERVER: 'Linux UPnP/1.1 test',
      ST: target,
      USN: `${UUID}::${target}`,
      'BOOTID.UPNP.ORG': '7',
    }
    const headers = answer === undefined ? usual : answer(usual)
    if (headers === undefined) return
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
    this.#ssdp.send([statusLine, ...lines, '', ''].join('\r\n'), port, address)
  }

  #respond(request: IncomingMessage): Document {
    const seams = this.#seams
    const { host = '', origin } = request.headers
    if (origin !== undefined && seams.servesForeignOrigins !== true) return plain(403)
    if (host !== this.#origin && seams.servesForeignHosts !== true) return plain(403)
    const path = request.url ?? ''
    if (path === '/dd.xml') return seams.description?.(this.#description()) ?? this.#description()
    if (/^\/apps\/HbbTV(\?.*)?$/.test(path))
      return seams.application?.(this.#application(), request) ?? this.#application()
    if (path.startsWith('/apps/') && seams.otherApplication !== undefined) return plain(seams.otherApplication)
    return plain(404)
  }

  #description(): Document {
    return xml(
      '<root xmlns="urn:schemas-upnp-org:device-1-0"><specVersion><major>1</major><minor>0</minor></specVersion><device>' +
        '<deviceType>urn:schemas-upnp-org:device:tvdevice:1</deviceType><friendlyName>Living room</friendlyName>' +
        `<manufacturer>Test</manufacturer><modelName>1</modelName><UDN>${UUID}</UDN></device></root>`,
      { 'Application-URL': `http://${this.#origin}/apps/` },
    )
  }

  #application(): Document {
    const { ciiUrl = `ws://127.0.0.1:1/cii` } = this.#seams
    return xml(
      '<service xmlns="urn:dial-multiscreen-org:schemas:dial" dialVer="2.1"><name>HbbTV</name><options allowStop="false"/>' +
        '<state>running</state><additionalData xmlns:hbbtv="urn:hbbtv:HbbTVCompanionScreen:2014">' +
        '<hbbtv:X_HbbTV_App2AppURL>ws://127.0.0.1:1/remote</hbbtv:X_HbbTV_App2AppURL>' +
        `<hbbtv:X_HbbTV_InterDevSyncURL>${ciiUrl}</hbbtv:X_HbbTV_InterDevSyncURL>` +
        '<hbbtv:X_HbbTV_UserAgent>HbbTV/1.5.1 (; Test; 1; ; ; )</hbbtv:X_HbbTV_UserAgent></additionalData></service>',
    )
  }
}

function xml(body: string, headers: Record<string, string> = {}): Document {
  return {
    status: 200,
    headers: { 'Content-Type': 'text/xml; charset=utf-8', ...headers },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n${body}`,
  }
}

function plain(status: number): Document {
  return { status, headers: {}, body: '' }
}

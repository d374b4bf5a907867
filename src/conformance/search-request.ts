import { createSocket, type Socket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SearchAnswer } from './discovery-observations.js'

const GROUP = '239.255.255.250'
/** Within which televisions answer, each after a random time (MX). */
const MAX_WAIT_SECONDS = 1
/** Datagrams are lost; UPnP Device Architecture 1.1, 1.3.2 recommends to repeat them. */
const SEARCHES = 3
const REPEAT_MILLIS = 250
/** After the last search. */
const ANSWER_MILLIS = MAX_WAIT_SECONDS * 1000 + 500
const MAX_ANSWERS = 64
const MAX_ANSWER_BYTES = 8192

/** Where to search. */
export interface SearchTarget {
  /** Of the television. */
  readonly host: string
  /** Of SSDP. */
  readonly port: number
}

/**
 * Multicasts a search for a service from the interface that reaches the television.
 *
 * @returns what the television answered; what others answer is left out
 * @throws Error if it cannot be sent
 */
export async function searchFor(service: string, { host, port }: SearchTarget): Promise<SearchAnswer[]> {
  const { address } = await lookup(host, { family: 4 })
  const local = await localAddressTowards(address, port)
  const socket = createSocket('udp4')
  const answers: SearchAnswer[] = []
  try {
    socket.bind(0, local)
    await once(socket, 'listening')
    socket.on('error', () => {})
    socket.on('message', (datagram, from) => {
      if (from.address === address && answers.length < MAX_ANSWERS) answers.push(readAnswer(datagram, from.address))
    })
    socket.setMulticastInterface(local)
    socket.setMulticastTTL(2)
    socket.setMulticastLoopback(true)
    for (let count = 0; count < SEARCHES; count++) {
      await send(socket, searchMessage(service, port), port)
      await sleep(REPEAT_MILLIS)
    }
    await sleep(ANSWER_MILLIS)
    return answers
  } finally {
    socket.close()
  }
}

/** The address of this machine from which it reaches another. Nothing is sent. */
async function localAddressTowards(address: string, port: number): Promise<string> {
  const socket = createSocket('udp4')
  try {
    socket.connect(port, address)
    await once(socket, 'connect')
    return socket.address().address
  } finally {
    socket.close()
  }
}

function send(socket: Socket, message: Buffer, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.send(message, port, GROUP, (error) => (error === null ? resolve() : reject(error)))
  })
}

function searchMessage(service: string, port: number): Buffer {
  const lines = [
    'M-SEARCH * HTTP/1.1',
    `HOST: ${GROUP}:${port}`,
    'MAN: "ssdp:discover"',
    `MX: ${MAX_WAIT_SECONDS}`,
    `ST: ${service}`,
  ]
  return Buffer.from([...lines, '', ''].join('\r\n'))
}

function readAnswer(datagram: Buffer, address: string): SearchAnswer {
  const [statusLine = '', ...lines] = datagram.subarray(0, MAX_ANSWER_BYTES).toString().split(/\r?\n/)
  const headers = new Map<string, string>()
  for (const line of lines) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).trim().toUpperCase()
    if (colon > 0 && !headers.has(name)) headers.set(name, line.slice(colon + 1).trim())
  }
  return { address, statusLine, headers }
}

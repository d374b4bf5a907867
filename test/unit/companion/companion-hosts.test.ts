import { describe, expect, it } from 'vitest'
import { ALLOWED_HOSTS_TYPE, type AllowedHosts, refusal } from '../../../src/companion/companion-hosts.js'
import { checkOption } from '../../../src/validation/index.js'

const origin = (url: string, remoteAddress?: string) => ({ url, remoteAddress })
const TV = origin('ws://tv.local:7681/cii', '192.0.2.7')
const IPV6 = origin('ws://[2001:db8::7]/cii')

describe('the hosts that CII may name', () => {
  it.each([
    ['the name of CII, with another port', 'ws://tv.local:9/ts', TV, 'same-host'],
    ['the name of CII, in capitals and with the dot of the root', 'ws://TV.Local./ts', TV, 'same-host'],
    ['the address of CII', 'udp://192.0.2.7:6677', TV, 'same-host'],
    ['that address in hexadecimal', 'ws://0xC0000207/ts', TV, 'same-host'],
    ['that address as IPv6', 'udp://[::ffff:192.0.2.7]:6677', TV, 'same-host'],
    ['an IPv6 address in another way of writing', 'udp://[2001:0DB8:0:0:0:0:0:7]:6677', IPV6, 'same-host'],
    ['a host on the list', 'ws://192.0.2.9/ts', TV, ['192.0.2.9']],
    ['an IPv6 address on the list, without brackets', 'ws://[2001:db8::9]/ts', TV, ['2001:db8::9']],
    ['the host of CII beside a list', 'ws://tv.local/ts', TV, ['192.0.2.9']],
    ['wss:// from ws://', 'wss://tv.local/ts', TV, 'same-host'],
    ['any host', 'ws://192.0.2.66/ts', TV, 'any'],
    ['any host, also from wss://', 'ws://192.0.2.66/ts', origin('wss://tv.local/cii'), 'any'],
  ] as const)('are %s', (_name, url, from, allowed) => {
    expect(refusal(url, allowed as AllowedHosts, from)).toBeUndefined()
  })

  it.each([
    ['another name', 'ws://evil.example/ts', TV, 'same-host'],
    ['another address', 'udp://192.0.2.66:53', TV, 'same-host'],
    ['a name that begins like it', 'ws://tv.local.evil.example/ts', TV, 'same-host'],
    ['the host as a user name', 'ws://tv.local@evil.example/ts', TV, 'same-host'],
    ['the host after a backslash', 'ws://evil.example\\@tv.local/ts', TV, 'same-host'],
    ['the host in a fragment', 'ws://evil.example#@tv.local/ts', TV, 'same-host'],
    ['an IPv6 address that differs', 'udp://[2001:db8::8]:1', IPV6, 'same-host'],
    ['no host at all', 'ws:///ts', TV, 'same-host'],
    ['one beside the list', 'ws://192.0.2.10/ts', TV, ['192.0.2.9']],
    ['ws:// from wss://', 'ws://tv.local/ts', origin('wss://tv.local/cii'), 'same-host'],
  ] as const)('are not %s', (_name, url, from, allowed) => {
    expect(refusal(url, allowed as AllowedHosts, from)).toMatch(/^a (host that allowedHosts permits|wss:)/)
  })

  it.each([7, 'same', null, ['http://x/'], ['x:80'], [''], [7]])('cannot be %j', (allowed) => {
    expect(() => checkOption('allowedHosts', ALLOWED_HOSTS_TYPE, allowed)).toThrow(/^"allowedHosts" must be /)
  })
})

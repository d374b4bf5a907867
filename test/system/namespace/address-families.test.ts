import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { has } from '../../helpers/needs.js'
import { NetworkNamespace } from './network-namespace.js'

const hasIPv6 = has('ipv6')

describe.runIf(has('namespaces'))('a television with nothing configured', () => {
  /** What companions get that connect to these addresses of an app that listens on a host. */
  async function inNamespace(
    start: (namespace: NetworkNamespace) => ReturnType<NetworkNamespace['start']>,
  ): Promise<unknown> {
    const namespace = NetworkNamespace.make()
    try {
      const child = start(namespace)
      const exited = once(child, 'exit')
      const [report] = await once(child, 'message', { signal: AbortSignal.timeout(25_000) })
      await exited
      return report
    } finally {
      namespace.remove()
    }
  }

  /** The same, on a machine with such a setting of its kernel. */
  function on(setting: string, host: string, ...reached: string[]): Promise<unknown> {
    return inNamespace((namespace) => {
      namespace.run('sysctl', '-w', setting)
      return namespace.start('address-families.js', host, ...reached)
    })
  }

  const ON_IPV4 = { clock: '127.0.0.1', answeredFrom: '127.0.0.1', bytes: 32 }
  const ON_IPV6 = { clock: '[::1]', answeredFrom: '::1', bytes: 32 }

  it.runIf(hasIPv6)(
    'serves its wall clock to a companion that connects to localhost, where that is ::1 first',
    async () => {
      const report = await inNamespace((namespace) =>
        namespace.startWithHosts('hosts', 'address-families.js', 'localhost', '127.0.0.1', '[::1]', 'localhost'),
      )
      expect(report).toEqual({ '127.0.0.1': ON_IPV4, '[::1]': ON_IPV6, localhost: ON_IPV6 })
    },
  )

  it('serves its wall clock on a machine on which IPv6 is disabled', async () => {
    expect(await on('net.ipv6.conf.all.disable_ipv6=1', '0.0.0.0', '127.0.0.1')).toEqual({
      '127.0.0.1': ON_IPV4,
    })
  })

  it.runIf(hasIPv6)('serves its wall clock on IPv4 and IPv6 where IPv6 sockets do not take IPv4', async () => {
    expect(await on('net.ipv6.bindv6only=1', '::', '127.0.0.1', '[::1]')).toEqual({
      '127.0.0.1': ON_IPV4,
      '[::1]': ON_IPV6,
    })
  })
})

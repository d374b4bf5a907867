import { networkInterfaces } from 'node:os'

/** Whether this machine has an IPv6 loopback address to test with; containers often have none. */
export const hasIPv6: boolean = Object.values(networkInterfaces())
  .flat()
  .some((address) => address?.address === '::1')

if (!hasIPv6) {
  process.stderr.write('\nSKIPPED: the IPv6 tests of a file. This machine has no ::1; enable IPv6 to run them.\n\n')
}

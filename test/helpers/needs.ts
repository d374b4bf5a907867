import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os'
import { chromiumPath } from './chromium-path.js'
import { nginxPath } from './nginx-path.js'

interface Need {
  readonly isMet: () => boolean
  /** What is missing, and the command that provides it. */
  readonly missing: () => string
}

/** What some tests need of the machine. No test provides it by itself: that takes root, or changes the system. */
const NEEDS = {
  chromium: {
    isMet: () => existsSync(chromiumPath()),
    missing: () =>
      `no Chromium at ${chromiumPath()}. Run 'npm run install-browser', or set CHROMIUM to the path of a Chromium`,
  },
  dashjs: {
    isMet: () => isInstalled('dashjs'),
    missing: () => "the package dashjs is not installed: it takes 126 MB. Run 'npm run install-dashjs'",
  },
  nginx: {
    isMet: () => existsSync(nginxPath()),
    missing: () => `no nginx at ${nginxPath()}. Run 'npm run install-nginx', or set NGINX to its path`,
  },
  python: {
    isMet: () => spawnSync('python3', ['-c', 'import pty']).status === 0,
    missing: () => "no Python 3 with the module pty. Run 'apt-get install python3'",
  },
  namespaces: {
    isMet: () => process.env.NAMESPACES === '1',
    missing: () =>
      "tests may not make network namespaces unless you allow it. Run 'NAMESPACES=1 npm run test:system' as root, on Linux with iproute2",
  },
  ipv6: {
    isMet: () => addresses().some(({ address }) => address === '::1'),
    missing: () => "no IPv6 loopback address. Run 'sysctl -w net.ipv6.conf.lo.disable_ipv6=0' as root",
  },
  'link-local': {
    isMet: () => linkLocalAddress() !== undefined,
    missing: () =>
      "no interface with an IPv6 link-local address. Run 'ip link add dvbcss0 type dummy && ip link set dvbcss0 up' as root",
  },
} satisfies Record<string, Need>

function isInstalled(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(name)
    return true
  } catch {
    return false
  }
}

function addresses(): (NetworkInterfaceInfo & { name: string })[] {
  return Object.entries(networkInterfaces()).flatMap(([name, all]) => (all ?? []).map((each) => ({ name, ...each })))
}

export function linkLocalAddress(): { name: string; address: string } | undefined {
  return addresses().find(({ family, address, internal }) => family === 'IPv6' && /^fe80:/.test(address) && !internal)
}

/**
 * Whether the machine has what some tests of a file need. If not, prints which tests are skipped, and how to enable them.
 *
 * @throws Error with REQUIRE_ALL=1 in the environment, unless the list in REQUIRE_ALL_EXCEPT contains the need
 */
export function has(need: keyof typeof NEEDS): boolean {
  const { isMet, missing } = NEEDS[need]
  if (isMet()) return true
  const reason = missing()
  const { REQUIRE_ALL, REQUIRE_ALL_EXCEPT = '' } = process.env
  if (REQUIRE_ALL === '1' && !REQUIRE_ALL_EXCEPT.split(',').includes(need)) {
    throw new Error(`REQUIRE_ALL=1, but tests would be skipped (${need}): ${reason}`)
  }
  process.stderr.write(`\nSKIPPED: the tests of a file that need ${need}: ${reason}\n\n`)
  return false
}

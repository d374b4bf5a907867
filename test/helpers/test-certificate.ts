import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generate } from 'selfsigned'

export interface TestCertificate {
  /** Paths of two PEM files: what an example is given as KEY and CERT. */
  readonly keyPath: string
  readonly certPath: string
  /** The certificate as PEM: what a client has to trust. */
  readonly cert: string
  remove(): Promise<void>
}

/** A certificate for one name, signed by itself, in a folder of its own. */
export async function makeTestCertificate(name: string): Promise<TestCertificate> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'subjectAltName', altNames: [{ type: 2, value: name }] },
    ],
  })
  const folder = await mkdtemp(join(tmpdir(), 'fastify-dvbcss-tls-'))
  const [keyPath, certPath] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  await Promise.all([writeFile(keyPath, key, { mode: 0o600 }), writeFile(certPath, cert)])
  return { keyPath, certPath, cert, remove: () => rm(folder, { recursive: true, force: true }) }
}

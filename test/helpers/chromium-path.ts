const DEBIANS = '/usr/bin/chromium'

/** Which browser the tests run in: the program that CHROMIUM names, else Debian's. */
export function chromiumPath(): string {
  const { CHROMIUM } = process.env
  return CHROMIUM === undefined || CHROMIUM === '' ? DEBIANS : CHROMIUM
}

import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { describe, expect, it } from 'vitest'
import type { CheckReport, Finding } from '../../../src/conformance/index.js'
import { reportHtml, reportJson, reportJunit, reportText } from '../../../src/conformance/reports/index.js'
import { HOSTILE, unsafeCharacters } from '../../helpers/hostile-text.js'

const MARKUP = `<script>alert("1")</script><img src='//evil.example/x' onerror=alert(2)>]]>&amp;${HOSTILE}`

function finding(change: Partial<Finding> = {}): Finding {
  return {
    rule: 'cii-content-id',
    title: 'contentId is a URI',
    source: 'TS 103 286-2, 5.6',
    severity: 'fault',
    harm: 'pydvbcss: it rejects the whole message.',
    verdict: 'pass',
    reason: 'it is',
    seconds: 2.5,
    ...change,
  }
}

function report(change: Partial<CheckReport> = {}): CheckReport {
  const expected = 'a URI'
  const measurements = [{ name: 'shortest round trip', value: 311_400, unit: 'ns' }] as const
  return {
    target: 'ws://192.0.2.1:7681/cii',
    startedAt: new Date('2026-03-01T12:00:00.123Z'),
    seconds: 5.9,
    isStrict: false,
    isIncomplete: false,
    connections: { max: 2, peak: 2 },
    endpoints: [
      {
        endpoint: 'cii',
        url: 'ws://192.0.2.1:7681/cii',
        findings: [
          finding(),
          finding({ verdict: 'fail', expected, got: MARKUP, reason: `expected ${expected}, got ${MARKUP}` }),
          finding({ rule: 'cii-private', verdict: 'warn', severity: 'advice', expected, got: MARKUP, reason: MARKUP }),
          finding({ rule: 'cii-te-url', verdict: 'skipped', reason: 'not tried: the television ended after x' }),
        ],
      },
      { endpoint: 'ts', url: MARKUP, untested: MARKUP, findings: [] },
      { endpoint: 'wc', url: 'udp://192.0.2.1:6677', findings: [finding({ rule: 'wc-rate', measurements })] },
    ],
    series: {
      wallClock: [0, 1, 2].map((atSeconds) => {
        return { atSeconds, offsetNanos: 5e5 * atSeconds, errorNanos: 3e5, roundTripNanos: 6e5, dispersionNanos: 4e5 }
      }),
      timeline: [0, 1].map((atSeconds) => ({ atSeconds, aheadSeconds: atSeconds / 1000 })),
    },
    ...change,
  }
}

describe('the text report', () => {
  const lines = (columns: number) => reportText(report(), { columns, isColoured: false, isShort: false }).split('\n')

  it.each([80, 120])('fits into %i columns, and breaks no word', (columns) => {
    const long = lines(columns).filter((line) => line.length > columns && line.trim().includes(' '))
    expect(long).toEqual([])
    expect(lines(columns).join(' ').replace(/\s+/g, ' ')).toContain(
      'expected a URI got <script>alert("1")</script><img',
    )
  })

  it('cuts nothing, and cannot command a terminal', () => {
    const text = lines(80).join('\n')
    expect(text).not.toContain('…')
    expect(unsafeCharacters(text)).toEqual([])
  })

  it('states the severity and whom a violation harms', () => {
    const text = lines(120).join('\n')
    expect(text).toMatch(/FAIL {2}cii-content-id[\s\S]*fault +pydvbcss: it rejects the whole message\./)
    expect(text).toMatch(/warn {2}cii-private[\s\S]*advice +pydvbcss/)
    expect(text).toMatch(/2 passed, 1 failed, 1 warning, 1 skipped in 5\.9 s$/)
  })
})

describe('the JSON report', () => {
  it('has version, time, durations, and each measurement as a number with its unit', () => {
    const lines = reportJson(report(), { version: '1.2.3', exitCode: 1 })
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines[0]).toMatchObject({
      check: 'ws://192.0.2.1:7681/cii',
      version: '1.2.3',
      startedAt: '2026-03-01T12:00:00.123Z',
    })
    expect(lines.find(({ rule }) => rule === 'wc-rate')).toMatchObject({
      seconds: 2.5,
      severity: 'fault',
      measurements: [{ name: 'shortest round trip', value: 311_400, unit: 'ns' }],
    })
    expect(lines.at(-1)).toEqual({
      summary: { pass: 2, fail: 1, warn: 1, skipped: 1 },
      incomplete: false,
      seconds: 5.9,
      exitCode: 1,
    })
  })
})

/** Of the schemas of Ant and Jenkins, what both require: children in order, and attributes. */
const SCHEMA: Record<string, { children: RegExp; required: string[]; optional?: string[] }> = {
  testsuites: { children: /^(testsuite )+$/, required: [] },
  testsuite: {
    children: /^properties (testcase )*system-out system-err $/,
    required: ['name', 'package', 'id', 'tests', 'failures', 'errors', 'time', 'timestamp', 'hostname'],
    optional: ['skipped'],
  },
  properties: { children: /^(property )*$/, required: [] },
  property: { children: /^$/, required: ['name', 'value'] },
  testcase: { children: /^((skipped|failure) )?$/, required: ['name', 'classname', 'time'] },
  failure: { children: /^$/, required: ['type', 'message'] },
  skipped: { children: /^$/, required: ['message'] },
  'system-out': { children: /^$/, required: [] },
  'system-err': { children: /^$/, required: [] },
}

interface Node {
  readonly name: string
  readonly attributes: Record<string, string>
  readonly children: readonly Node[]
  readonly text: string
}

function parsed(xml: string): Node {
  const parser = new XMLParser({
    preserveOrder: true,
    ignoreAttributes: false,
    attributeNamePrefix: '',
    trimValues: false,
  })
  const node = (raw: Record<string, unknown>): Node => {
    const [name = ''] = Object.keys(raw).filter((key) => key !== ':@')
    const inner = raw[name] as Record<string, unknown>[]
    const text = inner.map((each) => each['#text'] ?? '').join('')
    const children = inner.filter((each) => !('#text' in each)).map(node)
    return { name, attributes: (raw[':@'] ?? {}) as Record<string, string>, children, text }
  }
  const roots = (parser.parse(xml) as Record<string, unknown>[]).filter(
    (each) => !('?xml' in each) && !('#text' in each),
  )
  expect(roots).toHaveLength(1)
  return node(roots[0] ?? {})
}

function all(root: Node): Node[] {
  return [root, ...root.children.flatMap(all)]
}

describe('the JUnit report', () => {
  const xml = reportJunit(report(), { version: '1.2.3' })

  it('is XML without a character that XML cannot hold', () => {
    expect(XMLValidator.validate(xml)).toBe(true)
    expect(unsafeCharacters(xml)).toEqual([])
  })

  it('has the elements and attributes of the schemas, in their order', () => {
    for (const { name, attributes, children } of all(parsed(xml))) {
      const {
        required,
        optional = [],
        children: order,
      } = SCHEMA[name] ?? { required: ['unknown element'], children: /$/ }
      expect(
        Object.keys(attributes)
          .filter((each) => !optional.includes(each))
          .sort(),
        name,
      ).toEqual([...required].sort())
      expect(children.map((each) => `${each.name} `).join(''), name).toMatch(order)
    }
  })

  it('counts its test cases, and states when they ran', () => {
    const suites = parsed(xml).children
    expect(suites.map(({ attributes }) => attributes.name)).toEqual(['CSS-CII', 'CSS-TS', 'CSS-WC'])
    for (const { attributes, children } of suites) {
      const cases = children.filter(({ name }) => name === 'testcase')
      const count = (name: string) => `${cases.filter((each) => each.children[0]?.name === name).length}`
      expect(attributes).toMatchObject({
        tests: `${cases.length}`,
        failures: count('failure'),
        skipped: count('skipped'),
      })
      expect(attributes.timestamp).toBe('2026-03-01T12:00:00')
    }
  })

  it('has hostile text as text', () => {
    const failure = all(parsed(xml)).find(({ name }) => name === 'failure')
    expect(failure?.text).toContain(`got: <script>alert("1")</script><img src='//evil.example/x'`)
    expect(all(parsed(xml)).find(({ name }) => name === 'system-out')?.text).toContain('warning: cii-private (advice)')
  })
})

describe('the HTML report', () => {
  const html = reportHtml(report(), { version: '1.2.3' })

  it('contains no markup of the television, and nothing that would be loaded', () => {
    const tags = [...html.matchAll(/<([a-z0-9]+)([^>]*)>/gi)]
    const known =
      /^(html|head|meta|title|style|body|h[1-3]|p|b|span|div|table|thead|tbody|tr|th|td|code|dl|dt|dd|figure|figcaption|svg|path|circle|text)$/
    expect(tags.map(([, name = '']) => name).filter((name) => !known.test(name))).toEqual([])
    expect(tags.filter(([, , attributes = '']) => /\b(src|href|action|on\w+|style)\s*=/i.test(attributes))).toEqual([])
    expect(html).not.toMatch(/url\(|@import/i)
    expect(unsafeCharacters(html)).toEqual([])
    expect(html).toContain('default-src &apos;none&apos;')
  })

  it('has the counts, the violations first, the measurements and a plot for each series', () => {
    expect(html).toContain('<b>1</b>failed')
    expect(html.indexOf('Violations')).toBeLessThan(html.indexOf('Measurements'))
    expect(html).toContain('311.4 µs')
    const titles = [...html.matchAll(/<figure><figcaption><h3>([^<]*)/g)].map(([, title]) => title)
    expect(titles).toEqual(['Offset of the wall clock', 'Dispersion', 'Round trips', 'Drift of the timeline'])
    expect(html).not.toContain('NaN')
    expect(html).not.toContain('…')
  })

  it('leaves out plots of what was not measured', () => {
    expect(reportHtml(report({ series: { wallClock: [], timeline: [] } }), { version: '1' })).not.toContain('<svg')
  })

  it('stays small with many samples, and keeps the outliers', () => {
    const wallClock = Array.from({ length: 20_000 }, (_, index) => {
      const roundTripNanos = index === 7777 ? 5e9 : 6e5
      return { atSeconds: index / 20, offsetNanos: 0, errorNanos: 3e5, roundTripNanos, dispersionNanos: 4e5 }
    })
    const large = reportHtml(report({ series: { wallClock, timeline: [] } }), { version: '1' })
    expect(large.length).toBeLessThan(1_000_000)
    expect(large).toContain('>5000<')
  })
})

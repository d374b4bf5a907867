import { hostname } from 'node:os'
import { type CheckReport, type EndpointReport, type Finding, summarise } from '../index.js'
import { escapeMarkup } from './markup.js'
import { ENDPOINT_NAMES } from './words.js'

/**
 * JUnit's XML, valid against the schemas in use (those of Ant and Jenkins): a suite for each endpoint, a test case for each rule. Warnings
 * do not fail in these schemas; they are in the output of their suite.
 */
export function reportJunit(report: CheckReport, { version }: { version: string }): string {
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites>',
    ...report.endpoints.flatMap((each, index) => suite(each, index, report, version)),
    '</testsuites>',
    '',
  ].join('\n')
}

function suite(endpoint: EndpointReport, index: number, report: CheckReport, version: string): string[] {
  const { url, untested, findings } = endpoint
  const name = ENDPOINT_NAMES[endpoint.endpoint]
  const counts = summarise({ endpoints: [endpoint] })
  const skipped = counts.skipped + (untested === undefined ? 0 : 1)
  const seconds = Math.max(0, ...findings.map((finding) => finding.seconds))
  const head = {
    name,
    package: 'dvbcss.check',
    id: index,
    tests: findings.length + (untested === undefined ? 0 : 1),
    failures: counts.fail,
    errors: 0,
    skipped,
    time: seconds.toFixed(3),
    // Both schemas allow neither a fraction nor a time zone; it is UTC.
    timestamp: report.startedAt.toISOString().slice(0, 19),
    hostname: hostname(),
  }
  const properties = { version, url, target: report.target, strict: `${report.isStrict}` }
  const warnings = findings.filter(({ verdict }) => verdict === 'warn').map(warningText)
  return [
    `  <testsuite${attributes(head)}>`,
    '    <properties>',
    ...Object.entries(properties).map(([key, value]) => `      <property${attributes({ name: key, value })}/>`),
    '    </properties>',
    ...findings.flatMap((finding) => testCase(name, finding)),
    ...(untested === undefined ? [] : skippedCase(name, 'tested', 0, untested)),
    `    <system-out>${warnings.map(escapeMarkup).join('\n')}</system-out>`,
    '    <system-err></system-err>',
    '  </testsuite>',
  ]
}

function testCase(suiteName: string, finding: Finding): string[] {
  const { rule, verdict, seconds, reason } = finding
  if (verdict === 'skipped') return skippedCase(suiteName, rule, seconds, reason)
  const head = attributes({ classname: `dvbcss.${suiteName}`, name: rule, time: seconds.toFixed(3) })
  if (verdict !== 'fail') return [`    <testcase${head}/>`]
  const { title, source, severity, harm, expected = '', got = '' } = finding
  const lines = [`${title} (${source})`, `expected: ${expected}`, `got: ${got}`, `${severity}: ${harm}`]
  return [
    `    <testcase${head}>`,
    `      <failure${attributes({ type: severity, message: reason })}>${lines.map(escapeMarkup).join('\n')}</failure>`,
    '    </testcase>',
  ]
}

function skippedCase(suiteName: string, name: string, seconds: number, reason: string): string[] {
  const head = attributes({ classname: `dvbcss.${suiteName}`, name, time: seconds.toFixed(3) })
  return [`    <testcase${head}>`, `      <skipped${attributes({ message: reason })}/>`, '    </testcase>']
}

function warningText({ rule, severity, reason, harm }: Finding): string {
  return `warning: ${rule} (${severity}): ${reason}. ${harm}`
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escapeMarkup(`${value}`)}"`)
    .join('')
}

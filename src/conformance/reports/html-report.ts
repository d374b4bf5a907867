import { type CheckReport, type EndpointReport, type Finding, summarise, type Verdict } from '../index.js'
import { STYLE } from './html-style.js'
import { escapeMarkup } from './markup.js'
import { measurementText } from './measurement-text.js'
import { type Plot, plotSvg } from './plot.js'
import { ENDPOINT_NAMES } from './words.js'

const VERDICTS: Record<Verdict, string> = { pass: 'passed', fail: 'failed', warn: 'warnings', skipped: 'skipped' }
const WORDS: Record<Verdict, string> = { pass: 'pass', fail: 'FAIL', warn: 'warn', skipped: 'skip' }
const MILLIS = 1e6
/** The page loads nothing, and runs nothing. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'"

/** One file for people to keep: the summary, the rules, and the measurements with plots. */
export function reportHtml(report: CheckReport, { version }: { version: string }): string {
  const { target, startedAt, seconds, endpoints } = report
  const counts = summarise(report)
  const isFailed = counts.fail > 0
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${escapeMarkup(POLICY)}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer">',
    `<title>dvbcss check: ${escapeMarkup(target)}</title><style>${STYLE}</style></head><body>`,
    `<h1>Check of <span class="url">${escapeMarkup(target)}</span></h1>`,
    `<p class="${isFailed ? 'fail' : 'pass'}"><b>${isFailed ? 'Does not conform' : 'No fault found'}</b></p>`,
    `<p class="dim">${startedAt.toISOString().slice(0, 19).replace('T', ' ')} UTC, ${seconds.toFixed(1)} s, ` +
      `fastify-dvbcss ${escapeMarkup(version)}${report.isStrict ? ', strict' : ''}, ` +
      `at most ${report.connections.peak} of ${report.connections.max} connections at once</p>`,
    ...(report.isIncomplete
      ? ['<p class="warn">The time limit was reached before every rule could be tried.</p>']
      : []),
    '<div class="counts">',
    ...(['fail', 'warn', 'pass', 'skipped'] as const).map(
      (verdict) =>
        `<div class="count ${counts[verdict] === 0 ? 'dim' : verdict}"><b>${counts[verdict]}</b>${VERDICTS[verdict]}</div>`,
    ),
    '</div>',
    ...violations(endpoints),
    ...measurements(endpoints),
    ...plots(report),
    ...endpoints.flatMap(endpointSection),
    '</body></html>',
    '',
  ].join('\n')
}

function violations(endpoints: readonly EndpointReport[]): string[] {
  const found = endpoints
    .flatMap(({ findings }) => findings)
    .filter(({ verdict }) => verdict === 'fail' || verdict === 'warn')
  if (found.length === 0) return []
  const sorted = [...found].sort((a, b) => Number(a.verdict === 'warn') - Number(b.verdict === 'warn'))
  return ['<h2>Violations</h2>', rulesTable(sorted)]
}

function endpointSection({ endpoint, url, untested, findings }: EndpointReport): string[] {
  const heading = `<h2>${ENDPOINT_NAMES[endpoint]} <span class="url dim">${escapeMarkup(url)}</span></h2>`
  if (untested !== undefined) return [heading, `<p class="skipped">Not tested: ${escapeMarkup(untested)}</p>`]
  return [heading, rulesTable(findings)]
}

function rulesTable(findings: readonly Finding[]): string {
  const rows = findings.map((finding) => {
    const { verdict, rule, title, source, seconds } = finding
    const time = seconds === 0 ? '' : `${seconds.toFixed(2)} s`
    return (
      `<tr><td class="verdict ${verdict}">${WORDS[verdict]}</td><td class="rule"><code>${escapeMarkup(rule)}</code></td>` +
      `<td><p>${escapeMarkup(title)} <span class="dim">(${escapeMarkup(source)})</span></p>${details(finding)}</td>` +
      `<td class="number dim">${time}</td></tr>`
    )
  })
  const head = '<tr><th>verdict</th><th>rule</th><th>requirement</th><th class="number">time</th></tr>'
  return `<table><thead>${head}</thead><tbody>${rows.join('\n')}</tbody></table>`
}

function details({ reason, expected, got, severity, harm }: Finding): string {
  if (expected === undefined || got === undefined) return `<p class="dim">${escapeMarkup(reason)}</p>`
  const pairs = [
    ['expected', expected],
    ['got', got],
    [severity, harm],
  ] as const
  return `<dl>${pairs.map(([name, text]) => `<dt>${name}</dt><dd>${escapeMarkup(text)}</dd>`).join('')}</dl>`
}

function measurements(endpoints: readonly EndpointReport[]): string[] {
  const rows = endpoints.flatMap(({ endpoint, findings }) =>
    findings.flatMap(({ measurements: all = [] }) =>
      all.map(
        (each) =>
          `<tr><td>${ENDPOINT_NAMES[endpoint]}</td><td>${escapeMarkup(each.name)}</td><td class="number">${measurementText(each)}</td></tr>`,
      ),
    ),
  )
  if (rows.length === 0) return []
  return ['<h2>Measurements</h2>', `<table><tbody>${rows.join('')}</tbody></table>`]
}

function plots({ series: { wallClock, timeline } }: CheckReport): string[] {
  const all: Plot[] = [
    {
      title: 'Offset of the wall clock',
      unit: 'ms',
      note: 'relative to the first exchange, with the bound of its error; a slope is the difference of the two clocks’ rates',
      points: wallClock.map(({ atSeconds, offsetNanos, errorNanos }) => {
        return { x: atSeconds, y: offsetNanos / MILLIS, bound: errorNanos / MILLIS }
      }),
    },
    {
      title: 'Dispersion',
      unit: 'ms',
      note: 'the error bound that a companion computes from each exchange',
      points: wallClock.map(({ atSeconds, dispersionNanos }) => ({ x: atSeconds, y: dispersionNanos / MILLIS })),
      isFromZero: true,
    },
    {
      title: 'Round trips',
      unit: 'ms',
      note: 'without the processing time that the server states',
      points: wallClock.map(({ atSeconds, roundTripNanos }) => ({ x: atSeconds, y: roundTripNanos / MILLIS })),
      isFromZero: true,
    },
    {
      title: 'Drift of the timeline',
      unit: 'ms',
      note: 'each control timestamp, compared with what the first one predicts',
      points: timeline.map(({ atSeconds, aheadSeconds }) => ({ x: atSeconds, y: aheadSeconds * 1000 })),
    },
  ]
  const shown = all.filter(({ points }) => points.length > 1)
  if (shown.length === 0) return []
  const figures = shown.map(
    (plot) =>
      `<figure><figcaption><h3>${plot.title}</h3><span class="dim">${plot.note}</span></figcaption>${plotSvg(plot)}</figure>`,
  )
  return ['<h2>Over time</h2>', `<div class="plots">${figures.join('\n')}</div>`]
}

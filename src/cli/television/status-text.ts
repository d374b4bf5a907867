import type { FastifyInstance } from 'fastify'

export type StatusSources = Pick<FastifyInstance, 'television' | 'cii' | 'ts' | 'app2app' | 'wallClockServer'>

/** State of the television and connected companions, as lines of text. */
export function statusText({ television, cii, ts, app2app, wallClockServer }: StatusSources): string {
  const { requests, answers } = wallClockServer.statistics
  const { page, playback } = television
  const driver = page !== undefined && playback.isDriven ? `, driven by the page at ${page.remoteAddress}` : ''
  return [
    `content    ${cii.cii.contentId} (${cii.cii.contentIdStatus}, ${cii.cii.presentationStatus?.join(' ')})`,
    `position   ${playback.positionSeconds.toFixed(3)} s at speed ${playback.speed}${driver}`,
    `timelines  ${cii.cii.timelines?.map((timeline) => timeline.timelineSelector).join('\n           ')}`,
    `companions ${cii.connections.size} on CII, ${ts.connections.size} on TS; wall clock: ${requests} requests, ${answers} responses`,
    `App2App    ${app2app.statistics.pairs} pairs, ${app2app.statistics.waiting.local} applications and ${app2app.statistics.waiting.remote} companions waiting`,
  ].join('\n')
}

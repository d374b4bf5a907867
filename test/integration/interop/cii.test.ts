import protocols, { type CIIMessage } from 'dvbcss-protocols'
import { describe, expect, it } from 'vitest'
import { type Cii, ciiPlugin, type TimelineOption } from '../../../plugins/index.js'
import { closeAppsAfterEach, listen, makeApp } from '../../helpers/app.js'
import { CiiPeer, stopPeersAfterEach } from './peers.js'

closeAppsAfterEach()
stopPeersAfterEach()

const PTS: TimelineOption = {
  timelineSelector: 'urn:dvb:css:timeline:pts',
  timelineProperties: { unitsPerTick: 1, unitsPerSecond: 90_000 },
}
const TEMI: TimelineOption = {
  timelineSelector: 'urn:dvb:css:timeline:temi:1:1',
  timelineProperties: { unitsPerTick: 1001, unitsPerSecond: 30_000, accuracy: 0.04 },
}
const BEGINNING: Cii = {
  contentId: 'dvb://233a.1004.1044',
  contentIdStatus: 'partial',
  presentationStatus: ['okay'],
  mrsUrl: 'http://127.0.0.1/mrs',
  wcUrl: 'udp://{{host}}:6677',
  tsUrl: 'ws://{{host}}/ts',
  timelines: [PTS],
}

async function mirrored() {
  const app = makeApp()
  await app.register(ciiPlugin, { prefix: '/cii', cii: BEGINNING })
  const peer = new CiiPeer(`${await listen(app)}/cii`)
  return { app, peer }
}

/** Our state in the peer's words. */
function asMirrored(cii: Cii): CIIMessage {
  const here = (url: string | null | undefined) => url?.replaceAll('{{host}}', '127.0.0.1') ?? null
  return {
    protocolVersion: cii.protocolVersion ?? null,
    // Known fault: it looks for msrUrl.
    mrsUrl: null,
    contentId: cii.contentId ?? null,
    contentIdStatus: cii.contentIdStatus ?? null,
    presentationStatus: cii.presentationStatus?.join(' ') ?? null,
    wcUrl: here(cii.wcUrl),
    tsUrl: here(cii.tsUrl),
    timelines: (cii.timelines ?? []).map(({ timelineSelector, timelineProperties }) => ({
      timelineSelector,
      accuracy: Number.NaN,
      ...timelineProperties,
    })),
  }
}

describe('the CII client of dvbcss-protocols', () => {
  it('has the whole state after the first message', async () => {
    const { app, peer } = await mirrored()
    const { cii } = await peer.next()
    expect(cii).toEqual(asMirrored(app.cii.cii))
    expect(cii.protocolVersion).toBe('1.1')
  })

  it('mirrors the state through a series of changes', async () => {
    const { app, peer } = await mirrored()
    await peer.next()
    const changes: Cii[] = [
      { contentId: 'dvb://233a.1004.1044;363a~20130218T0915Z--PT00H45M', contentIdStatus: 'final' },
      { presentationStatus: ['transitioning', 'urn:example:advert'] },
      { presentationStatus: ['fault'] },
      { contentId: 'http://example.com/ünïcode.mpd', presentationStatus: ['okay'] },
      { wcUrl: null, tsUrl: null },
      { wcUrl: 'udp://192.0.2.7:1234', tsUrl: 'wss://example.com/ts' },
      { contentId: null },
      { contentId: '', contentIdStatus: 'partial' },
      { presentationStatus: null },
    ]
    for (const change of changes) {
      app.cii.update(change)
      const { cii, names } = await peer.next()
      const mirror = asMirrored(app.cii.cii)
      // Known fault: a difference without timelines empties the peer's list.
      expect(cii).toEqual({ ...mirror, timelines: [] })
      const changed = Object.entries(names).flatMap(([name, hasChanged]) => (hasChanged ? [name] : []))
      expect(changed).toEqual(expect.arrayContaining(Object.keys(change)))
      // The way out for a companion of this kind: tell it everything.
      app.cii.updateClients({ onlyDiff: false })
      expect((await peer.next()).cii).toEqual(mirror)
    }
  })

  it('mirrors the list of timelines', async () => {
    const { app, peer } = await mirrored()
    await peer.next()
    for (const timelines of [[PTS, TEMI], [TEMI, PTS], [TEMI], [], [PTS], null, [TEMI]]) {
      app.cii.update({ timelines })
      // To this peer a list that is null is an empty one.
      expect((await peer.next()).cii).toEqual(asMirrored(app.cii.cii))
    }
  })

  it('gets several properties that change at once in one message', async () => {
    const { app, peer } = await mirrored()
    await peer.next()
    app.cii.cii = { contentId: 'dvb://1.2.3', contentIdStatus: 'final', timelines: [TEMI] }
    const { cii, names } = await peer.next()
    expect(cii).toEqual(asMirrored(app.cii.cii))
    expect(names).toMatchObject({ contentId: true, wcUrl: true, tsUrl: true, timelines: true, protocolVersion: false })
  })

  it('names the URL that has changed, though its change mask says the other', async () => {
    const { app, peer } = await mirrored()
    await peer.next()
    const { TS_URL_CHANGED, WC_URL_CHANGED } = protocols.CII.CIIMessage.CIIChangeMask
    app.cii.update({ wcUrl: 'udp://192.0.2.7:1', timelines: [TEMI] })
    const { names, mask } = await peer.next()
    expect(names).toMatchObject({ wcUrl: true, tsUrl: false })
    // Known fault: the two bits are swapped.
    expect(mask & (TS_URL_CHANGED | WC_URL_CHANGED)).toBe(TS_URL_CHANGED)
  })
})

import { describe, expect, it } from 'vitest'
import {
  decodeDeviceDescription,
  decodeHbbtvApplication,
  encodeDeviceDescription,
  encodeHbbtvApplication,
} from '../../../src/discovery/index.js'

const DEVICE = {
  friendlyName: 'Küche & <Bad> "1"',
  manufacturer: 'ACME',
  modelName: 'One',
  uuid: '3f1c5b1e-0000-5000-8000-000000000001',
}

describe('a device description', () => {
  it('is read as it was written, whatever the name contains', async () => {
    expect(await decodeDeviceDescription(encodeDeviceDescription(DEVICE))).toEqual(DEVICE)
    const odd = { ...DEVICE, friendlyName: 'a\u0000\u001bb' }
    expect(await decodeDeviceDescription(encodeDeviceDescription(odd))).toMatchObject({ friendlyName: 'ab' })
  })

  it('is read with prefixes, comments, sections of text and missing elements', async () => {
    const xml = `<?xml version="1.0"?><!-- a --><u:root xmlns:u="urn:schemas-upnp-org:device-1-0"><u:device>
      <u:friendlyName><![CDATA[A & B]]></u:friendlyName><u:UDN>UUID:1</u:UDN></u:device></u:root>`
    expect(await decodeDeviceDescription(xml)).toEqual({ friendlyName: 'A & B', uuid: '1' })
  })

  it.each([
    ['', 'nothing'],
    ['<html></html>', 'something else'],
    ['not xml', 'text'],
    ['<root><device>', 'an unfinished document without content'],
    ['<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><root><device>&b;</device></root>', 'entities'],
  ])('that is %j is refused', async (xml) => {
    expect(await decodeDeviceDescription(xml)).toBe('invalid-xml')
  })

  it.each(['constructor', '__proto__', 'toString'])('is not misled by an element called %s', async (name) => {
    const xml = `<root><device><${name}>x</${name}><UDN>uuid:1</UDN></device></root>`
    expect(['invalid-xml', { uuid: '1' }]).toContainEqual(await decodeDeviceDescription(xml))
    expect(({} as Record<string, unknown>).x).toBeUndefined()
  })
})

describe('the description of the HbbTV application', () => {
  it('is read as it was written', async () => {
    const application = {
      state: 'running',
      allowStop: true,
      app2appUrl: 'ws://192.0.2.1:7681/remote',
      interDevSyncUrl: 'ws://192.0.2.1:7681/cii?a=1&b=2',
      userAgent: 'HbbTV/1.5.1 (; x; y; ; ; )',
    } as const
    const xml = encodeHbbtvApplication(application)
    expect(await decodeHbbtvApplication(xml)).toEqual(application)
    expect(xml).toContain('xmlns="urn:dial-multiscreen-org:schemas:dial" dialVer="2.1"')
    expect(xml).toContain('<additionalData xmlns="urn:hbbtv:HbbTVCompanionScreen:2014">')
  })

  it('is read as other televisions write it', async () => {
    const xml = `<service xmlns="urn:dial-multiscreen-org:schemas:dial" dialVer="1.7"><name>HbbTV</name><options allowStop="false"/>
      <state>stopped</state><additionalData><hbbtv:X_HbbTV_App2AppURL xmlns:hbbtv="urn:hbbtv:HbbTVCompanionScreen:2014">ws://192.0.2.1:8900/remote/</hbbtv:X_HbbTV_App2AppURL>
      </additionalData></service>`
    expect(await decodeHbbtvApplication(xml)).toEqual({
      state: 'stopped',
      allowStop: false,
      app2appUrl: 'ws://192.0.2.1:8900/remote/',
    })
  })

  it('leaves out what is far too long', async () => {
    const xml = encodeHbbtvApplication({ state: 'stopped', allowStop: false, userAgent: 'x'.repeat(3000) })
    expect(await decodeHbbtvApplication(xml)).toEqual({ state: 'stopped', allowStop: false })
  })
})

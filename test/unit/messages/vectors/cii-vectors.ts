import type { Cii } from '../../../../src/messages/index.js'

/** CSS-CII messages: the text as it is written, and what it says. */
export const ciiVectors: readonly { name: string; text: string; cii: Cii }[] = [
  { name: 'nothing', text: '{}', cii: {} },
  {
    name: 'the first message of a TV with nothing on',
    text: '{"protocolVersion":"1.1","presentationStatus":"okay"}',
    cii: { protocolVersion: '1.1', presentationStatus: ['okay'] },
  },
  {
    name: 'a property of each kind that became null',
    text: '{"contentId":null,"contentIdStatus":null,"presentationStatus":null,"timelines":null,"private":null}',
    cii: { contentId: null, contentIdStatus: null, presentationStatus: null, timelines: null, private: null },
  },
  {
    name: 'empty lists, which are not null',
    text: '{"timelines":[],"private":[]}',
    cii: { timelines: [], private: [] },
  },
  {
    name: 'a DVB broadcast with all there is',
    text:
      '{"protocolVersion":"1.1","mrsUrl":"http://css.example.com/mrs",' +
      '"contentId":"dvb://233a.1004.1044;363a~20130218T0915Z--PT00H45M","contentIdStatus":"partial",' +
      '"presentationStatus":"transitioning urn:example:slow urn:example:3","wcUrl":"udp://192.168.1.5:5800",' +
      '"tsUrl":"ws://192.168.1.5:5815/ts","teUrl":"wss://192.168.1.5:5816/te",' +
      '"timelines":[{"timelineSelector":"urn:dvb:css:timeline:pts",' +
      '"timelineProperties":{"unitsPerTick":1,"unitsPerSecond":90000}},' +
      '{"timelineSelector":"urn:dvb:css:timeline:temi:1:1",' +
      '"timelineProperties":{"unitsPerTick":1001,"unitsPerSecond":30000,"accuracy":0.3},' +
      '"private":[{"type":"urn:example:a","frames":[25,null,true]}]}],' +
      '"private":[{"type":"urn:example:b","nested":{"deep":{"er":-1.5}}}]}',
    cii: {
      protocolVersion: '1.1',
      mrsUrl: 'http://css.example.com/mrs',
      contentId: 'dvb://233a.1004.1044;363a~20130218T0915Z--PT00H45M',
      contentIdStatus: 'partial',
      presentationStatus: ['transitioning', 'urn:example:slow', 'urn:example:3'],
      wcUrl: 'udp://192.168.1.5:5800',
      tsUrl: 'ws://192.168.1.5:5815/ts',
      teUrl: 'wss://192.168.1.5:5816/te',
      timelines: [
        {
          timelineSelector: 'urn:dvb:css:timeline:pts',
          timelineProperties: { unitsPerTick: 1, unitsPerSecond: 90_000 },
        },
        {
          timelineSelector: 'urn:dvb:css:timeline:temi:1:1',
          timelineProperties: { unitsPerTick: 1001, unitsPerSecond: 30_000, accuracy: 0.3 },
          private: [{ type: 'urn:example:a', frames: [25, null, true] }],
        },
      ],
      private: [{ type: 'urn:example:b', nested: { deep: { er: -1.5 } } }],
    },
  },
]

import type { PrivateData, SetupData } from '../../messages/index.js'

/**
 * Setup-data in the form in which a server keeps it for as long as the connection lasts. Parsed, private data can take twenty
 * times the memory of its JSON text, so the text is kept, and `private` parses it each time it is read.
 */
export function keptSetupData(setup: SetupData): SetupData {
  const { contentIdStem, timelineSelector } = setup
  if (setup.private === undefined) return { contentIdStem, timelineSelector }
  const text = JSON.stringify(setup.private)
  return {
    contentIdStem,
    timelineSelector,
    get private(): PrivateData[] {
      return JSON.parse(text) as PrivateData[]
    },
  }
}

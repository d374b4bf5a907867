import { XMLParser, XMLValidator } from 'fast-xml-parser'

/** An element by the names of its children; attributes start with `@`. */
export type XmlElement = Readonly<Record<string, unknown>>

const PARSER = new XMLParser({
  removeNSPrefix: true,
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  parseAttributeValue: false,
})

/** Undefined for what is not XML, or has a document type: with that, a short text can stand for a huge one. */
export function parseXml(text: string): XmlElement | undefined {
  if (/<!(DOCTYPE|ENTITY)/i.test(text)) return undefined
  try {
    if (XMLValidator.validate(text) !== true) return undefined
    const parsed: unknown = PARSER.parse(text)
    return isElement(parsed) ? parsed : undefined
  } catch {
    return undefined
  }
}

/** The first child with this name, if it has children or attributes. */
export function childOf(parent: XmlElement | undefined, name: string): XmlElement | undefined {
  const found = firstOf(parent, name)
  return isElement(found) ? found : undefined
}

/** The text of the first child with this name; undefined if there is none. */
export function textOf(parent: XmlElement | undefined, name: string): string | undefined {
  const found = firstOf(parent, name)
  const text = isElement(found) ? found['#text'] : found
  return typeof text === 'string' ? text.trim() : undefined
}

function firstOf(parent: XmlElement | undefined, name: string): unknown {
  const found = parent !== undefined && Object.hasOwn(parent, name) ? parent[name] : undefined
  return Array.isArray(found) ? found[0] : found
}

function isElement(value: unknown): value is XmlElement {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

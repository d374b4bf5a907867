import { escapeUnsafe } from '../../validation/index.js'

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

/**
 * Text for HTML or XML, also in attributes. Characters that XML cannot hold (XML 1.0, clause 2.2), that reorder text or that are
 * invisible become `\uXXXX`.
 */
export function escapeMarkup(text: string): string {
  return escapeUnsafe(text).replace(/[&<>"']/g, (each) => ENTITIES[each] ?? each)
}

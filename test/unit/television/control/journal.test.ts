import { describe, expect, it } from 'vitest'
import { Journal } from '../../../../src/television/control/journal.js'

function journalOf(count: number, capacity = 4): Journal<number> {
  const journal = new Journal<number>(capacity)
  for (let each = 1; each <= count; each += 1) journal.add(each)
  return journal
}

describe('a journal', () => {
  it('returns each entry once', () => {
    const journal = journalOf(2)
    const first = journal.since(0)
    expect(first.entries).toEqual({ entries: [1, 2], omitted: 0 })
    expect(journal.since(first.next).entries).toEqual({ entries: [], omitted: 0 })
    journal.add(3)
    expect(journal.since(first.next).entries).toEqual({ entries: [3], omitted: 0 })
  })

  it('counts the entries that a slow reader missed', () => {
    const journal = journalOf(2)
    const { next } = journal.since(0)
    for (let each = 3; each <= 12; each += 1) journal.add(each)
    expect(journal.since(next).entries).toEqual({ entries: [9, 10, 11, 12], omitted: 6 })
  })

  it('counts what was missed since a first reading that found nothing', () => {
    const journal = journalOf(0)
    const { next } = journal.since(0)
    for (let each = 1; each <= 6; each += 1) journal.add(each)
    expect(journal.since(next).entries).toEqual({ entries: [3, 4, 5, 6], omitted: 2 })
  })

  it('does not count what was forgotten before the first reading', () => {
    expect(journalOf(9).since(0).entries).toEqual({ entries: [6, 7, 8, 9], omitted: 0 })
  })
})

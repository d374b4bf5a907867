import type { Program } from '../../helpers/program.js'

export type JsonRecord = Record<string, unknown> & { event: string }

/** Reads what a program prints with --json, a line at a time. */
export class JsonOutput {
  readonly #program: Program
  #at = 0

  constructor(program: Program) {
    this.#program = program
  }

  /** The next line, printed or to come. */
  async next(): Promise<JsonRecord> {
    const [line] = await this.#program.printed(/.*\n/, this.#at)
    this.#at += line.length
    return JSON.parse(line)
  }

  /** The next line of an event, and of those the first that is as wanted. */
  async nextOf(event: string, isWanted: (record: JsonRecord) => boolean = () => true): Promise<JsonRecord> {
    for (;;) {
      const record = await this.next()
      if (record.event === event && isWanted(record)) return record
    }
  }

  /** Everything that was printed, after the program has ended. */
  static async all(program: Program): Promise<JsonRecord[]> {
    await program.exited
    return program.output
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line))
  }
}

/** Reports an error as uncaught, as that of a DOM listener would be, without disturbing whoever calls this. */
export function reportUncaught(error: unknown): void {
  queueMicrotask(() => {
    throw error
  })
}

/** Changes a clock. What its listeners throw, after all were told, is reported as uncaught. */
export function undisturbed(change: () => void): void {
  try {
    change()
  } catch (error) {
    reportUncaught(error)
  }
}

type Listener<Event> = (event: Event) => void

/** Events by name, each with one object: small, typed, and the same in Node and in a browser. */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<Listener<never>>>()

  /** @returns the function that takes the listener away again. */
  on<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): () => void {
    let listeners = this.#listeners.get(name)
    if (listeners === undefined) {
      listeners = new Set()
      this.#listeners.set(name, listeners)
    }
    listeners.add(listener)
    return () => this.off(name, listener)
  }

  off<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): void {
    this.#listeners.get(name)?.delete(listener)
  }

  /** Resolves with the next event of this name. */
  next<Name extends keyof Events>(name: Name): Promise<Events[Name]> {
    return new Promise((resolve) => {
      const off = this.on(name, (event) => {
        off()
        resolve(event)
      })
    })
  }

  /** Tells the listeners. One that throws stops no other, and nothing here: its error is reported as uncaught, as a DOM event's would be. */
  protected emit<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        ;(listener as Listener<Events[Name]>)(event)
      } catch (error) {
        reportUncaught(error)
      }
    }
  }
}

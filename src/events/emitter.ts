/** Reports an error as uncaught, like an error in a DOM listener, without affecting the caller. */
export function reportUncaught(error: unknown): void {
  queueMicrotask(() => {
    throw error
  })
}

/** Changes a clock. Errors of its listeners are reported as uncaught after all have been called. */
export function undisturbed(change: () => void): void {
  try {
    change()
  } catch (error) {
    reportUncaught(error)
  }
}

type Listener<Event> = (event: Event) => void

/** A small typed event emitter for Node and browsers. Each event has a name and one object. */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<Listener<never>>>()

  /** Adds a listener. @returns a function that removes it. */
  on<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): () => void {
    let listeners = this.#listeners.get(name)
    if (listeners === undefined) {
      listeners = new Set()
      this.#listeners.set(name, listeners)
    }
    listeners.add(listener)
    return () => this.off(name, listener)
  }

  /** Removes a listener that `on` has added. Does nothing if it is not there. */
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

  /** Calls the listeners. An error in one does not affect the others or the caller; it is reported as uncaught, as for DOM events. */
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

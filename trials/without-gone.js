// @ts-check

/** @typedef {import('fastify-dvbcss').Cii} Cii */

/**
 * A client keeps null for a property that is gone, where the server's state has nothing.
 * @param {Cii} state a client's @param {Cii} expected the server's
 * @returns {Cii} the client's state without the nulls of which the server's says nothing
 */
export function withoutGone(state, expected) {
  return Object.fromEntries(Object.entries(state).filter(([name, value]) => value !== null || name in expected))
}

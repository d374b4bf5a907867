// @ts-check
// Faults of the network and of timing. Run: npm run chaos -- [--seed N] [--seconds N] [--short]
import { tryCuts } from './chaos/cuts.js'
import { tryInterleavings } from './chaos/interleavings.js'
import { trySocketInterleavings } from './chaos/socket-interleavings.js'
import { tryWallClockPath } from './chaos/wall-clock-path.js'
import { countHandles } from './resources.js'
import { runTrial } from './trial.js'

const FULL = { samples: 30_000, rounds: 25, interleavings: 20_000, socketInterleavings: 150 }
const SHORT = { samples: 10_000, rounds: 2, interleavings: 400, socketInterleavings: 5 }

await runTrial('chaos', { seconds: 120 }, async (trial) => {
  const plan = trial.isShort ? SHORT : FULL
  const bare = JSON.stringify(countHandles())
  await tryInterleavings(trial, plan.interleavings)
  await trySocketInterleavings(trial, plan.socketInterleavings)
  await Promise.all([tryWallClockPath(trial, plan.samples, trial.seconds), tryCuts(trial, plan.rounds, trial.seconds)])
  await trial.until('all handles are closed in the end', () => JSON.stringify(countHandles()) === bare)
})

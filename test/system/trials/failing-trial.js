// @ts-check
import { setImmediate as turn } from 'node:timers/promises'
import { runTrial } from '../../../trials/trial.js'

await runTrial('fuzz', { seconds: 10 }, async (trial) => {
  trial.expectEqual('a number', 2, 1)
  setImmediate(() => {
    throw new Error('thrown on purpose')
  })
  await turn()
  await turn()
})

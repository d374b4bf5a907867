import { describe, expect, it } from 'vitest'
import { Program } from '../../helpers/program.js'

/** Runs a trial to its end; its own output says what went wrong, and with which seed. */
async function run(trial: string, ...args: string[]): Promise<string> {
  const program = new Program(`trials/${trial}.js`, ['--short', ...args])
  const code = await program.exited
  expect(`${program.output}exit code ${code}`).toMatch(/passed in [\s\S]*exit code 0$/)
  return program.output
}

describe('the trials, in short', () => {
  it('find no hostile input that crashes a server, leaks, or gets anybody a wrong answer', async () => {
    const output = await run('fuzz', '--seed', '1')
    expect(output).toMatch(/sent: 6\d{3} wall clock packets/)
    expect(output).toMatch(/control clients: [1-9]\d* wall clock answers, [1-9]\d* states/)
  })

  it('find no fault of the network that leads a companion astray', async () => {
    const output = await run('chaos', '--seed', '1')
    expect(output).toMatch(/wall clock path: 1\d{4} samples/)
    expect(output).toMatch(/[1-9]\d* connections cut/)
  })

  it('find nothing that grows while companions come and go', async () => {
    const output = await run('soak', '--seed', '1')
    expect(output.match(/^ +\d+\.\ds /gm)?.length).toBeGreaterThan(3)
  })

  it('print the seed of a failure, and end with 1', async () => {
    const program = new Program('test/system/trials/failing-trial.js', ['--seed', '42'])
    expect(await program.exited).toBe(1)
    expect(program.output).toContain('expected 1, received 2')
    expect(program.output).toContain('an exception that nobody caught')
    expect(program.output).toContain('npm run fuzz -- --seed 42')
  })
})

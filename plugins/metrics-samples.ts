import type * as PromClient from 'prom-client'

/** One value of a metric. */
export interface Sample {
  labels: Record<string, string>
  value: number
}

/** A counter that is read off when Prometheus asks, from where it is counted anyway. */
export function counter(
  prom: typeof PromClient,
  register: PromClient.Registry,
  name: string,
  help: string,
  labelNames: string[],
  samples: () => Sample[],
): void {
  new prom.Counter({
    name,
    help,
    labelNames,
    registers: [register],
    collect() {
      this.reset()
      for (const { labels, value } of samples()) this.inc(labels, value)
    },
  })
}

/** A gauge that is read off when Prometheus asks. */
export function gauge(
  prom: typeof PromClient,
  register: PromClient.Registry,
  name: string,
  help: string,
  labelNames: string[],
  samples: () => Sample[],
): void {
  new prom.Gauge({
    name,
    help,
    labelNames,
    registers: [register],
    collect() {
      this.reset()
      for (const { labels, value } of samples()) this.set(labels, value)
    },
  })
}

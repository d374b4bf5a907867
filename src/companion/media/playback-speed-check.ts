import { SPEED_MEASURED_SECONDS, SPEED_PLAYED_WITHIN } from './playback-constants.js'

/** Detects a player that accepts a speed and plays at another one. */
export class PlaybackSpeedCheck {
  #speed = 1
  #at = 0
  #position: number | undefined
  #wall = 0
  #media = 0
  #expected = 0
  #measured: number | undefined

  /**
   * Must be called with each reading of the position while the player runs undisturbed.
   *
   * @returns false if two measurements showed the same other speed
   */
  isPlayed(now: number, positionSeconds: number, speed: number, rate: number): boolean {
    if (speed !== this.#speed) {
      this.#speed = speed
      this.#measured = undefined
      this.#restart()
    }
    const last = this.#position
    this.#position = positionSeconds
    const wall = now - this.#at
    this.#at = now
    // All players support speed 1.
    if (last === undefined || speed === 1) return true
    this.#wall += wall
    this.#expected += wall * rate
    this.#media += positionSeconds - last
    if (this.#wall < SPEED_MEASURED_SECONDS) return true
    const measured = this.#media / this.#wall
    const isOther = Math.abs(this.#media / this.#expected - 1) > SPEED_PLAYED_WITHIN
    const before = this.#measured
    this.#restart()
    this.#measured = isOther ? measured : undefined
    // A player that stalled shows a different speed every time.
    return !isOther || before === undefined || Math.abs(measured / before - 1) > 2 * SPEED_PLAYED_WITHIN
  }

  /** Starts over, because the player was sought, paused or stalled. */
  interrupt(): void {
    this.#position = undefined
  }

  #restart(): void {
    this.#wall = 0
    this.#expected = 0
    this.#media = 0
  }
}

const HEADER_BYTES = 44
const SAMPLE_RATE = 16_000
const BYTES_PER_SAMPLE = 2

/** A WAV file, PCM with 16 bits, mono: a sine at a low volume. */
export function sineWav(seconds: number, hertz = 440): Buffer {
  const samples = Math.round(seconds * SAMPLE_RATE)
  const wav = Buffer.alloc(HEADER_BYTES + samples * BYTES_PER_SAMPLE)
  wav.write('RIFF', 0)
  wav.writeUInt32LE(wav.length - 8, 4)
  wav.write('WAVEfmt ', 8)
  wav.writeUInt32LE(16, 16) // how long the format is
  wav.writeUInt16LE(1, 20) // PCM
  wav.writeUInt16LE(1, 22) // channels
  wav.writeUInt32LE(SAMPLE_RATE, 24)
  wav.writeUInt32LE(SAMPLE_RATE * BYTES_PER_SAMPLE, 28)
  wav.writeUInt16LE(BYTES_PER_SAMPLE, 32)
  wav.writeUInt16LE(8 * BYTES_PER_SAMPLE, 34)
  wav.write('data', 36)
  wav.writeUInt32LE(samples * BYTES_PER_SAMPLE, 40)
  for (let n = 0; n < samples; n++) {
    const value = Math.round(3000 * Math.sin((2 * Math.PI * hertz * n) / SAMPLE_RATE))
    wav.writeInt16LE(value, HEADER_BYTES + n * BYTES_PER_SAMPLE)
  }
  return wav
}

import { DvbcssError, visibleLine } from '../../validation/index.js'

/** The media of a television cannot be opened. Its text is one line, and says what would work. */
export function mediaError(message: string, cause?: unknown): DvbcssError {
  return new DvbcssError('DVBCSS_ERR_MEDIA', visibleLine(message), cause === undefined ? undefined : { cause })
}

export { fileOf } from './folder-media.js'
export type { MediaLibrary, MediaLocation } from './media-library.js'
export { openMedia } from './open-media.js'

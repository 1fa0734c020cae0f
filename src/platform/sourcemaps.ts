// Source maps of the host: the parser, and the maps that the host itself has loaded.
import { findSourceMap, SourceMap } from 'node:module';

export type SourceMapPayload = ConstructorParameters<typeof SourceMap>[0];

/** Payload of the map that the host keeps for a file; only when it was told to use source maps (tsx does). */
export const loadedSourceMap = (url: string): SourceMapPayload | undefined => findSourceMap(url)?.payload;

/** A look-up from zero-based generated positions. */
export function openSourceMap(payload: SourceMapPayload): SourceMap {
  return new SourceMap(payload);
}

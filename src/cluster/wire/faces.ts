// Modules of this library that are files of their own: what they are called on every machine, and where they are on this one.

const places = new Map<string, string>();

/** `url`: where the face of this name is here. */
export function noteFace(name: string, url: string): void {
  places.set(name, url);
}

/** The name of the module at a URL; undefined = it is no such file. */
export function faceAt(url: string): string | undefined {
  for (const [name, place] of places) if (place === url) return name;
  return undefined;
}

export const placeOfFace = (name: string): string | undefined => places.get(name);

// The comment at the end of a text that holds or names its source map.
const COMMENT = /\n\/\/[#@]\s*sourceMappingURL=(\S+)\s*$/;
const DATA = /^data:application\/json(?:;charset=[\w-]+)?;base64,(.*)$/;

/** The text without its comment, and the map if the comment holds it. */
export function mapComment(text: string): { text: string; map: string | undefined } {
  const found = COMMENT.exec(text);
  if (!found) return { text, map: undefined };
  const data = DATA.exec(found[1]!)?.[1];
  return { text: text.slice(0, found.index + 1), map: data && Buffer.from(data, 'base64').toString() };
}

// What a thread makes by itself, on its way out: the steps of its recipe, with what they need.
import type { Made, Part } from '../again.js';
import type { AgainPayload, Ref, Slot } from '../graph.js';
import { type Path, rootPath } from '../values/paths.js';
import { encodeMembers, isNamespaceLike } from './encode-module.js';
import type { Encoder } from './encoder.js';

/** The node for one name of a recipe; `value` is what it is in this thread, if that is known. */
export function encodeAgain(encoder: Encoder, { recipe, name }: Made, path: Path, value?: object): Ref {
  const { key, file, order, waits, parts } = recipe;
  const known = encoder.detours.remade.get(`${key} ${name}`);
  if (known !== undefined) return [known];
  const payload: AgainPayload = { key, name, file, order, waits, parts: [] };
  const ref = encoder.add(['again', payload], value);
  encoder.detours.remade.set(`${key} ${name}`, ref[0]);
  for (const part of parts) payload.parts.push(encodePart(encoder, part, name, path));
  return ref;
}

function encodePart(encoder: Encoder, { record, env }: Part, of: string, through: Path): AgainPayload['parts'][0] {
  encoder.need(record);
  const slots: Slot[] = [];
  slots.length = env.length;
  const late: number[] = [];
  const by = `what makes '${of}'`;
  for (const [at, ingredient] of env.entries()) {
    if (ingredient === undefined) continue;
    switch (ingredient.kind) {
      case 'node':
        slots[at] = encoder.add(ingredient.node);
        break;
      case 'made':
        if (ingredient.late) late.push(at);
        slots[at] = encodeAgain(encoder, ingredient.made, rootPath(ingredient.made.name, capture(by, through)));
        break;
      case 'value': {
        const { name, changing, again, members, member } = ingredient;
        const value = ingredient.read(encoder.inspections);
        if (changing) encoder.changing = true;
        const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function';
        const held = isObject && again ? { value, again, member } : {};
        const here = rootPath(name, { ...capture(by, through), ...held });
        const isModule = isObject && members && isNamespaceLike(encoder, value);
        slots[at] = isModule ? encodeMembers(encoder, value, members, here) : encoder.slot(value, here);
      }
    }
  }
  return { code: record.id, env: slots, late };
}

const capture = (by: string, through: Path) => ({ by, declared: () => undefined, through });

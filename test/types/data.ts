// What the types of the data space promise. This file is compiled, not run: every line marked as an error must be one.

import {
  allocateLock,
  globals,
  Queue,
  type Shared,
  SharedArray,
  SharedMap,
  SharedSet,
  shared,
  snapshot,
  struct,
  t,
  update,
} from 'heddle';

/** Fails to compile unless both types are the same. */
function same<A, B>(..._proof: [A] extends [B] ? ([B] extends [A] ? [] : [never]) : [never]): void {}
/** Fails to compile unless the value is of the type. */
function use<T>(_value: T): void {}

const Account = struct(
  'Account',
  { owner: t.string, balance: t.f64 },
  class {
    declare balance: number;
    deposit(amount: number): void {
      this.balance += amount;
    }
    static open(): number {
      return 1;
    }
  },
);

class Point {
  x = 1;
  length(): number {
    return this.x;
  }
}

export function structs(): void {
  const account = new Account({ owner: 'x' });
  account.deposit(5);
  account.balance = 5;
  use<number>(Account.open());
  new Account();
  new Account('x');
  new Account('x', 5);

  // @ts-expect-error no such field
  new Account({ ownr: 'x' });
  // @ts-expect-error a value too many
  new Account(5, 'x', 7);
  // @ts-expect-error a field of another type
  new Account({ owner: 5 });
  // @ts-expect-error no field is of this type
  new Account(true);
  // @ts-expect-error a method is no field
  new Account({ deposit: () => {} });
  // @ts-expect-error a field of another type
  account.balance = 'x';
  // @ts-expect-error a method with another argument
  account.deposit('x');

  const Anything = struct('Anything', { a: t.any, b: t.i32 });
  new Anything({ a: { x: 1 } });
  new Anything(5);
  new Anything([1], 5);
  new Anything(account);
  new Anything(new Anything());
  new Anything(allocateLock());
  // @ts-expect-error no such field
  new Anything({ c: 1 });
  new (struct('One', { a: t.any }))({ a: 1 });

  const Wrong = struct('Wrong', { a: 5 });
  // @ts-expect-error the field has no type
  new Wrong({ a: 5 });

  const Kept = struct('Kept', { list: t.ref<SharedArray<number>>(), plain: t.ref<string[]>(), at: t.date });
  const kept = new Kept({ list: [1], plain: ['a'], at: new Date() });
  kept.list!.push(2);
  kept.plain!.push('b');
  // @ts-expect-error an element of another type
  kept.list!.push('b');
}

export function constructors(): void {
  const Savings = struct(
    'Savings',
    { rate: t.f64 },
    class extends Account {
      declare rate: number;
      yearly(): number {
        return this.balance * this.rate;
      }
    },
  );
  const savings = new Savings({ owner: 'a', rate: 5 });
  savings.deposit(5);
  use<number>(savings.yearly());
  use<string>(savings.owner);
  use<number>(Savings.open());
  new Savings('a', 1, 2);
  // @ts-expect-error a value too many
  new Savings('a', 1, 2, 4);
  // @ts-expect-error no such field
  new Savings({ rat: 1 });

  const Own = struct(
    'Own',
    { n: t.f64, m: t.f64 },
    class {
      declare n: number;
      declare m: number;
      constructor(both: number) {
        this.n = both;
        this.m = both;
      }
    },
  );
  use<number>(new Own(5).m);
  // @ts-expect-error its own constructor takes a number
  new Own('5');
  // @ts-expect-error and no fields by name
  new Own({ n: 5 });
  // @ts-expect-error nor none
  new Own();

  const Derived = struct(
    'Derived',
    { k: t.string },
    class extends Own {
      declare k: string;
      constructor(k: string) {
        super(1);
        this.k = k;
      }
    },
  );
  use<number>(new Derived('a').n);
  // @ts-expect-error its own constructor takes a text
  new Derived(5);
}

const Tree = struct(
  'Tree',
  {
    n: t.f64,
    get left() {
      return t.ref<typeof Tree>();
    },
    get right() {
      return t.ref<typeof Tree>();
    },
  },
  class {
    declare n: number;
    declare left: InstanceType<typeof Tree> | null;
    declare right: InstanceType<typeof Tree> | null;
    sum(): number {
      return this.n + (this.left?.sum() ?? 0) + (this.right?.sum() ?? 0);
    }
    own() {
      return this.n;
    }
  },
);

const Parent = struct('Parent', {
  name: t.string,
  get children() {
    return t.ref<SharedArray<InstanceType<typeof Child>>>();
  },
  get eldest() {
    return t.ref<typeof Child>();
  },
});
const Child = struct('Child', {
  n: t.f64,
  get parent() {
    return t.ref<typeof Parent>();
  },
});

interface Listed {
  value: number;
  next: Listed | null;
}

export function recursion(): void {
  const tree = new Tree({ n: 1, left: new Tree({ n: 2 }) });
  use<number>(tree.left!.right!.sum());
  use<number>(tree.left!.own());
  tree.left = tree;
  tree.left = null;
  new Tree(1, tree, tree);
  // @ts-expect-error a real type, not any
  use<string>(tree.left!.right!.sum());
  // @ts-expect-error not a tree
  tree.left = 5;
  // @ts-expect-error not a tree
  new Tree({ left: new Account() });

  const parent = new Parent({ name: 'a', children: [new Child()], eldest: new Child(1) });
  parent.children!.push(new Child());
  use<number | undefined>(parent.children?.at(0)?.parent?.eldest?.n);
  // @ts-expect-error a real type, not any
  use<string | undefined>(parent.children?.at(0)?.parent?.eldest?.n);
  // @ts-expect-error another struct
  parent.children!.push(new Tree());

  const List = struct('List', { value: t.f64, next: t.ref<Listed>() });
  use<number | undefined>(new List().next?.next?.value);
}

export function whatCanBeShared(): void {
  // @ts-expect-error a promise
  shared(Promise.resolve(1));
  // @ts-expect-error a function in a field
  shared({ f: () => 1 });
  // @ts-expect-error a function
  shared(() => 1);
  // @ts-expect-error a symbol deep inside
  shared({ a: [{ b: new Map([['x', Symbol('a')]]) }] });
  // @ts-expect-error a symbol as a key
  shared({ [Symbol.iterator]: 1 });
  // @ts-expect-error a weak map
  shared(new WeakMap());
  // @ts-expect-error a regular expression
  shared(/a/);
  // @ts-expect-error an instance of a class
  shared(new Point());
  // @ts-expect-error a function among the elements
  new SharedArray([() => 1]);
  // @ts-expect-error a promise among the values
  new SharedMap([['a', Promise.resolve(1)]]);
  // @ts-expect-error a symbol among the members
  new SharedSet([Symbol('a')]);
  // @ts-expect-error a function
  SharedArray.of(() => 1);
  // @ts-expect-error what the function makes
  SharedArray.from([1], (n) => () => n);
  // @ts-expect-error a length is no elements
  new SharedArray(5);
  // @ts-expect-error the elements come in one iterable
  new SharedArray([1], [2]);
  // @ts-expect-error the promise of an async function
  globals.get('x', async () => 1);
  shared(JSON.parse('{}')).anything;
  shared(new Error('x')).message;
}

export function records(): void {
  const account = new Account();
  const world = shared({
    n: 0,
    s: 'a',
    b: true,
    k: null as null | { x: number },
    list: [] as number[][],
    users: new Map<string, { tags: string[] }>(),
    seen: new Set<string>(),
    lock: allocateLock(),
    account,
    any: JSON.parse('5'),
    date: new Date(),
    bytes: new Uint8Array(3),
    buffer: new ArrayBuffer(4),
    queue: new Queue<number>(),
    maybe: 1 as number | undefined,
    pair: [1, 'a'] as [number, string],
    nested: { o: { p: 1 } },
  });
  world.n = 5;
  world.s = 'b';
  world.b = false;
  world.k = { x: 1 };
  world.list.push([3]);
  world.list.at(0)!.push(5);
  world.users.set('k', { tags: [] });
  world.users.get('k')!.tags.push('a');
  world.account.deposit(1);
  world.pair.push('x');
  world.nested = { o: { p: 2 } };
  world.lock.acquire();
  world.queue.put(1);
  world.list = shared([[1]]);
  same<typeof world.account, InstanceType<typeof Account>>();
  same<typeof world.buffer, SharedArrayBuffer>();
  // @ts-expect-error a field of another type
  world.n = 'x';
  // @ts-expect-error a record has the fields it was made with
  world.more = 1;
  // @ts-expect-error an element of another type
  world.list.push(['a']);

  const frozen = shared({ a: [1] } as const);
  frozen.a.push(1);
  const optional: { a?: number } = {};
  shared(optional).a = 5;
  const node: Listed = { value: 1, next: null };
  use<number | undefined>(shared(node).next?.next?.value);

  const copy = snapshot(world);
  copy.list.push([1]);
  copy.users.get('a')!.tags.push('a');
  same<typeof copy.account, { owner: string; balance: number }>();
  // @ts-expect-error a snapshot has no methods
  copy.account.deposit(1);
}

export function containers(): void {
  const lists = new SharedArray([[1], [2]]);
  same<typeof lists, SharedArray<SharedArray<number>>>();
  lists.push([4]);
  lists.push(new SharedArray([5]), [6]);
  lists.set(0, [1]).set(1, new SharedArray([2]));
  lists.unshift([1]);
  same<ReturnType<typeof lists.at>, SharedArray<number> | undefined>();
  use<SharedArray<number>[]>(lists.splice(0, 1, [2]));
  lists.fill([1]).reverse();
  use<SharedArray<number>>(lists.update(0, (list) => [...list, 1]));
  // @ts-expect-error an element of another type
  lists.push(['a']);
  // @ts-expect-error an element of another type
  lists.push(4);
  // @ts-expect-error what the function makes
  lists.update(0, () => 'a');
  // @ts-expect-error an index is a number
  lists.update('0', (list) => list);

  // What has no elements takes its type from where it goes to, or from what is said.
  use<SharedArray<number>>(new SharedArray());
  use<SharedMap<string, number>>(new SharedMap());
  use<SharedSet<string>>(new SharedSet());
  new SharedArray<string>().push('a');
  new SharedArray([true, false]).push(true);
  const users = new SharedMap<string, { tags: string[] }>();
  users.set('a', { tags: [] }).set('b', { tags: ['x'] });
  users.get('a')!.tags.push('x');
  users.getOrInsert('x', { tags: ['a'] }).tags.push('b');
  users.getOrInsertComputed('x', (key) => ({ tags: [key] })).tags.push('b');
  users.update('a', (old, key) => ({ tags: [...(old?.tags ?? []), key] })).tags.push('y');
  new SharedMap([['Ann', { points: 0 }]]).get('Ann')!.points++;
  // @ts-expect-error a value of another type
  users.set('a', { tags: [1] });
  // @ts-expect-error a key of another type
  users.set(1, { tags: [] });
  // @ts-expect-error what the function makes
  users.update('a', () => 5);
  const sets = new SharedSet([[1]]);
  use<boolean>(sets.insert([2]));
  sets.add([2]).add(new SharedArray([3]));
  // @ts-expect-error a member of another type
  sets.add(5);

  use<SharedArray<string>>(SharedArray.from([1, 2], (n) => String(n)));
  use<SharedArray<number>>(SharedArray.from({ length: 3 }, (_, n) => n));
  use<SharedArray<string>>(SharedArray.from(new Set(['a'])));
  use<SharedArray<number>>(SharedArray.of(1, 2));
  SharedArray.of(1, 2).push(3);
  // @ts-expect-error elements of another type
  use<SharedArray<string>>(SharedArray.of(1, 2));

  // Wider types, as with arrays.
  use<SharedArray<unknown>>(lists);
  use<SharedArray<number | string>>(new SharedArray<number>([1]));
  use<SharedMap<unknown, unknown>>(users);
  use<SharedSet<unknown>>(new SharedSet<string>());
  // @ts-expect-error not narrower ones
  use<SharedArray<number>>(new SharedArray<number | string>());
}

/** With types of the caller's. */
export function generic<T>(list: SharedArray<T>, element: T, map: SharedMap<string, T>): T | undefined {
  list.push(element);
  list.set(0, element);
  map.set('a', element);
  return list.at(0) ?? map.get('a');
}

export const made = <T>(value: Shared<T>): Shared<T> => value;

export function named(): void {
  const map = globals.get('x', () => new Map<string, number[]>());
  map.get('a')!.push(4);
  map.set('a', [1]);
  globals.get<number[]>('x')?.push(4);
  // @ts-expect-error it may not be there
  globals.get<number[]>('x').push(4);
}

export function updates(): void {
  const record = shared({ n: 0, list: [] as string[] });
  use<number>(update(record, 'n', (n) => n + 1));
  use<SharedArray<string>>(update(record, 'list', (list) => [...list, 'a']));
  update(new Account(), 'balance', (balance) => balance + 1);
  // @ts-expect-error no such field
  update(record, 'm', () => 1);
  // @ts-expect-error what the function makes
  update(record, 'n', () => 'x');
  // @ts-expect-error no function
  update(record, 'n', 1);
}

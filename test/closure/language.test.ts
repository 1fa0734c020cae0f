// Every kind of function the language has arrives as the same function.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run, target } from './harness.ts';

const factor = 3;
const double = (n: number): number => n * 2;

test('an arrow function with an expression for a body', async () => {
  assert.equal(await run((n: number) => n + 1, 1), 2);
});

test('a function declaration with a constant it captured', async () => {
  function triple(n: number): number {
    return n * factor;
  }
  assert.equal(await run(triple, 4), 12);
});

test('a function expression without a name', async () => {
  assert.equal(
    await run(function (this: unknown, n: number) {
      return this === undefined ? n : -1;
    }, 4),
    4,
  );
});

test('a function that calls another, which calls another', async () => {
  const quadruple = (n: number): number => double(double(n));
  assert.equal(await run(() => quadruple(factor)), 12);
});

test('recursion by the name of a declaration', async () => {
  function factorial(n: number): number {
    return n < 2 ? 1 : n * factorial(n - 1);
  }
  assert.equal(await run(factorial, 5), 120);
});

test('recursion by the variable that holds an arrow', async () => {
  const fibonacci = (n: number): number => (n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2));
  assert.equal(await run(fibonacci, 10), 55);
});

test('mutual recursion', async () => {
  const isEven = (n: number): boolean => n === 0 || isOdd(n - 1);
  const isOdd = (n: number): boolean => n !== 0 && isEven(n - 1);
  assert.equal(await run(isEven, 10), true);
});

test('closures made by closures, each with its own variables', async () => {
  const adder = (a: number) => (b: number) => (c: number) => a + b + c;
  const addThree = adder(1)(2);
  const addSeven = adder(3)(4);
  assert.deepEqual(await run(() => [addThree(10), addSeven(10)]), [13, 17]);
});

test('default, rest and destructured parameters', async () => {
  const fn = (
    { a = factor, b: [c, ...d] }: { a?: number; b: number[] },
    e = double(c ?? 0),
    ...f: number[]
  ): number[] => [a, c ?? 0, ...d, e, ...f];
  assert.deepEqual(await run(fn, { b: [1, 2] }), [3, 1, 2, 2]);
  assert.deepEqual(await run(fn, { a: 9, b: [1] }, 8, 7), [9, 1, 8, 7]);
});

test('an async function', async () => {
  const wait = async (n: number): Promise<number> => {
    await Promise.resolve();
    return n * factor;
  };
  assert.equal(await run(wait, 2), 6);
});

test('a generator', async () => {
  function* count(to: number): Generator<number> {
    for (let n = 0; n < to; n++) yield n * factor;
  }
  assert.deepEqual(await run(() => [...count(3)]), [0, 3, 6]);
});

test('an async generator', async () => {
  async function* count(to: number): AsyncGenerator<number> {
    for (let n = 0; n < to; n++) yield n * factor;
  }
  assert.deepEqual(
    await run(async () => {
      const all: number[] = [];
      for await (const n of count(3)) all.push(n);
      return all;
    }),
    [0, 3, 6],
  );
});

test('methods, getters, setters and computed methods of an object', async () => {
  const key = 'computed';
  const object = {
    base: 1,
    method(n: number): number {
      return this.base + n;
    },
    async asyncMethod(): Promise<number> {
      return this.base;
    },
    *generator(): Generator<number> {
      yield this.base;
    },
    [key](): string {
      return key;
    },
    get twice(): number {
      return this.base * 2;
    },
    set twice(n: number) {
      this.base = n / 2;
    },
  };
  assert.deepEqual(
    await run(async (o: typeof object) => {
      o.twice = 10;
      return [o.method(1), await o.asyncMethod(), [...o.generator()], o.computed(), o.twice];
    }, object),
    [6, 5, [5], 'computed', 10],
  );
});

test('a method captured by itself', async () => {
  const { method, computed } = {
    method(a: number): number {
      return a + factor;
    },
    get computed() {
      return function inner(): number {
        return factor;
      };
    },
  };
  assert.deepEqual(await run(() => [method(1), computed(), method.name]), [4, 3, 'method']);
});

test("an object method's super", async () => {
  const parent = {
    hello(): string {
      return 'parent';
    },
  };
  const child = {
    __proto__: parent,
    hello(): string {
      return `child of ${super.hello()}`;
    },
  };
  assert.equal(await run(() => child.hello()), 'child of parent');
});

class Animal {
  static count = 0;
  static #made = 0;
  static readonly registry = new Map<string, Animal>();
  static {
    Animal.count = 40;
  }
  readonly kind: string = 'animal';
  #secret = 7;
  name: string;
  constructor(name: string) {
    this.name = name;
  }
  static make(name: string): Animal {
    Animal.#made++;
    return new this(name);
  }
  static get made(): number {
    return Animal.#made;
  }
  static is(value: object): boolean {
    return #secret in value;
  }
  get secret(): number {
    return this.#secret;
  }
  set secret(value: number) {
    this.#secret = value;
  }
  #hidden(): string {
    return `hidden ${this.name}`;
  }
  reveal(): string {
    return this.#hidden();
  }
  speak(): string {
    return `${this.name} makes a sound`;
  }
  *[Symbol.iterator](): Generator<string> {
    yield this.name;
  }
}
class Dog extends Animal {
  override readonly kind = 'dog';
  override speak(): string {
    return `${super.speak()}: woof`;
  }
  static override make(name: string): Dog {
    // biome-ignore lint/complexity/noThisInStatic: it is what is tested
    return super.make(`dog ${name}`) as Dog;
  }
}
Animal.count += 2;
Animal.make('first');

test('a class, its fields, methods and accessors', async () => {
  assert.deepEqual(
    await run(() => {
      const animal = new Animal('cow');
      return [animal.name, animal.kind, animal.speak(), [...animal]];
    }),
    ['cow', 'animal', 'cow makes a sound', ['cow']],
  );
});

test('private fields, methods, accessors and brand checks', async () => {
  assert.deepEqual(
    await run(() => {
      const animal = new Animal('cow');
      animal.secret = 8;
      return [animal.secret, animal.reveal(), Animal.is(animal), Animal.is({})];
    }),
    [8, 'hidden cow', true, false],
  );
});

test('inheritance, super, and instanceof', async () => {
  assert.deepEqual(
    await run(() => {
      const dog = Dog.make('rex');
      return [dog.speak(), dog instanceof Dog, dog instanceof Animal, Object.getPrototypeOf(Dog) === Animal, dog.kind];
    }),
    ['dog rex makes a sound: woof', true, true, true, 'dog'],
  );
});

test('static members arrive with the values they have now, and static blocks do not run again', async () => {
  assert.equal(await run(() => Animal.count), 42);
  assert.deepEqual(await run(() => [Animal.registry.size, Animal.registry instanceof Map]), [0, true]);
});

test('static private fields arrive with the values they have now', async () => {
  assert.deepEqual(
    await run(() => {
      const before = Animal.made;
      Animal.make('second');
      return [before, Animal.made];
    }),
    [1, 2],
  );
});

test('what a class extends is not evaluated again', async () => {
  let evaluated = 0;
  // biome-ignore lint/suspicious/noExplicitAny: what a mixin must be
  const mixin = <T extends new (...args: any[]) => object>(Base: T) => {
    evaluated++;
    return class extends Base {
      mixed(): string {
        return 'mixed';
      }
    };
  };
  class Mixed extends mixin(class {}) {}
  assert.equal(await run(() => new Mixed().mixed()), 'mixed');
  assert.equal(evaluated, 1);
});

test('a class expression, and a class that extends null', async () => {
  const Named = class Inner {
    readonly made = Inner;
    static self(): unknown {
      return Inner;
    }
  };
  class Bare extends (null as unknown as ObjectConstructor) {
    static answer(): number {
      return 42;
    }
  }
  assert.deepEqual(await run(() => [Named.self() === Named, Bare.answer(), Object.getPrototypeOf(Bare.prototype)]), [
    true,
    42,
    null,
  ]);
});

test('a class that extends a builtin', async () => {
  class Stack extends Array<number> {
    top(): number | undefined {
      return this.at(-1);
    }
  }
  class NotFound extends Error {
    override name = 'NotFound';
    readonly status = 404;
  }
  assert.deepEqual(
    await run(() => {
      const stack = Stack.from([1, 2]) as Stack;
      const error = new NotFound('gone');
      return [stack.top(), stack instanceof Stack, error.status, String(error)];
    }),
    [2, true, 404, 'NotFound: gone'],
  );
});

test('computed keys of a class are there when it is made', async () => {
  const key = 'computed';
  const symbol = Symbol.for('heddle.test');
  class Computed {
    [key](): number {
      return 1;
    }
    static [symbol](): number {
      return 2;
    }
    get [Symbol.toStringTag](): string {
      return 'Computed';
    }
  }
  assert.deepEqual(await run(() => [new Computed().computed(), Computed[symbol](), String(new Computed())]), [
    1,
    2,
    '[object Computed]',
  ]);
});

test('methods of a class captured by themselves, with super and private names', async () => {
  const { speak } = Dog.prototype;
  const { reveal } = Animal.prototype;
  const keep = [Dog, Animal];
  assert.equal(await run(() => [speak.call({ name: 'x' } as never), keep.length].join()), 'x makes a sound: woof,2');
  assert.equal(await run((animal: typeof Animal) => reveal.call(new animal('y')), Animal), 'hidden y');
});

test('members added to a class later', async () => {
  class Patched {
    old(): string {
      return 'old';
    }
  }
  Object.assign(Patched.prototype, { added: () => 'added' });
  Object.assign(Patched, { flag: true });
  Patched.prototype.old = () => 'replaced';
  assert.deepEqual(
    await run(() => {
      const patched = new Patched() as Patched & { added(): string };
      return [patched.old(), patched.added(), (Patched as unknown as { flag: boolean }).flag];
    }),
    ['replaced', 'added', true],
  );
});

test('a class that refers to itself in a static member', async () => {
  class Node {
    static readonly empty = new Node(0);
    readonly value: number;
    constructor(value: number) {
      this.value = value;
    }
  }
  assert.deepEqual(await run(() => [Node.empty instanceof Node, Node.empty.value, new Node(1).value]), [true, 0, 1]);
});

test('constructor functions with a prototype', async () => {
  // biome-ignore-start lint/complexity/useArrowFunction: the style of old programs
  function Shape(this: { name: string }, name: string): void {
    this.name = name;
  }
  Shape.prototype.describe = function (): string {
    return `shape ${this.name}`;
  };
  function Circle(this: { name: string }): void {
    Shape.call(this, 'circle');
  }
  Circle.prototype = Object.create(Shape.prototype, { constructor: { value: Circle } });
  // biome-ignore-end lint/complexity/useArrowFunction: as above
  assert.deepEqual(
    await run(() => {
      const circle = new (Circle as unknown as new () => { describe(): string })();
      return [circle.describe(), circle instanceof (Circle as never), circle instanceof (Shape as never)];
    }),
    ['shape circle', true, true],
  );
});

test('functions with properties of their own', async () => {
  const settings = Object.assign((n: number): number => n * settings.factor, { factor: 5 });
  assert.equal(await run(() => settings(2)), 10);
});

test('bound functions: target, this and arguments', async () => {
  const bound = function (this: { base: number }, a: number, b: number): number {
    return this.base + a + b;
  }.bind({ base: 100 }, 10);
  assert.equal(await run(() => bound(1)), 111);
  assert.equal(await run(bound, 2), 112);
});

test('bound builtins that every thread has', async () => {
  const max = Math.max.bind(null, 5);
  const slice = Array.prototype.slice.call.bind(Array.prototype.slice);
  assert.deepEqual(await run(() => [max(3), (slice as (list: number[], from: number) => number[])([1, 2, 3], 1)]), [
    5,
    [2, 3],
  ]);
});

test('new Function', async () => {
  const made = new Function('a', 'b', 'return a * b') as (a: number, b: number) => number;
  assert.equal(await run(made, 6, 7), 42);
});

test('names of functions', async () => {
  const named = (): void => {};
  Object.defineProperty(named, 'name', { value: 'other name' });
  const arrow = (): void => {};
  const object = { key: () => {} };
  assert.deepEqual(await run(() => [named.name, arrow.name, object.key.name, double.name, Dog.name]), [
    'other name',
    'arrow',
    'key',
    'double',
    'Dog',
  ]);
});

test('labels, tagged templates, regular expressions, optional chains, spread', async () => {
  const tag = (strings: TemplateStringsArray, ...values: unknown[]): string => strings.raw.join('|') + values.join();
  assert.deepEqual(
    await run((list: number[] | null) => {
      outer: for (const a of [1, 2]) for (const b of [1, 2]) if (a + b === 3) break outer;
      return [tag`a${1}\n${2}`, /(?<year>\d{4})/u.exec('in 2024')?.groups?.['year'], list?.length ?? 'none', [...'ab']];
    }, null),
    ['a|\\n|1,2', '2024', 'none', ['a', 'b']],
  );
});

test('functions made inside a thread travel back and on', async () => {
  const back = (await run((n: number) => (m: number) => n * m * factor, 2)) as (m: number) => number;
  assert.equal(back(5), 30);
  assert.equal(await run(back, 7), 42);
});

test('the same function is the same when it comes home', async () => {
  assert.equal(await run(() => double), double);
  class Point {
    readonly x: number;
    constructor(x: number) {
      this.x = x;
    }
  }
  assert.ok((await run(() => new Point(1))) instanceof Point);
});

test('what comes home is left as it is', async () => {
  const state = { n: 1 };
  const own = Object.assign((): number => state.n, { limit: 1 });
  const wrapped = await target.start(() => {
    const inner = (): unknown => own;
    return inner;
  }).result;
  own.limit = 2;
  state.n = 2;
  const back = (wrapped as () => typeof own)();
  assert.equal(back, own);
  assert.deepEqual([back.limit, back(), Object.isFrozen(own), Object.isFrozen(state)], [2, 2, false, false]);
});

test('labels of starts', () => {
  function work(): void {}
  assert.match(target.start(work).label, /^function work at \/.*language\.test\.[jt]s:\d+:\d+$/);
  assert.match(target.start(() => {}).label, /^<anonymous> at \/.*language\.test\.[jt]s:\d+:\d+$/);
});

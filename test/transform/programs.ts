// Random programs for comparison: whatever they print, they print it transformed too. They use what a transform could break: closures in loops,
// hoisting, variables before their initialisation, destructuring, default values, names and lengths, `this`, classes, generators.

/** Numbers of a seed, the same on all machines. */
export function randomOf(seed: number): (below: number) => number {
  let state = seed * 2654435761 + 1;
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
    return ((state ^ (state >>> 13)) >>> 0) % below;
  };
}

/** A program that calls `log` with what it sees. It ends, and throws nothing that it does not catch. */
export function programOf(seed: number): string {
  const random = randomOf(seed);
  let names = 0;
  const pick = <T>(of: readonly T[]): T => of[random(of.length)]!;
  const fresh = (kind: string): string => `${kind}${names++}`;

  interface Scope {
    readonly variables: string[];
    readonly functions: string[];
    readonly depth: number;
  }
  const inner = ({ variables, functions, depth }: Scope): Scope => ({
    variables: [...variables],
    functions: [...functions],
    depth: depth + 1,
  });

  const value = (scope: Scope): string =>
    pick([
      () => String(random(10)),
      () => `'s${random(5)}'`,
      () => (scope.variables.length > 0 ? pick(scope.variables) : '1'),
      () => (scope.variables.length > 0 ? `(${pick(scope.variables)} + ${random(5)})` : '2'),
      () => (scope.variables.length > 0 ? `typeof ${pick(scope.variables)}` : 'typeof log'),
      () => `[${random(5)}, ${scope.variables.length > 0 ? pick(scope.variables) : 3}].length`,
    ])();

  const change = (scope: Scope): string => {
    if (scope.variables.length === 0) return 'log(0)';
    const a = pick(scope.variables);
    const b = pick(scope.variables);
    return pick([
      () => `${a} = ${value(scope)}`,
      () => `${a}++`,
      () => `--${a}`,
      () => `${a} += ${value(scope)}`,
      () => `${a} ??= ${value(scope)}`,
      () => `${a} ||= ${value(scope)}`,
      () => `[${a}, ${b}] = [${value(scope)}, ${b}]`,
      () => `({ ${a}, z: ${b} = ${value(scope)} } = { ${a}: ${value(scope)} })`,
      () => `[${a} = ${value(scope)}] = []`,
      () => `log(${a}, (${change1(scope)}), ${a})`,
    ])();
  };
  const change1 = (scope: Scope): string => {
    const a = pick(scope.variables);
    return pick([`${a} += 1`, `${a}++`, `${a} = ${value(scope)}`]);
  };

  const body = (scope: Scope, length = 1 + random(4)): string => {
    let text = '';
    for (let at = 0; at < length; at++) text += `${statement(scope)}\n`;
    return text;
  };

  const parameters = (scope: Scope): { text: string; scope: Scope } => {
    const within = inner(scope);
    const a = fresh('p');
    const b = fresh('p');
    const text = pick([
      () => a,
      () => `${a}, ${b}`,
      () => `${a} = ${value(scope)}`,
      () => `{ ${a}, ${b} = ${a} } = {}`,
      () => `${a}, ...${b}`,
      () => `${a}, ${b} = () => ${a}`,
      () => '',
    ])();
    for (const name of [a, b]) if (text.includes(name)) within.variables.push(name);
    return { text, scope: within };
  };

  /** A function that saves what it makes in `saved`. */
  const closure = (scope: Scope): string => {
    const { text, scope: within } = parameters(scope);
    return pick([
      () => `(${text}) => { ${body(within, 2)} return ${value(within)}; }`,
      () => `(${text}) => ${value(within)}`,
      () => `function (${text}) { ${body(within, 2)} return [this === undefined, ${value(within)}]; }`,
      () => {
        const name = fresh('n');
        return `function ${name}(${text}) { ${body(within, 1)} return [${name}.name, ${name}.length, () => ${name}.name][0]; }`;
      },
      () => `function* (${text}) { yield ${value(within)}; ${body(within, 1)} yield ${value(within)}; }`,
      () =>
        `class { x = ${value(scope)}; #y = ${value(scope)}; get = () => [this.x, this.#y]; static s = ${value(scope)}; m(${text}) { ${body(within, 1)} return ${value(within)}; } }`,
    ])();
  };

  const statement = (scope: Scope): string => {
    const isDeep = scope.depth > 3;
    const options: (() => string)[] = [
      () => `${change(scope)};`,
      () => `log(${value(scope)}, ${value(scope)});`,
      () => {
        const name = fresh('v');
        const kind = pick(['let', 'var', 'let']);
        const text = `${kind} ${name}${random(5) === 0 ? '' : ` = ${value(scope)}`};`;
        scope.variables.push(name);
        return text;
      },
      () => {
        const [a, b] = [fresh('v'), fresh('v')];
        const text = `let { ${a}, b: ${b} = ${value(scope)} } = { ${a}: ${value(scope)} };`;
        scope.variables.push(a, b);
        return text;
      },
      () => {
        const [a, b] = [fresh('v'), fresh('v')];
        const text = `var ${a} = ${value(scope)}, [${b}] = [${value(scope)}];`;
        scope.variables.push(a, b);
        return text;
      },
    ];
    if (!isDeep) {
      options.push(
        () => {
          const name = fresh('f');
          const { text, scope: within } = parameters(scope);
          scope.functions.push(name);
          return `function ${name}(${text}) { ${body(within)} return ${value(within)}; } log(${name}.name, ${name}.length);`;
        },
        () => {
          const name = fresh('c');
          const kind = pick(['const', 'let', 'var']);
          return `${kind} ${name} = ${closure(scope)}; save(${name}); log(${name}.name, ${name}.length, Reflect.ownKeys(${name}).join());`;
        },
        () => `save(${closure(scope)});`,
        () => {
          const i = fresh('i');
          const within = inner(scope);
          within.variables.push(i);
          const head = pick([
            `let ${i} = 0; ${i} < 2; ${i}++`,
            `let ${i} = 0, e${i} = 2; ${i} < e${i}; ${i} += 1`,
            `var ${i} = 0; ${i} < 2; ${i}++`,
          ]);
          return `{ let limit = 0; for (${head}) { if (limit++ > 4) break; save(() => ${i}++); save(() => ${i}); ${body(within, 2)} } }`;
        },
        () => {
          const x = fresh('x');
          const within = inner(scope);
          within.variables.push(x);
          const kind = pick(['let', 'var']);
          return `for (${kind} ${pick([x, `[${x}]`])} of [[1, 2], 'ab']) { save(() => ${x} = ${x} + 'z'); ${body(within, 2)} }`;
        },
        () => `if (${value(scope)}) { ${body(inner(scope))} } else { ${body(inner(scope))} }`,
        () => {
          const e = fresh('e');
          const within = inner(scope);
          return `try { ${body(inner(scope), 2)} throw ${value(scope)}; } catch (${e}) { log(String(${e})); ${body(within, 1)} } finally { log('finally'); }`;
        },
        () => {
          const name = fresh('t');
          // Before its initialisation, and behind it.
          return `try { (() => ${name}++)(); log('no'); } catch (error) { log(error.name); } let ${name} = ${value(scope)}; save(() => ${name} = ${name} + 1);`;
        },
        () => {
          const within = inner(scope);
          return `switch (${value(scope)}) { case 1: ${body(within, 1)} break; default: let s${names} = ${value(scope)}; save(() => s${names++}++); }`;
        },
        () => {
          const within = inner(scope);
          const { text, scope: params } = parameters(scope);
          return `save({ m(${text}) { ${body(params, 1)} return ${value(params)}; }, get g() { ${body(within, 1)} return ${value(scope)}; }, a: ${closure(scope)}${pick(['', `, ['k' + 1]: () => ${value(scope)}`])} });`;
        },
      );
    }
    if (scope.functions.length > 0) options.push(() => `log(call(${pick(scope.functions)}));`);
    return pick(options)();
  };

  const top: Scope = { variables: [], functions: [], depth: 0 };
  return `${body(top, 6 + random(8))}\nfinish();\n`;
}

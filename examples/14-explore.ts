// Explore: a test that runs two threads under many schedules, until one goes wrong, and tells that one step by step.
import { Lock, shared } from 'heddle';
import { ExplorationError, explore } from 'heddle/test';

const setup = () => shared({ balance: 100, lock: new Lock({ name: 'account' }) });
type Account = ReturnType<typeof setup>;

const check = (account: Account): void => {
  if (account.balance !== 0) throw new Error(`the balance is ${account.balance}`);
};

// The balance is read, and written a moment later: two threads can read the same.
const careless = (account: Account): void => {
  account.balance -= 50;
};

const careful = (account: Account): void => {
  account.lock.with(() => {
    account.balance -= 50;
  });
};

try {
  await explore({ setup, threads: [careless, careless], check });
} catch (error) {
  if (!(error instanceof ExplorationError)) throw error;
  console.log(error.message);
}

const { schedules, complete } = await explore(
  { setup, threads: [careful, careful], check },
  { strategy: 'exhaustive', preemptions: 1 },
);
console.log(`with the lock: ${schedules} schedules${complete ? ', which are all' : ''}, and nothing is wrong`);

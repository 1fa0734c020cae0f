// The first module of every worker that runs no code of the program: loads what it is for.

import './boot.js';
import { workerBoot } from './platform/worker.js';

const { role } = workerBoot();

if (role === 'supervisor') void import('./runtime/supervise.js');
else if (role === 'collector') void import('./runtime/collector.js');
else if (role === 'sigint') void import('./runtime/sigint-worker.js');
else void import('./runtime/quit.js');

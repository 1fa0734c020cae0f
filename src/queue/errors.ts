// The errors of queues: no item, no room, and the end of the queue. Plain classes, as in Python.

/** There is no item, and there was none until the time was up. */
export class Empty extends Error {
  static {
    Empty.prototype.name = 'Empty';
  }
}

/** There is no room for an item, and there was none until the time was up. */
export class Full extends Error {
  static {
    Full.prototype.name = 'Full';
  }
}

/** The queue was shut down: nothing can be put any more, and there is nothing left to get. */
export class ShutDown extends Error {
  static {
    ShutDown.prototype.name = 'ShutDown';
  }
}

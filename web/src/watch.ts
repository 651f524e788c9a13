import type { Recorder } from "./exchanges.ts";

/** Passes results on and records them. `return` ends it at once, not only at the next result. */
export function watch<T>(source: AsyncIterable<T>, recorder: Recorder, cancel: () => void): AsyncIterableIterator<T> {
  const inner = source[Symbol.asyncIterator]();
  const over: IteratorResult<T> = { value: undefined, done: true };
  let isStopped = false;
  let stop = (): void => undefined;
  const stopped = new Promise<IteratorResult<T>>((resolve) => {
    stop = () => resolve(over);
  });
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      try {
        const step = await Promise.race([inner.next(), stopped]);
        if (isStopped) return over;
        if (step.done) recorder.end();
        else recorder.receive(step.value);
        return step;
      } catch (error) {
        if (isStopped) return over;
        recorder.fail(error);
        throw error;
      }
    },
    async return() {
      isStopped = true;
      stop();
      cancel();
      recorder.stop();
      inner.return?.().catch(() => undefined); // cancelling may itself end it with an error
      return over;
    },
  };
}

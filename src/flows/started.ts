/**
 * The same stream, with its first item asked for at once, so that its work goes on while the caller prepares. Closing
 * `resources` ends it, whether or not it was read.
 */
export function started<T>(source: AsyncIterable<T>, resources: AsyncDisposableStack): AsyncIterable<T> {
  const iterator = source[Symbol.asyncIterator]();
  let first: Promise<IteratorResult<T>> | null = iterator.next();
  // The error is raised when the item is read; until then it must not count as unhandled.
  first.catch(() => undefined);
  resources.defer(async () => void (await iterator.return?.()));
  return {
    [Symbol.asyncIterator]: () => ({
      next() {
        const item = first ?? iterator.next();
        first = null;
        return item;
      },
      return: async (value?: unknown) => (await iterator.return?.(value)) ?? { done: true, value: undefined },
    }),
  };
}

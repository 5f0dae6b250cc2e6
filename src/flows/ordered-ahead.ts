/**
 * Maps a stream with up to `depth` items under way at once, and yields results in the order of the input. Memory is
 * bounded by `depth` items; a failure ends the stream after the items before it.
 */
export async function* orderedAhead<T, R>(
  source: AsyncIterable<T>,
  depth: number,
  map: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const underWay: Promise<R>[] = [];
  try {
    for await (const item of source) {
      const result = map(item);
      // The error is raised when its turn comes; until then it must not count as unhandled.
      result.catch(() => undefined);
      underWay.push(result);
      if (underWay.length >= depth) yield await (underWay.shift() as Promise<R>);
    }
    while (underWay.length) yield await (underWay.shift() as Promise<R>);
  } finally {
    await Promise.allSettled(underWay);
  }
}

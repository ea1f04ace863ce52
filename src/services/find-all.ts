import type { PyworkflowError } from "../core/errors.js";

const namedMax = 10;

/** What each word means, as `find` tells; where words mean nothing, one error of the kind that `find` throws, which names them all. */
export async function findAll<T>(words: readonly string[], find: (word: string) => Promise<T>, NotFound: new (query: string) => PyworkflowError): Promise<readonly T[]> {
  const found: T[] = [];
  const unknown = new Map<string, PyworkflowError>();
  for (const word of words) {
    try {
      found.push(await find(word));
    } catch (error) {
      if (!(error instanceof NotFound)) throw error;
      unknown.set(word, error);
    }
  }
  const [first] = unknown.values();
  if (first === undefined) return found;
  throw unknown.size === 1 ? first : new NotFound(listOf([...unknown.keys()]));
}

function listOf(words: readonly string[]): string {
  const named = words.length > namedMax ? [...words.slice(0, namedMax), `${words.length - namedMax} more`] : words;
  return named.join(", nor ");
}

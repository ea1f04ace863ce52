import { outputFormats, type OutputFormat } from "./output.js";

const valued = new Set(["--module", "--runtime", "--storage", "--storage-path", "--config", "--output", "-o"]);
const bare = new Set(["--verbose", "-v", "--quiet", "--no-color"]);

/**
 * Moves the global flags that stand before the command behind it, where the parser of the command reads them:
 * `--output json runs list` becomes `runs list --output json`. What follows `--` is left alone.
 */
export function globalFlagsLast(argv: readonly string[]): string[] {
  const leading = leadingFlags(argv);
  const rest = argv.slice(leading.length);
  if (rest.length === 0) return leading.length === 0 ? [] : ["--help"];
  const end = rest.includes("--") ? rest.indexOf("--") : rest.length;
  return [...rest.slice(0, end), ...leading, ...rest.slice(end)];
}

function leadingFlags(argv: readonly string[]): readonly string[] {
  let count = 0;
  while (count < argv.length) {
    const word = argv[count] ?? "";
    const length = flagLength(word);
    if (length === 0) break;
    count += length;
  }
  return argv.slice(0, Math.min(count, argv.length));
}

/** How many words the global flag takes; 0 where the word is none. */
function flagLength(word: string): 0 | 1 | 2 {
  if (valued.has(word)) return 2;
  const [name = ""] = word.split("=", 1);
  return bare.has(word) || (word !== name && valued.has(name)) || /^-o./.test(word) ? 1 : 0;
}

/**
 * The output that was asked for, read without a parser: an error of the parser itself must be printed in it. `table` where it
 * can't be told.
 */
export function askedOutput(argv: readonly string[], env: NodeJS.ProcessEnv): OutputFormat {
  let asked = env["PYWORKFLOW_OUTPUT"];
  for (const [index, word] of words(argv).entries()) {
    if (word === "-o" || word === "--output") asked = argv[index + 1];
    else asked = /^(?:--output=|-o=?)(.+)$/.exec(word)?.[1] ?? asked;
  }
  return outputFormats.find((format) => format === asked) ?? "table";
}

export function askedVerbose(argv: readonly string[], env: NodeJS.ProcessEnv): boolean {
  return words(argv).some((word) => word === "-v" || word === "--verbose") || env["PYWORKFLOW_LOG"] === "debug";
}

function words(argv: readonly string[]): readonly string[] {
  return argv.includes("--") ? argv.slice(0, argv.indexOf("--")) : argv;
}

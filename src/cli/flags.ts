import { boolean, custom, string } from "@oclif/core/flags";
import { systemClock } from "../base/clock.js";
import { parseBytes } from "../base/bytes.js";
import { parseDurationMs, writeDuration } from "../base/duration.js";
import { outputFormats, type OutputFormat } from "./output.js";
import { parseMoment } from "./times.js";
import { UsageError } from "./usage-error.js";

// What these parsers refuse is told with the flag's name before it: see usage.ts.

/** A flag with a closed list of values: spread it into `custom<T>({ ... })()`. What is none of them is refused in usage.ts. */
export function oneOf(choices: readonly string[]) {
  return { options: [...choices], helpValue: choices.join("|") };
}

/** `1h` (ago) or a time, in milliseconds since the epoch. */
export const moment = custom<number>({
  helpValue: "TIME",
  parse: async (input) => parseMoment(input, systemClock.now()),
});

// Longer than any time that a Date can hold lies back.
const longestMs = 14_000_000 * 7 * 86_400_000;

/** `30s`, `1h30m`, or a number of seconds; in milliseconds. */
export const duration = custom<number>({
  helpValue: "DURATION",
  parse: async (input) => {
    const ms = parseDurationMs(/^\d+(?:\.\d+)?$/.test(refuseEmpty(input)) ? Number(input) : input);
    if (ms === undefined ? isCountless(input) : ms > longestMs) throw new UsageError(`${input} is too long`, `give ${writeDuration(longestMs)} or less`);
    if (ms === undefined) throw new UsageError(`${input} is no duration`, "write 30s, 5m, 1h30m, or a number of seconds");
    return ms;
  },
});

// With fewer digits it is a duration.
function isCountless(input: string): boolean {
  return parseDurationMs(input.replaceAll(/\d+/g, "1")) !== undefined || /^\d+(?:\.\d+)?$/.test(input);
}

const sizeLeast = "32M";

/** `512M`, `1.5G`; in bytes. A process of Node takes more than the least. */
export const memorySize = custom<number>({
  helpValue: "SIZE",
  parse: async (input) => {
    const bytes = parseBytes(refuseEmpty(input));
    if (bytes === undefined) throw new UsageError(`${input} is no size`, "write 512M, 1.5G");
    if (bytes < (parseBytes(sizeLeast) ?? 0)) throw new UsageError(`${input} is less than ${sizeLeast}`, /^\d+$/.test(input) ? `did you mean ${input}M?` : "give more");
    return bytes;
  },
});

/** A text that a script must not leave empty by accident: `--idempotency-key "$KEY"`. */
export const filled = custom({ parse: async (input) => refuseEmpty(input) });

export function refuseEmpty(input: string): string {
  if (input.trim() === "") throw new UsageError("it is empty", "give it a value, or leave the flag out");
  return input;
}

export const utc = boolean({ description: "print times in UTC" });

const helpGroup = "GLOBAL";

/** Understood by every command, behind it or before its topic. Where they come from the environment, `loadConfig` reads that. */
export const globalFlags = {
  module: string({ helpGroup, multiple: true, multipleNonGreedy: true, helpValue: "PATH", description: "workflow module: file, folder, glob or package; repeatable [PYWORKFLOW_MODULE]" }),
  runtime: custom<"local">({ helpGroup, ...oneOf(["local"]), description: "where runs execute [PYWORKFLOW_RUNTIME]" })(),
  storage: custom<"sqlite" | "memory">({ helpGroup, ...oneOf(["sqlite", "memory"]), description: "the store's backend [PYWORKFLOW_STORAGE_BACKEND]" })(),
  "storage-path": string({ helpGroup, helpValue: "PATH", description: "the store's file [PYWORKFLOW_STORAGE_PATH]" }),
  config: string({ helpGroup, helpValue: "FILE", description: "configuration file [PYWORKFLOW_CONFIG]; else the nearest pyworkflow.config.yaml upward" }),
  output: custom<OutputFormat>({ helpGroup, char: "o", env: "PYWORKFLOW_OUTPUT", ...oneOf(outputFormats), description: "form of the output, table unless told" })(),
  verbose: boolean({ helpGroup, char: "v", exclusive: ["quiet"], description: "say more on stderr, with stack traces [PYWORKFLOW_LOG=debug]" }),
  quiet: boolean({ helpGroup, description: "no hints or progress on stderr [PYWORKFLOW_LOG=error]" }),
  "no-color": boolean({ helpGroup, description: "no colours [NO_COLOR, FORCE_COLOR]" }),
};

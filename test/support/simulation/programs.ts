import * as fc from "fast-check";

export type StepName = "a" | "b" | "c" | "cleanup";
export type Delay = "0ms" | "2s" | "1m";

export interface StepPart {
  readonly kind: "step";
  readonly name: StepName;
  readonly maxRetries: number;
  readonly retryDelay: Delay;
  /** Whether the arguments hold what was computed last anywhere, which depends on the order of things. */
  readonly flow: boolean;
  /** Whether the caller changes the arguments after the call. */
  readonly mutate: boolean;
}

/** A random workflow as data; `bodyOf` (body.ts) makes it a function. */
export type Program =
  | StepPart
  | { readonly kind: "sleep"; readonly duration: string }
  | { readonly kind: "ticks"; readonly count: number }
  | { readonly kind: "now" }
  | { readonly kind: "sequence" | "all" | "race" | "any" | "settled"; readonly parts: readonly Program[] }
  /** `width` branches at once, each of which does the part `turns` times. */
  | { readonly kind: "branches"; readonly width: number; readonly turns: number; readonly part: Program }
  | { readonly kind: "unawaited"; readonly part: Program }
  | { readonly kind: "if"; readonly test: StepPart; readonly yes: Program; readonly no: Program }
  | { readonly kind: "try"; readonly part: Program; readonly handler: Program | undefined };

const operationsMax = 16;

const step: fc.Arbitrary<StepPart> = fc.record({
  kind: fc.constant("step"),
  name: fc.constantFrom("a", "b", "c"),
  maxRetries: fc.nat(2),
  retryDelay: fc.constantFrom("2s", "0ms", "1m"),
  flow: fc.boolean(),
  mutate: fc.boolean(),
});

const sleep = fc.record({ kind: fc.constant("sleep" as const), duration: fc.constantFrom("1ms", "20ms", "4s", "1h") });

const { program } = fc.letrec<{ program: Program }>((tie) => {
  const part = tie("program");
  const parts = fc.array(part, { minLength: 2, maxLength: 3 });
  const leaf = fc.oneof(
    { weight: 6, arbitrary: step },
    { weight: 2, arbitrary: sleep },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("ticks" as const), count: fc.nat(5) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("now" as const) }) },
  );
  const combined = fc.record({ kind: fc.constantFrom("sequence" as const, "all" as const, "settled" as const), parts });
  const decided = fc.record({ kind: fc.constantFrom("race" as const, "any" as const), parts });
  const timeout = fc.record({ kind: fc.constant("race" as const), parts: fc.tuple(part, sleep) });
  const branches = fc.record({ kind: fc.constant("branches" as const), width: fc.integer({ min: 2, max: 3 }), turns: fc.integer({ min: 1, max: 2 }), part });
  return {
    program: fc.oneof(
      { maxDepth: 3, depthSize: "small" },
      { weight: 3, arbitrary: leaf },
      { weight: 4, arbitrary: combined },
      { weight: 2, arbitrary: decided },
      { weight: 1, arbitrary: timeout },
      { weight: 2, arbitrary: branches },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("unawaited" as const), part }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("if" as const), test: step, yes: part, no: part }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant("try" as const), part, handler: fc.option(part, { nil: undefined }) }) },
    ),
  };
});

/** Workflows of at most 16 operations, of which at least two are made. */
export const programs: fc.Arbitrary<Program> = fc
  .array(program, { minLength: 1, maxLength: 4 })
  .map((parts): Program => ({ kind: "sequence", parts }))
  .filter((whole) => operationsOf(whole) >= 2 && operationsOf(whole) <= operationsMax);

/** Whether the result of the program is the same in whatever order things happen. */
export function isOrderFree(whole: Program): boolean {
  if (whole.kind === "race" || whole.kind === "any") return false;
  return !(whole.kind === "step" && whole.flow) && partsOf(whole).every(isOrderFree);
}

function operationsOf(whole: Program): number {
  const own = whole.kind === "step" || whole.kind === "sleep" || whole.kind === "try" ? 1 : 0;
  const sum = partsOf(whole).reduce((total, part) => total + operationsOf(part), own);
  return whole.kind === "branches" ? sum * whole.width * whole.turns : sum;
}

function partsOf(whole: Program): readonly Program[] {
  switch (whole.kind) {
    case "step":
    case "sleep":
    case "ticks":
    case "now":
      return [];
    case "branches":
    case "unawaited":
      return [whole.part];
    case "if":
      return [whole.test, whole.yes, whole.no];
    case "try":
      return whole.handler === undefined ? [whole.part] : [whole.part, whole.handler];
    default:
      return whole.parts;
  }
}

import * as fc from "fast-check";
import type { ParentClose } from "../../../src/core/events/child.js";

export type StepName = "a" | "b" | "c" | "cleanup";
export type Delay = "0ms" | "2s" | "1m";

export interface StepPart {
  readonly kind: "step";
  readonly name: StepName;
  readonly maxRetries: number;
  readonly retryDelay: Delay;
  readonly timeout: "1s" | undefined;
  /** Whether the arguments hold what was computed last anywhere, which depends on the order of things. */
  readonly flow: boolean;
  /** Whether the caller changes the arguments after the call. */
  readonly mutate: boolean;
}

export interface HookPart {
  readonly kind: "hook";
  readonly name: "approval" | "signal";
  readonly timeout: "5ms" | "4s" | "1h" | undefined;
  /** Whether somebody is told of its token. */
  readonly tells: boolean;
}

/** `run`: run it and wait. The others start it beside, and then: wait for it; wait for it within a shield; leave it; ask it to end, and wait; ask how it is. */
export type ChildUse = "run" | "wait" | "shielded" | "leave" | "cancel" | "status";

export interface ChildPart {
  readonly kind: "child";
  readonly use: ChildUse;
  readonly parentClose: ParentClose;
  readonly plan: Plan;
}

/** A random workflow as data; `bodyOf` (body.ts) makes it a function. */
export type Program =
  | StepPart
  | HookPart
  | ChildPart
  | { readonly kind: "sleep"; readonly duration: string }
  | { readonly kind: "ticks"; readonly count: number }
  | { readonly kind: "now" }
  /** Continues as new, up to this generation. */
  | { readonly kind: "continue"; readonly until: number }
  | { readonly kind: "sequence" | "all" | "race" | "any" | "settled"; readonly parts: readonly Program[] }
  /** `width` branches at once, each of which does the part `turns` times. */
  | { readonly kind: "branches"; readonly width: number; readonly turns: number; readonly part: Program }
  | { readonly kind: "unawaited" | "shield"; readonly part: Program }
  | { readonly kind: "patched"; readonly id: string; readonly part: Program }
  | { readonly kind: "if"; readonly test: StepPart; readonly yes: Program; readonly no: Program }
  | { readonly kind: "try"; readonly part: Program; readonly handler: Program | undefined };

/** What a run executes. */
export interface Plan {
  readonly program: Program;
  readonly maxDuration: "2m" | undefined;
}

const operationsMax = 8;
const runsMax = 5;

const stepWith = (orderFree: boolean): fc.Arbitrary<StepPart> =>
  fc.record({
    kind: fc.constant("step"),
    name: fc.constantFrom("a", "b", "c"),
    maxRetries: fc.nat(2),
    retryDelay: fc.constantFrom("2s", "0ms", "1m"),
    timeout: orderFree ? fc.constant(undefined) : fc.constantFrom(undefined, undefined, undefined, "1s"),
    flow: orderFree ? fc.constant(false) : fc.boolean(),
    mutate: fc.boolean(),
  });

const sleep = fc.record({ kind: fc.constant("sleep" as const), duration: fc.constantFrom("1ms", "20ms", "4s", "1h") });

const hookWith = (orderFree: boolean): fc.Arbitrary<HookPart> =>
  fc.record({
    kind: fc.constant("hook"),
    name: fc.constantFrom("approval", "signal"),
    timeout: orderFree ? fc.constant(undefined) : fc.constantFrom(undefined, undefined, "5ms", "4s", "1h"),
    tells: orderFree ? fc.constant(false) : fc.boolean(),
  });

const planOf = (program: fc.Arbitrary<Program>, orderFree: boolean): fc.Arbitrary<Plan> =>
  fc.record({ program, maxDuration: orderFree ? fc.constant(undefined) : fc.constantFrom(undefined, undefined, undefined, undefined, undefined, "2m") });

const childWith = (program: fc.Arbitrary<Program>, orderFree: boolean): fc.Arbitrary<ChildPart> =>
  fc.record({
    kind: fc.constant("child"),
    use: fc.constantFrom<ChildUse>("run", "run", "run", "wait", "wait", "shielded", "leave", "leave", ...(orderFree ? [] : (["cancel", "status"] as const))),
    parentClose: fc.constantFrom<ParentClose>("terminate", "cancel", "abandon"),
    plan: planOf(program, orderFree),
  });

/** The parts whose result depends on the order of things. */
function ordered(part: fc.Arbitrary<Program>): fc.Arbitrary<Program> {
  const parts = fc.array(part, { minLength: 2, maxLength: 3 });
  return fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom("race" as const, "any" as const), parts }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("race" as const), parts: fc.tuple(fc.oneof(part, hookWith(false)), sleep) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("patched" as const), id: fc.constantFrom("p", "q"), part }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("continue" as const), until: fc.integer({ min: 1, max: 2 }) }) },
  );
}

function programWith(orderFree: boolean): fc.Arbitrary<Program> {
  const step = stepWith(orderFree);
  const leaf = fc.oneof(
    { weight: 6, arbitrary: step },
    { weight: 2, arbitrary: sleep },
    { weight: 3, arbitrary: hookWith(orderFree) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("ticks" as const), count: fc.nat(5) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("now" as const) }) },
  );
  const { program } = fc.letrec<{ program: Program }>((tie) => {
    const part = tie("program");
    const parts = fc.array(part, { minLength: 2, maxLength: 3 });
    const branches = fc.record({ kind: fc.constant("branches" as const), width: fc.integer({ min: 2, max: 3 }), turns: fc.integer({ min: 1, max: 2 }), part });
    return {
      program: fc.oneof(
        { maxDepth: 3, depthSize: "small" },
        { weight: 3, arbitrary: leaf },
        { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom("sequence" as const, "all" as const, "settled" as const), parts }) },
        ...(orderFree ? [] : [{ weight: 4, arbitrary: ordered(part) }]),
        { weight: 2, arbitrary: branches },
        { weight: 3, arbitrary: childWith(part, orderFree) },
        { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("unawaited" as const, "shield" as const), part }) },
        { weight: 1, arbitrary: fc.record({ kind: fc.constant("if" as const), test: step, yes: part, no: part }) },
        { weight: 2, arbitrary: fc.record({ kind: fc.constant("try" as const), part, handler: fc.option(part, { nil: undefined }) }) },
      ),
    };
  });
  return program;
}

function plansWith(orderFree: boolean): fc.Arbitrary<Plan> {
  const parts = fc.array(programWith(orderFree), { minLength: 1, maxLength: 4 });
  return planOf(parts.map((whole): Program => ({ kind: "sequence", parts: whole })), orderFree);
}

/** Workflows of at most 12 operations and 5 runs, of which at least two operations are made. Of one in four the result must not depend on the order of things. */
export const plans: fc.Arbitrary<Plan> = fc
  .oneof({ weight: 3, arbitrary: plansWith(false) }, { weight: 1, arbitrary: plansWith(true) })
  .filter(({ program }) => operationsOf(program) >= 2 && operationsOf(program) <= operationsMax && runsOf(program) < runsMax);

/** Whether the result of the plan is the same in whatever order things happen, and however long they take. */
export function isOrderFree({ program: whole, maxDuration: limit }: Plan): boolean {
  return limit === undefined && isFree(whole);
}

function isFree(whole: Program): boolean {
  return isFreeItself(whole) && partsOf(whole).every(isFree);
}

function isFreeItself(whole: Program): boolean {
  switch (whole.kind) {
    case "race":
    case "any":
    case "continue":
    case "patched":
      return false;
    case "step":
      return !whole.flow && whole.timeout === undefined;
    case "hook":
      return whole.timeout === undefined && !whole.tells;
    case "child":
      return whole.plan.maxDuration === undefined && whole.use !== "cancel" && whole.use !== "status";
    default:
      return true;
  }
}

function operationsOf(whole: Program): number {
  const own = operationKinds.has(whole.kind) ? 1 : 0;
  return timesOf(whole) * partsOf(whole).reduce((total, part) => total + operationsOf(part), own);
}

const operationKinds: ReadonlySet<Program["kind"]> = new Set(["step", "sleep", "hook", "child", "try"]);

function runsOf(whole: Program): number {
  const own = whole.kind === "child" || whole.kind === "continue" ? 1 : 0;
  return timesOf(whole) * partsOf(whole).reduce((total, part) => total + runsOf(part), own);
}

function timesOf(whole: Program): number {
  return whole.kind === "branches" ? whole.width * whole.turns : 1;
}

function partsOf(whole: Program): readonly Program[] {
  switch (whole.kind) {
    case "step":
    case "sleep":
    case "hook":
    case "ticks":
    case "now":
    case "continue":
      return [];
    case "child":
      return [whole.plan.program];
    case "branches":
    case "unawaited":
    case "shield":
    case "patched":
      return [whole.part];
    case "if":
      return [whole.test, whole.yes, whole.no];
    case "try":
      return whole.handler === undefined ? [whole.part] : [whole.part, whole.handler];
    default:
      return whole.parts;
  }
}

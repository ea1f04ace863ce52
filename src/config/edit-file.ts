import { basename, extname } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { isMap, isNode, isScalar, parse, parseDocument, type Document, type Node, type Pair, type YAMLMap } from "yaml";
import { isObject } from "../base/json.js";
import { ConfigError } from "../core/errors.js";

/** A value to be said by a configuration file. */
export interface ConfigEdit {
  readonly key: "modules" | "storage.backend" | "storage.path";
  readonly value: string | readonly string[];
}

/**
 * The text of a YAML or JSON configuration with some values changed or added. All else stays as it is, to the blank and the comment. What
 * comes out is read again: where it does not say what was wanted, and nothing else, that is a ConfigError that says what to write by hand.
 */
export function editConfig(file: string, text: string, edits: readonly ConfigEdit[]): string {
  return edits.reduce((edited, edit) => editOne(file, edited, edit), text);
}

function editOne(file: string, text: string, edit: ConfigEdit): string {
  const document = parseDocument(text);
  const spot = spotOf(file, document, edit);
  const wanted = valueWith(document, spot);
  const ways = [() => spliced(text, spot), ...(spot.isJson ? [] : [() => set(document, spot)])];
  const edited = ways.map(attempt).find((candidate) => candidate !== undefined && says(candidate, wanted));
  if (edited !== undefined) return edited;
  throw new ConfigError(`${edit.key} can't be changed here without changing more`, { place: file, hint: `write it by hand: ${byHand(spot)}` });
}

/** Where in a file a value is, or has to go. */
interface Spot {
  /** What is above the file's own keys: `pyworkflow` in a package.json. */
  readonly above: readonly string[];
  readonly block: string | undefined;
  /** The key as it stands there, and as it will. */
  readonly old: string | undefined;
  readonly name: string;
  readonly value: string | readonly string[];
  readonly isJson: boolean;
  readonly root: unknown;
}

function spotOf(file: string, document: Document, { key, value }: ConfigEdit): Spot {
  const above = basename(file) === "package.json" ? ["pyworkflow"] : [];
  const root: unknown = above.length === 0 ? document.contents : document.getIn(above, true);
  const place = { above, root, isJson: extname(file) === ".json" };
  if (key === "modules") return { ...place, block: undefined, ...modulesSpot(file, root, [value].flat()) };
  const [fallback, alias] = key === "storage.path" ? (["path", "base_path"] as const) : (["backend", "type"] as const);
  const block = isMap(root) ? root.get("storage", true) : undefined;
  const old = isMap(block) ? [fallback, alias].find((name) => block.has(name)) : undefined;
  return { ...place, block: "storage", old, name: old ?? fallback, value };
}

// One module is said by `module`, several by `modules`, which may have one as well.
function modulesSpot(file: string, root: unknown, value: readonly string[]): Pick<Spot, "old" | "name" | "value"> {
  const [old, second] = isMap(root) ? ["module", "modules"].filter((name) => root.has(name)) : [];
  if (second !== undefined) throw new ConfigError("it has both module and modules", { place: file, hint: "put all of them into modules" });
  const [one = ""] = value;
  return old !== "modules" && value.length === 1 ? { old, name: "module", value: one } : { old, name: "modules", value };
}

/** What the file has to say afterwards. */
function valueWith(document: Document, { above, block, old, name, value }: Spot): unknown {
  const whole: unknown = JSON.parse(JSON.stringify(document.toJS() ?? {})); // an anchor and its aliases are one object
  let inside = whole;
  for (const key of [...above, ...(block === undefined ? [] : [block])]) {
    if (!isObject(inside)) return undefined;
    inside = inside[key] ??= {};
  }
  if (!isObject(inside)) return undefined;
  if (old !== undefined) delete inside[old];
  inside[name] = value;
  return whole;
}

function says(text: string, wanted: unknown): boolean {
  const document = parseDocument(text);
  return document.errors.length === 0 && isDeepStrictEqual(document.toJS(), wanted);
}

// Of several ways one may not be able to; which is right is seen by what comes out.
function attempt(way: () => string | undefined): string | undefined {
  try {
    return way();
  } catch {
    return undefined;
  }
}

/** By its place in the text. Undefined where the text has another shape than is known here. */
function spliced(text: string, spot: Spot): string | undefined {
  const { root, block } = spot;
  const pair = `${written(spot.name, spot)}: ${written(spot.value, spot)}`;
  if (block === undefined) return inserted(text, root, { spot, pair });
  const blockPair = pairOf(root, block);
  if (blockPair !== undefined && isMap(blockPair.value)) return inserted(text, blockPair.value, { spot, pair });
  if (blockPair === undefined) return inserted(text, root, { spot, pair: `${written(block, spot)}: { ${pair} }` });
  if (spot.isJson || !isNode(blockPair.key)) return undefined;
  const { next } = lineBehind(text, startOf(blockPair.key)); // `storage:` with nothing below it
  return withLine(text, next, `${indentOf(text, blockPair.key)}  ${pair}`);
}

interface Insertion {
  readonly spot: Spot;
  /** `key: value` */
  readonly pair: string;
}

function inserted(text: string, map: unknown, { spot, pair }: Insertion): string | undefined {
  if (!isMap(map)) return map === null ? withLine(text, text.length, pair) : undefined;
  const present = spot.old === undefined ? undefined : pairOf(map, spot.old);
  if (present !== undefined) return replaced(text, present, spot);
  const last = map.items.at(-1);
  return map.flow === true ? intoFlow(text, map, pair) : behind(text, last, pair);
}

function replaced(text: string, { key, value }: Pair, spot: Spot): string | undefined {
  if (!isNode(key) || !isNode(value)) return undefined;
  const [[keyStart, keyEnd], [start, end]] = [rangeOf(key), rangeOf(value)];
  const blank = start === end ? " " : "";
  const isSame = isScalar(key) && key.value === spot.name;
  const keyText = isSame ? text.slice(keyStart, keyEnd) : written(spot.name, spot);
  return text.slice(0, keyStart) + keyText + text.slice(keyEnd, start) + blank + written(spot.value, spot) + text.slice(end);
}

// `{ a: 1 }`, and all of JSON.
function intoFlow(text: string, map: YAMLMap, pair: string): string | undefined {
  const [first, last] = [map.items[0], map.items.at(-1)];
  const [start, end] = rangeOf(map);
  if (first === undefined || last === undefined) return `${text.slice(0, start)}{ ${pair} }${text.slice(end)}`;
  if (!isNode(first.key) || !isNode(last.value)) return undefined;
  const [, at] = rangeOf(last.value);
  const isTall = text.slice(start, startOf(first.key)).includes("\n");
  return `${text.slice(0, at)},${isTall ? eolOf(text) + indentOf(text, first.key) : " "}${pair}${text.slice(at)}`;
}

function behind(text: string, last: Pair | undefined, pair: string): string | undefined {
  if (last === undefined || !isNode(last.key)) return undefined;
  const end = isNode(last.value) ? rangeOf(last.value)[1] : rangeOf(last.key)[1];
  const at = text[end - 1] === "\n" ? end : lineBehind(text, end).next;
  return withLine(text, at, indentOf(text, last.key) + pair);
}

function withLine(text: string, at: number, line: string): string {
  const eol = eolOf(text);
  const before = text.slice(0, at);
  return `${before}${before === "" || before.endsWith("\n") ? "" : eol}${line}${eol}${text.slice(at)}`;
}

function lineBehind(text: string, from: number): { readonly next: number } {
  const end = text.indexOf("\n", from);
  return { next: end === -1 ? text.length : end + 1 };
}

function indentOf(text: string, key: Node): string {
  const start = startOf(key);
  return " ".repeat(start - (text.lastIndexOf("\n", start - 1) + 1));
}

function eolOf(text: string): string {
  return text.includes("\r\n") ? "\r\n" : "\n";
}

function startOf(node: Node): number {
  return rangeOf(node)[0];
}

function rangeOf({ range }: Node): readonly [number, number] {
  return range ? [range[0], range[1]] : [0, 0];
}

function pairOf(map: unknown, name: string): Pair | undefined {
  return isMap(map) ? map.items.find(({ key }) => isScalar(key) && key.value === name) : undefined;
}

/** By the parser's own hand: it keeps comments and order, but not every blank. */
function set(document: Document, { above, block, old, name, value }: Spot): string {
  const path = [...above, ...(block === undefined ? [] : [block])];
  if (old !== undefined && old !== name) document.deleteIn([...path, old]);
  document.setIn([...path, name], value);
  return document.toString({ lineWidth: 0 });
}

function written(value: string | readonly string[], { isJson }: Pick<Spot, "isJson">): string {
  if (typeof value !== "string") return `[${value.map((item) => written(item, { isJson })).join(", ")}]`;
  const isPlain = !isJson && /^[\w./][\w@./+-]*$/.test(value) && parse(value) === value;
  return isPlain ? value : JSON.stringify(value);
}

function byHand(spot: Spot): string {
  const pair = `${written(spot.name, spot)}: ${written(spot.value, spot)}`;
  return spot.block === undefined ? pair : `${written(spot.block, spot)}: { ${pair} }`;
}

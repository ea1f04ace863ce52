import type { Encoded } from "../../base/codec.js";
import type { Connection } from "./connection.js";

const inlineCharsMax = 4096;
const insertPayload = "INSERT INTO payloads (text) VALUES (?)";

/** What a column stores of a text: the text itself, or the id of its payload. */
export type Keep = (text: Encoded | string | null) => string | number | bigint | null;

/** Puts large texts aside, each once: the result of a run is also the value of its last event. */
export function keeper(connection: Connection): Keep {
  let last: { readonly text: string; readonly id: number | bigint } | undefined;
  return (text) => {
    if (text === null || text.length <= inlineCharsMax) return text;
    if (last?.text !== text) last = { text, id: connection.sql(insertPayload).run(text).lastInsertRowid };
    return last.id;
  };
}

/** Whether a column holds the id of a payload. It is a number of either kind: SQLite stores what JavaScript gives as REAL. */
export function isPayload(column: string): string {
  return `typeof(${column}) NOT IN ('text', 'null')`;
}

/** Selects the text that was kept in a column, wherever it is. */
export function kept(column: string): string {
  return `CASE WHEN ${isPayload(column)} THEN (SELECT text FROM payloads WHERE id = ${column}) ELSE ${column} END AS ${column}`;
}
